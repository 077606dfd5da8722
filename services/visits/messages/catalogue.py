"""Why something about the catalogues is refused."""

from __future__ import annotations

from shared.problems import Text

CATALOGUE: dict[str, Text] = {
    "entry-not-standing": Text(
        422,
        "Mục không có trong danh mục vào ngày đó",
        "Danh mục của đơn vị này không có mục “{entry}” vào ngày đã nêu, nên không thể kết thúc.",
        "No such entry on that day",
        "This unit's catalogue has no entry “{entry}” on the given day that could end.",
    ),
    "catalogue-area": Text(
        422,
        "Danh mục chỉ dùng chung toàn quốc hoặc cho một tỉnh",
        "Mục của danh mục phải thuộc toàn quốc hoặc một tỉnh, thành phố trực thuộc trung ương.",
        "Catalogues are of the nation or a province",
        "An entry of a catalogue belongs to the nation or to one province.",
    ),
}

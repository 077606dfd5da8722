"""Why something about places is refused."""

from __future__ import annotations

from shared.problems import Text

PLACES: dict[str, Text] = {
    "unit-not-on-day": Text(
        422,
        "Đơn vị hành chính không tồn tại vào ngày đó",
        "Đơn vị này chưa thành lập hoặc đã giải thể vào ngày {day}.",
        "Unit does not exist on that day",
        "This unit was not yet established or already abolished on {day}.",
    ),
    "place-differs": Text(
        409,
        "Địa điểm đã được ghi nhận khác",
        "Địa điểm này đã được ghi nhận là {kind} ở đơn vị {unit}.",
        "The place is known otherwise",
        "This place is known as {kind} in unit {unit}.",
    ),
    "unknown-place": Text(
        404,
        "Không có địa điểm này",
        "Chưa có địa điểm nào mang mã này.",
        "Unknown place",
        "There is no place with this id.",
    ),
    "place-merged": Text(
        409,
        "Địa điểm đã được gộp",
        "Địa điểm này đã được gộp vào địa điểm {into}.",
        "The place is merged",
        "This place is one with {into}.",
    ),
    "place-not-merged": Text(
        409,
        "Địa điểm chưa được gộp",
        "Địa điểm này chưa được gộp trực tiếp vào địa điểm {kept}.",
        "The place is not merged there",
        "This place has not been merged directly into {kept}.",
    ),
    "place-itself": Text(
        422,
        "Cần hai địa điểm khác nhau",
        "Cả hai mã đều chỉ cùng một địa điểm.",
        "Two different places are needed",
        "Both ids are the same place.",
    ),
    "kinds-differ": Text(
        409,
        "Hai địa điểm khác loại",
        "Địa điểm trùng là {kind}, còn địa điểm được giữ lại là {kept}.",
        "Kinds differ",
        "The duplicate is a {kind}, the place that is kept a {kept}.",
    ),
}

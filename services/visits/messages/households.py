"""Why something about declared numbers of households is refused."""

from __future__ import annotations

from shared.problems import Text

HOUSEHOLDS: dict[str, Text] = {
    "households-declared": Text(
        409,
        "Đã có số liệu khác cho ngày này",
        "Số hộ tính đến ngày {day} đã được ghi là {total}; muốn sửa phải nêu lý do (reason).",
        "Another figure is declared for this day",
        "The number of households as of {day} is declared as {total}; to correct it, give a reason.",
    ),
    "households-not-declared": Text(
        422,
        "Chưa có số liệu cho ngày này",
        "Chưa có số hộ nào được ghi tính đến ngày {day}, nên không có gì để sửa hoặc rút.",
        "Nothing is declared for this day",
        "No number of households is declared as of {day} that could be corrected or withdrawn.",
    ),
    "households-level": Text(
        422,
        "Số hộ được ghi theo thôn",
        "Chỉ ghi số hộ cho thôn, tổ dân phố; hoặc cho xã khi xã chưa có danh sách thôn.",
        "Households are declared for villages",
        "Declare households for a village, or for a commune whose villages are not registered.",
    ),
    "households-of-villages": Text(
        422,
        "Xã đã có danh sách thôn",
        "Xã này đã có danh sách thôn vào ngày đó: hãy ghi số hộ của từng thôn.",
        "The commune's villages are registered",
        "This commune has registered villages on that day: declare the households of each village.",
    ),
    "row-twice": Text(
        422,
        "Dòng bị lặp",
        "Thôn và ngày của dòng này trùng với dòng {first}.",
        "Row given twice",
        "Village and day of this row are those of row {first}.",
    ),
    "row-village-unknown": Text(
        422,
        "Không thấy thôn",
        "Xã này không có thôn mang tên đó vào ngày của số liệu.",
        "No such village",
        "This commune has no village of that name on the day of the figure.",
    ),
    "row-village-ambiguous": Text(
        422,
        "Có nhiều thôn cùng tên",
        "Xã này có nhiều thôn cùng tên; hãy ghi cả loại (thôn, tổ dân phố…) trước tên.",
        "Several villages of that name",
        "This commune has several villages of that name; write the kind in front of the name.",
    ),
}

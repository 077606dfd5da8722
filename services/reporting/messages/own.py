"""Why something about declared figures or notes is refused."""

from __future__ import annotations

from collections.abc import Mapping

from shared.problem_texts import Text

OWN: Mapping[str, Text] = {
    "unknown-indicator-declared": Text(
        422,
        "Không có chỉ tiêu này",
        "Không có chỉ tiêu mang mã này; danh mục ở /v1/indicators.",
        "Unknown indicator",
        "There is no indicator of that code; /v1/indicators lists them.",
    ),
    "figure-exists": Text(
        409,
        "Mã đã được dùng",
        "Mã này đã được dùng cho một số báo cáo khác; muốn sửa hãy dùng /correct.",
        "Figure exists",
        "That id is used for another declared figure; correct it with /correct.",
    ),
    "unknown-figure": Text(
        404,
        "Không có số báo cáo này",
        "Chưa có số báo cáo nào mang mã này.",
        "Unknown figure",
        "Nothing was declared under that id.",
    ),
    "figure-withdrawn": Text(
        409,
        "Số báo cáo đã rút",
        "Số báo cáo này đã được rút lại.",
        "Figure withdrawn",
        "The declared figure was withdrawn.",
    ),
    "figure-in-future": Text(
        422,
        "Ngày ở tương lai",
        "Số báo cáo không thể tính đến một ngày sau hôm nay ({today}).",
        "Day in the future",
        "A figure cannot be as of a day after today ({today}).",
    ),
    "figure-days-reversed": Text(
        422,
        "Thời kỳ không hợp lệ",
        "Ngày đầu (since) không được sau ngày {day}.",
        "Days reversed",
        "The first day (since) cannot be after {day}.",
    ),
    "figure-above-whole": Text(
        422,
        "Số lớn hơn tổng",
        "Giá trị {value} lớn hơn tổng số (of).",
        "More than the whole",
        "The value {value} is more than the whole (of).",
    ),
    "since-of-stock": Text(
        422,
        "Chỉ tiêu tính đến một ngày",
        "Chỉ tiêu {indicator} tính đến một ngày, không tính theo kỳ: bỏ since.",
        "Indicator as of a day",
        "{indicator} is as of a day, not of a period: leave since out.",
    ),
    "ratio-of-two-units": Text(
        422,
        "Hai đơn vị khác nhau",
        "Chỉ chia hai số báo cáo của cùng một đơn vị.",
        "Two units",
        "Only figures of one and the same unit are divided.",
    ),
    "note-exists": Text(
        409,
        "Mã đã được dùng",
        "Mã này đã được dùng cho một bài chia sẻ khác.",
        "Note exists",
        "That id is used for another note.",
    ),
    "unknown-note": Text(
        404,
        "Không có bài chia sẻ này",
        "Chưa có bài chia sẻ nào mang mã này.",
        "Unknown note",
        "There is no note with that id.",
    ),
    "note-in-future": Text(
        422,
        "Ngày ở tương lai",
        "Ngày không được sau hôm nay ({today}).",
        "Day in the future",
        "The day cannot be after today ({today}).",
    ),
    "note-personal": Text(
        422,
        "Có thể là dữ liệu cá nhân",
        "Bài chia sẻ có số điện thoại, số giấy tờ hoặc địa chỉ thư điện tử; hãy bỏ thông tin về cá nhân rồi gửi lại.",
        "Looks like personal data",
        "The note holds a telephone number, the number of a document or a mail address; leave out what is about a"
        " person and send it again.",
    ),
}

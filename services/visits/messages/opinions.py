"""Why something about opinions is refused."""

from __future__ import annotations

from shared.problems import Text

OPINIONS: dict[str, Text] = {
    "opinion-exists": Text(
        409,
        "Ý kiến đã được ghi nhận",
        "Đã có một ý kiến mang mã này.",
        "The opinion is recorded already",
        "There is an opinion with this id already.",
    ),
    "unknown-opinion": Text(
        404,
        "Không có ý kiến này",
        "Chưa có ý kiến nào mang mã này.",
        "Unknown opinion",
        "There is no opinion with this id.",
    ),
    "opinion-over": Text(
        409,
        "Ý kiến đã kết thúc",
        "Ý kiến này đã được đóng hoặc rút lại, không thể chuyển hay trả lời nữa.",
        "The opinion is closed",
        "This opinion was closed or withdrawn: it can no longer be forwarded or answered.",
    ),
    "step-before-last": Text(
        422,
        "Ngày trước bước xử lý gần nhất",
        "Bước xử lý gần nhất của ý kiến này là ngày {last}; ngày mới không thể trước ngày đó.",
        "Before the last step",
        "The last step of this opinion was on {last}; the next cannot be before that.",
    ),
    "day-ahead": Text(
        422,
        "Ngày chưa đến",
        "Hôm nay là ngày {today}; chỉ ghi được những ngày đã qua hoặc hôm nay.",
        "The day is still to come",
        "Today is {today}; only days that have come can be recorded.",
    ),
    "forward-to-nobody": Text(
        422,
        "Chưa nêu nơi nhận",
        "Phải nêu đơn vị hành chính hoặc cơ quan nhận ý kiến.",
        "Forwarded to nobody",
        "Name the unit or the body that the opinion is forwarded to.",
    ),
    "due-before-day": Text(
        422,
        "Hạn trả lời trước ngày chuyển",
        "Hạn trả lời phải từ ngày chuyển trở đi.",
        "Due before it is forwarded",
        "The deadline cannot be before the day of forwarding.",
    ),
}

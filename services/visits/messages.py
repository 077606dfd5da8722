"""Why visits refuses something, in Vietnamese and English; codes that every service shares are in ``shared``."""

from __future__ import annotations

from shared.problems import Text

MESSAGES: dict[str, Text] = {
    "unit-not-on-day": Text(
        422,
        "Đơn vị hành chính không tồn tại vào ngày đó",
        "Đơn vị này chưa thành lập hoặc đã giải thể vào ngày {day}.",
        "Unit does not exist on that day",
        "This unit was not yet established or already abolished on {day}.",
    ),
    "day-implausible": Text(
        422,
        "Ngày không hợp lý",
        "Năm phải từ {first} đến {last}.",
        "Implausible day",
        "The year must be between {first} and {last}.",
    ),
    "learner-twice": Text(
        422,
        "Người học bị lặp lại",
        "Mỗi người chỉ được ghi một lần trong một lượt hướng dẫn.",
        "Learner named twice",
        "Each person may be listed only once in a visit.",
    ),
    "skill-twice": Text(
        422,
        "Kỹ năng bị lặp lại",
        "Mỗi kỹ năng chỉ được ghi một mức cho mỗi người.",
        "Skill named twice",
        "Each skill may have only one level per person.",
    ),
    "place-differs": Text(
        409,
        "Địa điểm đã được ghi nhận khác",
        "Địa điểm này đã được ghi nhận là {kind} ở đơn vị {unit}.",
        "The place is known otherwise",
        "This place is known as {kind} in unit {unit}.",
    ),
    "days-reversed": Text(
        422,
        "Ngày kết thúc trước ngày bắt đầu",
        "Ngày cuối phải từ ngày đầu trở đi.",
        "Ends before it begins",
        "The last day must not be before the first.",
    ),
    "unknown-campaign": Text(
        404,
        "Không có đợt cao điểm này",
        "Chưa có đợt cao điểm nào mang mã này.",
        "Unknown campaign",
        "There is no campaign with this id.",
    ),
    "unstorable": Text(
        422,
        "Không lưu được",
        "Nội dung chứa giá trị mà cơ sở dữ liệu không nhận.",
        "Cannot be stored",
        "The content holds a value that the database does not take.",
    ),
}

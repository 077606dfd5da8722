"""Why something about visits is refused."""

from __future__ import annotations

from shared.problems import Text

VISITS: dict[str, Text] = {
    "visit-elsewhere": Text(
        409,
        "Mã lượt hướng dẫn đã dùng cho địa điểm khác",
        "Mã này đã được ghi nhận cho một địa điểm khác. Nếu đây là một lượt hướng dẫn khác, hãy tạo mã mới.",
        "Visit id used for another place",
        "This id was recorded for another place. If this is another visit, give it a new id.",
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
    "visit-voided": Text(
        409,
        "Lượt hướng dẫn đã bị hủy",
        "Lượt hướng dẫn đã hủy thì không đính chính được nữa; hãy ghi nhận một lượt mới.",
        "The visit is voided",
        "A voided visit cannot be corrected; record a new one.",
    ),
    "unknown-visit": Text(
        404,
        "Không có lượt hướng dẫn này",
        "Chưa có lượt hướng dẫn nào mang mã này.",
        "Unknown visit",
        "There is no visit with this id.",
    ),
    "visit-changed": Text(
        409,
        "Lượt hướng dẫn vừa thay đổi",
        "Người khác vừa thay đổi lượt hướng dẫn này; hãy đọc lại rồi thử lại.",
        "The visit has just changed",
        "Somebody else has just changed this visit; read it again and retry.",
    ),
    "unknown-flag": Text(
        409,
        "Không có nghi vấn này",
        "Không có nghi vấn “{flag}” nào về lượt hướng dẫn hoặc buổi tuyên truyền này.",
        "No such doubt",
        "Nothing here is flagged {flag}.",
    ),
    "forbidden-place": Text(
        403,
        "Địa điểm ngoài phạm vi được giao",
        "Địa điểm này thuộc đơn vị mà tài khoản không phụ trách vào ngày của lượt hướng dẫn.",
        "The place is not yours",
        "This place stands in a unit that the caller does not answer for on the day of the visit.",
    ),
}

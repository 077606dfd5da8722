"""Why something about visits is refused."""

from __future__ import annotations

from shared.problems import Text

VISITS: dict[str, Text] = {
    "line-broken": Text(
        422,
        "Không đọc được dòng này",
        "Mỗi dòng phải là một đối tượng JSON trọn vẹn, dài không quá 1 MB.",
        "Unreadable line",
        "Each line must be one whole JSON object of at most 1 MB.",
    ),
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
}

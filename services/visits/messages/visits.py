"""Why something about visits is refused."""

from __future__ import annotations

from shared.problems import Text

VISITS: dict[str, Text] = {
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

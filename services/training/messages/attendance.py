"""Texts about attendance."""

from __future__ import annotations

from shared.problem_texts import Text

ATTENDANCE: dict[str, Text] = {
    "not-a-session-part": Text(
        422,
        "Lớp không có buổi này",
        "Lớp không có buổi {part} ngày {day}.",
        "Not a part of the session",
        "The session has no part {part} on {day}.",
    ),
    "future-day": Text(
        422,
        "Ngày trong tương lai",
        "Ngày {day} chưa đến (hôm nay là {today}).",
        "Day in the future",
        "The day {day} has not come yet (today is {today}).",
    ),
    "mode-differs": Text(
        422,
        "Hình thức không khớp",
        "Lớp này được tổ chức theo hình thức {mode}.",
        "Mode differs",
        "This session is {mode}.",
    ),
    "attendance-differs": Text(
        409,
        "Đã điểm danh với nội dung khác",
        "Buổi này đã được điểm danh cho người này với đơn vị hoặc hình thức khác.",
        "Recorded differently",
        "This part is already recorded for this person with another unit or mode.",
    ),
}

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
    "not-attended": Text(
        422,
        "Không có điểm danh này",
        "Chưa có điểm danh của {person} cho buổi này.",
        "No such attendance",
        "There is no attendance of {person} at this part.",
    ),
    "attended-already": Text(
        409,
        "Đã có điểm danh buổi đó",
        "Người này đã được điểm danh buổi {part} ngày {day}.",
        "Attended already",
        "This person is already recorded for the part {part} on {day}.",
    ),
    "records-joined": Text(
        409,
        "Hồ sơ đã được gộp",
        "Hồ sơ đào tạo của {person} đã được gộp với một người khác.",
        "Record joined already",
        "The training record of {person} is joined with another one.",
    ),
    "records-joined-too-often": Text(
        409,
        "Gộp hồ sơ quá nhiều lần",
        "Hồ sơ của {person} đã được gộp nối tiếp quá nhiều lần.",
        "Joined too often",
        "The record of {person} was joined into others too many times.",
    ),
    "correction-empty": Text(
        422,
        "Đính chính trống",
        "Phải nêu ít nhất một nội dung đúng: unit_id, day, part hoặc mode.",
        "Nothing to correct",
        "At least one thing that is right: unit_id, day, part or mode.",
    ),
}

"""Texts of the rejections of training, Vietnamese and English, with their HTTP status."""

from __future__ import annotations

from shared.problem_texts import Text

MESSAGES: dict[str, Text] = {
    "course-exists": Text(
        409,
        "Khoá học đã tồn tại",
        "Mã khoá học {course_id} đã được dùng cho một khoá học khác.",
        "Course exists",
        "The course id {course_id} is already used for another course.",
    ),
    "unknown-course": Text(
        422,
        "Không có khoá học này",
        "Chưa có khoá học {course_id}.",
        "Unknown course",
        "There is no course {course_id}.",
    ),
    "session-exists": Text(
        409,
        "Lớp tập huấn đã tồn tại",
        "Mã lớp {session_id} đã được dùng cho một lớp khác.",
        "Session exists",
        "The session id {session_id} is already used for another session.",
    ),
    "unknown-session": Text(
        422,
        "Không có lớp tập huấn này",
        "Chưa có lớp {session_id}.",
        "Unknown session",
        "There is no session {session_id}.",
    ),
    "part-twice": Text(
        422,
        "Buổi học bị lặp",
        "Một buổi của cùng một ngày chỉ được nêu một lần.",
        "Part given twice",
        "A part of a day may be given once only.",
    ),
    "session-not-begun": Text(
        422,
        "Lớp chưa bắt đầu",
        "Lớp bắt đầu vào ngày {day}.",
        "Session has not begun",
        "The session begins on {day}.",
    ),
    "session-cancelled": Text(
        409,
        "Lớp đã huỷ",
        "Lớp {session_id} đã bị huỷ.",
        "Session cancelled",
        "The session {session_id} was cancelled.",
    ),
    "session-attended": Text(
        409,
        "Lớp đã có người học",
        "Lớp {session_id} đã diễn ra hoặc đã có điểm danh nên không thể huỷ.",
        "Session has taken place",
        "The session {session_id} was held or has attendance, so it cannot be cancelled.",
    ),
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

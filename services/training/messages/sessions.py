"""Texts about sessions."""

from __future__ import annotations

from shared.problem_texts import Text

SESSIONS: dict[str, Text] = {
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
}

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
    "session-over": Text(
        409,
        "Lớp đã kết thúc",
        "Lớp {session_id} đã được ghi nhận là đã tổ chức nên không nhận đăng ký nữa.",
        "Session is over",
        "The session {session_id} was held: its enrolment is closed.",
    ),
    "session-needs-mode": Text(
        422,
        "Thiếu hình thức tổ chức",
        "Lớp phải có hình thức tổ chức.",
        "Mode missing",
        "A session needs a mode.",
    ),
    "session-relied-on": Text(
        409,
        "Đã có điểm danh",
        "Lớp {session_id} đã có điểm danh hoặc kết quả nên không thể đổi hình thức hay bỏ buổi học.",
        "Attendance relies on it",
        "Attendance or scores of the session {session_id} rely on its mode and its parts.",
    ),
    "session-not-held": Text(
        409,
        "Lớp chưa được ghi nhận đã tổ chức",
        "Chỉ cấp chứng nhận sau khi lớp {session_id} được ghi nhận là đã tổ chức.",
        "Session not held yet",
        "Certificates are issued once the session {session_id} is recorded as held.",
    ),
    "enrolment-not-open": Text(
        409,
        "Chưa mở đăng ký",
        "Lớp {session_id} chưa mở đăng ký.",
        "Enrolment not open",
        "The session {session_id} is not open for enrolment.",
    ),
    "enrolment-differs": Text(
        409,
        "Đã đăng ký với nội dung khác",
        "Người này đã được đăng ký vào lớp với một đơn vị khác.",
        "Enrolled differently",
        "This person is enrolled in the session with another unit.",
    ),
    "enrolled-waiting": Text(
        422,
        "Đang trong danh sách chờ",
        "Lớp đã hết chỗ; người này được xếp vào danh sách chờ.",
        "On the waiting list",
        "The session has no free seat; this person waits for one.",
    ),
    "enrolled-withdrawn": Text(
        422,
        "Đã rút đăng ký",
        "Người này đã rút đăng ký sau khi danh sách được gửi lần đầu; muốn đăng ký lại, hãy dùng "
        "POST /v1/sessions/{session_id}/enrolments.",
        "Has withdrawn",
        "This person has withdrawn since the list was sent first; to enrol again, use "
        "POST /v1/sessions/{session_id}/enrolments.",
    ),
    "roll-full": Text(
        422,
        "Danh sách quá dài",
        "Danh sách đăng ký của một lớp có tối đa {limit} người.",
        "Roll too long",
        "The roll of a session holds {limit} people at most.",
    ),
    "not-enrolled": Text(
        422,
        "Chưa đăng ký",
        "{person} không có trong danh sách đăng ký hay danh sách chờ của lớp.",
        "Not enrolled",
        "{person} is neither on the roll of the session nor on its waiting list.",
    ),
    "one-kind-of-trainer": Text(
        422,
        "Giảng viên chưa rõ",
        "Mỗi giảng viên nêu đúng một trong hai: person_id hoặc organisation.",
        "Trainer unclear",
        "A trainer is given by exactly one of person_id and organisation.",
    ),
}

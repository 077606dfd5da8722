"""Why something about outreach sessions is refused."""

from __future__ import annotations

from shared.problems import Text

OUTREACH: dict[str, Text] = {
    "session-exists": Text(
        409,
        "Buổi tuyên truyền đã được ghi nhận",
        "Đã có một buổi tuyên truyền mang mã này; muốn sửa hãy dùng lệnh đính chính.",
        "The session is recorded already",
        "There is an outreach session with this id already; to change it, correct it.",
    ),
    "unknown-session": Text(
        404,
        "Không có buổi tuyên truyền này",
        "Chưa có buổi tuyên truyền nào mang mã này.",
        "Unknown session",
        "There is no outreach session with this id.",
    ),
    "session-voided": Text(
        409,
        "Buổi tuyên truyền đã bị huỷ",
        "Buổi tuyên truyền này đã bị huỷ bỏ, không thể đính chính.",
        "The session is voided",
        "This outreach session was voided: it cannot be corrected.",
    ),
    "age-band-twice": Text(
        422,
        "Nhóm tuổi bị lặp lại",
        "Mỗi nhóm tuổi chỉ được đếm một lần trong một buổi.",
        "Age band given twice",
        "Each age band is counted once per session.",
    ),
}

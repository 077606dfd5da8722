"""Sheets and columns of the files that training takes."""

from __future__ import annotations

from collections.abc import Mapping

from services.training.domain.assessment import HIGHEST
from services.training.domain.words import Mode, Part
from services.training.schemas.certificates import MAX_ATTEMPTS
from shared.sheets import Choice, Code, Column, Day, Integer, Number, Sheet, Template, Uid, Word

PARTS = Choice(
    (
        Word(Part.DAY, "Cả ngày", "Whole day", ("ngày",)),
        Word(Part.MORNING, "Sáng", "Morning", ("buổi sáng",)),
        Word(Part.AFTERNOON, "Chiều", "Afternoon", ("buổi chiều",)),
        Word(Part.EVENING, "Tối", "Evening", ("buổi tối",)),
    )
)
MODES = Choice(
    (
        Word(Mode.IN_PERSON, "Trực tiếp", "In person"),
        Word(Mode.ONLINE, "Trực tuyến", "Online", ("online",)),
        Word(Mode.HYBRID, "Kết hợp", "Hybrid", ("trực tiếp và trực tuyến",)),
    )
)
SESSION = Column("session_id", "Mã định danh lớp", "Session id", Uid(known=True), True, width=38, also=("Mã lớp",))
PERSON = Column(
    "person_id",
    "Mã định danh thành viên",
    "Person id",
    Uid(known=True),
    True,
    vi_note="Lấy từ POST /v1/people/match của dịch vụ teams; không gửi họ tên",
    en_note="From POST /v1/people/match of the service teams; no names",
    width=38,
)


def _unit(day_vi: str, day_en: str) -> Column:
    return Column(
        "unit_id",
        "Mã định danh đơn vị",
        "Unit id",
        Code(64),
        vi_note=f"Để trống: nơi thành viên phục vụ vào {day_vi}, nếu không có thì đơn vị của lớp",
        en_note=f"Empty: where the person serves on {day_en}, else the session's unit",
    )


ENROLMENT = Sheet(
    "enrolment",
    "Đăng ký",
    "Enrolment",
    (SESSION, PERSON, _unit("ngày đầu của lớp", "the session's first day")),
    nameless=True,
)
ATTENDANCE = Sheet(
    "attendance",
    "Điểm danh",
    "Attendance",
    (
        SESSION,
        PERSON,
        Column("day", "Ngày học", "Day", Day(), True, also=("Ngày",)),
        Column("part", "Buổi", "Part", PARTS, vi_note="Để trống: cả ngày", en_note="Empty: whole day"),
        Column(
            "mode",
            "Hình thức",
            "Mode",
            MODES,
            vi_note="Chỉ cần với lớp kết hợp",
            en_note="Only needed in hybrid sessions",
        ),
        _unit("ngày đó", "that day"),
    ),
    nameless=True,
)
ASSESSMENT = Sheet(
    "assessment",
    "Điểm kiểm tra",
    "Assessment",
    (
        SESSION,
        PERSON,
        Column("day", "Ngày kiểm tra", "Day", Day(), True, also=("Ngày",)),
        Column("score", "Điểm", "Score", Number(0, HIGHEST, 1), True, also=("Điểm số",)),
        Column(
            "attempt",
            "Lần kiểm tra",
            "Attempt",
            Integer(1, MAX_ATTEMPTS),
            vi_note="Để trống: lần đầu",
            en_note="Empty: the first",
            also=("Lần",),
        ),
        _unit("ngày đó", "that day"),
    ),
    nameless=True,
)
_NOTE = (
    "Gửi lại cùng một dòng không tạo bản ghi mới. Dòng lỗi có thể sửa ngay trong tệp kết quả rồi gửi lại.",
    "The same row sent again stores nothing new. Bad rows can be corrected in the result file and sent again.",
)
TEMPLATES: Mapping[str, Template] = {
    template.name: template
    for template in (
        Template("enrolment", "Đăng ký lớp tập huấn", "Enrolment in training sessions", (ENROLMENT,), *_NOTE),
        Template("attendance", "Điểm danh lớp tập huấn", "Attendance of training sessions", (ATTENDANCE,), *_NOTE),
        Template("assessment", "Điểm kiểm tra lớp tập huấn", "Scores of training sessions", (ASSESSMENT,), *_NOTE),
    )
}

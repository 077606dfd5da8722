"""Sheets and columns of the files that training takes."""

from __future__ import annotations

from collections.abc import Mapping

from services.training.domain.words import Mode, Part
from shared.sheets import Choice, Code, Column, Day, Sheet, Template, Uid, Word

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
ATTENDANCE = Sheet(
    "attendance",
    "Điểm danh",
    "Attendance",
    (
        Column("session_id", "Mã định danh lớp", "Session id", Uid(known=True), True, width=38, also=("Mã lớp",)),
        Column(
            "person_id",
            "Mã định danh thành viên",
            "Person id",
            Uid(known=True),
            True,
            vi_note="Lấy từ POST /v1/people/match của dịch vụ teams; không gửi họ tên",
            en_note="From POST /v1/people/match of the service teams; no names",
            width=38,
        ),
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
        Column(
            "unit_id",
            "Mã định danh đơn vị",
            "Unit id",
            Code(64),
            vi_note="Để trống: nơi thành viên phục vụ vào ngày đó, nếu không có thì đơn vị của lớp",
            en_note="Empty: where the person serves on that day, else the session's unit",
        ),
    ),
    nameless=True,
)
TEMPLATES: Mapping[str, Template] = {
    "attendance": Template(
        "attendance",
        "Điểm danh lớp tập huấn",
        "Attendance of training sessions",
        (ATTENDANCE,),
        "Gửi lại cùng một dòng không tạo bản ghi mới. Dòng lỗi có thể sửa ngay trong tệp kết quả rồi gửi lại.",
        "The same row sent again stores nothing new. Bad rows can be corrected in the result file and sent again.",
    ),
}

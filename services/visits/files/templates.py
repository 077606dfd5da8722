"""What ``POST /v1/imports`` of visits takes."""

from __future__ import annotations

from collections.abc import Mapping

from services.visits.domain.households import Qualifier
from services.visits.schemas.households import MOST_HOUSEHOLDS, MOST_SOURCE
from shared.sheets import Choice, Code, Column, Day, Integer, Sheet, Template, Text, Word

QUALIFIERS = Choice(
    (
        Word(Qualifier.EXACT, "Chính xác", "Exact", ("đúng",)),
        Word(Qualifier.ABOUT, "Khoảng", "About", ("ước", "xấp xỉ")),
        Word(Qualifier.MORE_THAN, "Hơn", "More than", ("trên",)),
        Word(Qualifier.NEARLY, "Gần", "Nearly"),
    )
)
HOUSEHOLDS = Sheet(
    "households",
    "Số hộ",
    "Households",
    (
        Column(
            "unit",
            "Mã xã",
            "Commune",
            Code(64, digits=5),
            True,
            "00097",
            "Mã đơn vị hành chính 5 chữ số, vào ngày của số liệu",
        ),
        Column(
            "village",
            "Thôn",
            "Village",
            Text(120),
            example="Thôn Đoài",
            vi_note="Tên thôn, tổ dân phố; để trống nếu xã chưa có danh sách thôn",
            en_note="Empty only while the commune's villages are not registered",
            width=28,
            also=("Tên thôn", "Tổ dân phố", "Thôn, tổ dân phố"),
        ),
        Column(
            "total",
            "Số hộ",
            "Households",
            Integer(0, MOST_HOUSEHOLDS),
            True,
            "412",
            also=("Tổng số hộ", "Số hộ gia đình"),
        ),
        Column("day", "Tính đến ngày", "As of", Day(), True, "31/12/2025", also=("Ngày",)),
        Column(
            "qualifier", "Mức độ chính xác", "Qualifier", QUALIFIERS, example="Chính xác", vi_note="Để trống: chính xác"
        ),
        Column("source", "Nguồn", "Source", Text(MOST_SOURCE), True, "Báo cáo của UBND xã", width=32),
    ),
    also=("Số hộ gia đình", "Hộ gia đình"),
)
TEMPLATES: Mapping[str, Template] = {
    "households": Template(
        "households",
        "Số hộ gia đình của từng thôn",
        "Households of each village",
        (HOUSEHOLDS,),
        "Gửi lại cùng một dòng không tạo bản ghi mới. Số liệu đã ghi không bị tệp thay đổi: muốn sửa phải nêu lý do.",
        "The same row sent again stores nothing new. A file does not change what is stored: corrections need a reason.",
    )
}

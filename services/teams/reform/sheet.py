"""The file of a reform: a row per link between an old and a new unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from services.teams.domain.documents import DocumentKind, key_of
from shared.sheets import Choice, Code, Column, Day, Integer, Sheet, Template, Text, Word, YesNo
from shared.vietnamese import fold

KEEP = "giữ"
"""Written as the id of a new unit: it is the old unit of this row, which goes on with changes."""
WHOLE, PART, UNKNOWN = "whole", "part", "unknown"
REASSIGN, MERGE, LEAVE = "reassign", "merge", "keep"

LEVEL = Choice(
    (
        Word("province", "Tỉnh", "Province", ("tỉnh, thành phố", "cấp tỉnh", "thành phố trực thuộc trung ương")),
        Word("district", "Huyện", "District", ("quận", "cấp huyện", "thị xã")),
        Word("commune", "Xã", "Commune", ("phường", "đặc khu", "thị trấn", "cấp xã")),
        Word("village", "Thôn", "Village", ("tổ dân phố", "bản", "ấp", "khóm", "khu dân cư", "thôn, tổ dân phố")),
    )
)
SHARE = Choice(
    (
        Word(WHOLE, "Toàn bộ", "Whole", ("toàn bộ diện tích và dân số",)),
        Word(PART, "Một phần", "Part", ("phần",)),
        Word(UNKNOWN, "Chưa rõ", "Unknown", ("không rõ",)),
    )
)
TEAMS = Choice(
    (
        Word(REASSIGN, "Chuyển sang đơn vị mới", "Serve the new unit", ("chuyển",)),
        Word(MERGE, "Sáp nhập", "Merge", ("sáp nhập tổ", "hợp nhất")),
        Word(LEAVE, "Giữ nguyên", "Leave as they are", ("không đổi",)),
    )
)
DOCUMENT_KIND = Choice(
    (
        Word("decision", "Quyết định", "Decision", ("QĐ",)),
        Word("resolution", "Nghị quyết", "Resolution", ("NQ",)),
        Word("plan", "Kế hoạch", "Plan", ("KH",)),
        Word("official_letter", "Công văn", "Official letter", ("CV",)),
    )
)
_ID, _CODE, _NAME = Code(64), Code(20), Text(120)

LINKS = Sheet(
    "links",
    "Đơn vị cũ - mới",
    "Old and new units",
    (
        Column("level", "Cấp", "Level", LEVEL, required=True, example="Xã"),
        Column(
            "old_code", "Mã đơn vị cũ", "Old code", _CODE, example="00000", vi_note="Mã vào ngày trước ngày hiệu lực"
        ),
        Column("old_name", "Tên đơn vị cũ", "Old name", _NAME, example="Xã Cũ", width=24),
        Column(
            "old_parent",
            "Thuộc đơn vị cũ",
            "Old unit within",
            _ID,
            vi_note="Mã đơn vị cấp trên, để tìm thôn theo tên",
            en_note="Code of the unit above, to find a village by its name",
        ),
        Column("old_id", "Mã định danh đơn vị cũ", "Old id", _ID, vi_note="Mã trong hệ thống, nếu biết"),
        Column("new_code", "Mã đơn vị mới", "New code", _CODE, example="00000"),
        Column("new_name", "Tên đơn vị mới", "New name", _NAME, example="Phường Mới", width=24),
        Column("new_kind", "Loại đơn vị mới", "New kind", Text(40), example="phường"),
        Column("new_parent", "Thuộc đơn vị mới", "New unit within", _ID, example="00", vi_note="Mã đơn vị cấp trên"),
        Column("new_level", "Cấp mới", "New level", LEVEL, vi_note="Chỉ ghi khi khác cấp cũ"),
        Column(
            "new_id",
            "Mã định danh đơn vị mới",
            "New id",
            _ID,
            vi_note=f"Để trống: tự sinh. Ghi “{KEEP}”: đơn vị cũ của dòng này tiếp tục tồn tại",
            en_note=f"Empty: made here. “{KEEP}”: the old unit of this row goes on",
        ),
        Column("share", "Phần chuyển", "Share", SHARE, example="Toàn bộ"),
        Column("main", "Kế thừa chính", "Main successor", YesNo(), example="Có"),
        Column("effective", "Ngày hiệu lực", "Effective day", Day(), required=True, example="01/07/2025"),
        Column("document_kind", "Loại văn bản", "Document kind", DOCUMENT_KIND, required=True, example="Nghị quyết"),
        Column(
            "issuer",
            "Cơ quan ban hành",
            "Issuer",
            Text(200),
            required=True,
            example="Uỷ ban Thường vụ Quốc hội",
            width=30,
        ),
        Column("number", "Số văn bản", "Document number", Text(60), required=True, example="0000/NQ-UBTVQH15"),
        Column("year", "Năm", "Year", Integer(1945, 2200), example="2025", vi_note="Để trống: năm ký"),
        Column("signed_on", "Ngày ký", "Signed on", Day(), required=True, example="16/06/2025"),
        Column("teams", "Tổ", "Teams", TEAMS, example="Chuyển sang đơn vị mới"),
    ),
    required=True,
)
AREAS = Sheet(
    "areas",
    "Phạm vi",
    "Areas",
    (
        Column("unit", "Đơn vị", "Unit", _ID, required=True, example="00"),
        Column("level", "Cấp phải đủ", "Complete level", LEVEL, required=True, example="Xã"),
        Column("effective", "Ngày hiệu lực", "Effective day", Day(), required=True, example="01/07/2025"),
    ),
)
TEMPLATE = Template(
    "reform",
    "Sắp xếp đơn vị hành chính",
    "Reform of administrative units",
    (LINKS, AREAS),
    vi_note=(
        "Mỗi dòng là một liên hệ đơn vị cũ → đơn vị mới. Đơn vị cũ để trống: lập mới. Đơn vị mới để trống: bị bãi bỏ. "
        "Trang Phạm vi: mọi đơn vị của cấp đó trong khu vực phải có trong tệp."
    ),
    en_note=(
        "A row per link old unit → new unit. No old unit: newly established. No new unit: abolished. "
        "Sheet Areas: every unit of that level within the area must be in the file."
    ),
)


@lru_cache(maxsize=4096)
def _key(issuer: str, kind: str, number: str, year: int) -> str:
    """Few documents are cited by many rows."""
    return key_of(issuer, DocumentKind(kind), number, year)


@dataclass(frozen=True, slots=True)
class Paper:
    """A legal document as the file cites it; issuer, kind, number and year make its key."""

    kind: str
    issuer: str
    number: str
    year: int
    signed_on: date

    @property
    def key(self) -> str:
        """The stream that reserves issuer, kind, number and year."""
        return _key(self.issuer, self.kind, self.number, self.year)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the sheet of links; ``index`` is its place in the book."""

    index: int
    level: str
    effective: date
    paper: Paper
    old_id: str | None = None
    old_code: str | None = None
    old_name: str | None = None
    old_parent: str | None = None
    new_id: str | None = None
    new_code: str | None = None
    new_name: str | None = None
    new_kind: str | None = None
    new_parent: str | None = None
    new_level: str | None = None
    share: str | None = None
    main: bool | None = None
    teams: str | None = None

    @property
    def names_old(self) -> bool:
        return any((self.old_id, self.old_code, self.old_name))

    @property
    def names_new(self) -> bool:
        return any((self.new_id, self.new_code, self.new_name, self.new_kind, self.new_parent))


@dataclass(frozen=True, slots=True)
class Area:
    """Every unit of this level that stood within the unit on the day before must be in the file."""

    index: int
    unit: str
    level: str
    effective: date


def line_of(index: int, values: Mapping[str, Any]) -> Line:
    """From the typed values of a good row."""
    paper = Paper(
        values["document_kind"],
        values["issuer"],
        values["number"],
        values["year"] or values["signed_on"].year,
        values["signed_on"],
    )
    others = ("level", "effective", "document_kind", "issuer", "number", "year", "signed_on")
    named = {key: value for key, value in values.items() if key not in others}
    if named["new_id"] is not None and fold(named["new_id"]) == fold(KEEP):
        named["new_id"] = KEEP
    return Line(index, values["level"], values["effective"], paper, **named)


def area_of(index: int, values: Mapping[str, Any]) -> Area:
    return Area(index, values["unit"], values["level"], values["effective"])

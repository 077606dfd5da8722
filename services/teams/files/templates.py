"""The sheets Thôn, Tổ and Thành viên, each a template of its own, and together the workbook of a province.

Rows refer to each other by short keys that mean something only within the file (``Mã trong file``).
"""

from __future__ import annotations

from collections.abc import Mapping

from services.teams.domain.documents import DocumentKind
from services.teams.domain.team.events import Role, TeamKind
from services.teams.files.cells import OpenChoice, PersonName, PersonPhone
from shared.sheets import Choice, Code, Column, Day, Integer, Sheet, Template, Text, Uid, Word, YesNo

TEAM_KINDS = Choice(
    (
        Word(TeamKind.COMMUNE, "Tổ cấp xã", "Commune team", ("xã", "phường", "cấp xã", "tổ cấp phường")),
        Word(TeamKind.VILLAGE, "Tổ cấp thôn", "Village team", ("thôn", "tổ dân phố", "cấp thôn")),
    )
)
ROLES = Choice(
    (
        Word(Role.LEADER, "Tổ trưởng", "Leader"),
        Word(Role.DEPUTY, "Tổ phó", "Deputy", ("phó tổ trưởng",)),
        Word(Role.MEMBER, "Thành viên", "Member", ("tổ viên", "uỷ viên")),
    )
)
AFFILIATIONS = OpenChoice(
    (
        Word("youth_union", "Đoàn Thanh niên", "Youth Union", ("đoàn viên", "đoàn TNCS Hồ Chí Minh")),
        Word("womens_union", "Hội Phụ nữ", "Women's Union", ("hội liên hiệp phụ nữ",)),
        Word("veterans", "Hội Cựu chiến binh", "Veterans"),
        Word("farmers_union", "Hội Nông dân", "Farmers' Union"),
        Word("police", "Công an", "Police", ("công an xã", "công an khu vực")),
        Word("teacher", "Giáo viên", "Teacher"),
        Word("health", "Y tế", "Health staff", ("cán bộ y tế",)),
        Word("party", "Đảng viên", "Party member", ("bí thư chi bộ",)),
        Word("village_head", "Trưởng thôn", "Village head", ("tổ trưởng tổ dân phố",)),
        Word("official", "Cán bộ, công chức", "Official", ("công chức xã", "cán bộ xã")),
        Word(
            "telecom", "Bưu chính, viễn thông, CNTT", "Post, telecom, IT", ("viễn thông", "bưu điện", "viettel", "vnpt")
        ),
        Word("resident", "Người dân", "Resident", ("người dân có uy tín",)),
    )
)
DOCUMENT_KINDS = Choice(
    (
        Word(DocumentKind.DECISION, "Quyết định", "Decision", ("QĐ",)),
        Word(DocumentKind.PLAN, "Kế hoạch", "Plan", ("KH",)),
        Word(DocumentKind.OFFICIAL_LETTER, "Công văn", "Official letter", ("CV",)),
        Word(DocumentKind.RESOLUTION, "Nghị quyết", "Resolution", ("NQ",)),
    )
)
_UNIT = Code(64, digits=5)
_KEY = Text(40)
_SIMULATED = Column(
    "simulated", "Dữ liệu mô phỏng", "Simulated", YesNo(), vi_note="Chỉ dùng khi thử nghiệm", en_note="For tests only"
)


def _document(vi_note: str, en_note: str) -> tuple[Column, ...]:
    """Which document: by its id, or by what makes it unique; one that is not known yet is registered on the way."""
    return (
        Column("document_id", "Mã định danh văn bản", "Document id", Uid(), vi_note=vi_note, en_note=en_note, width=12),
        Column("document_kind", "Loại văn bản", "Document kind", DOCUMENT_KINDS, example="Quyết định"),
        Column("issuer", "Cơ quan ban hành", "Issuer", Text(120), example="UBND xã Hồng Hà", width=28),
        Column("number", "Số văn bản", "Document number", Text(40), example="12/QĐ-UBND"),
        Column("year", "Năm văn bản", "Document year", Integer(1945, 2200), vi_note="Để trống: năm ký"),
        Column("signed_on", "Ngày ký", "Signed on", Day(), example="28/09/2023"),
    )


VILLAGES = Sheet(
    "villages",
    "Thôn",
    "Villages",
    (
        Column("key", "Mã trong file", "Key in file", _KEY, example="T001", vi_note="Để trang Tổ dẫn tới dòng này"),
        Column("unit", "Mã xã", "Commune", _UNIT, True, "00097", "Mã đơn vị hành chính 5 chữ số, vào ngày có hiệu lực"),
        Column("kind", "Loại", "Kind", Text(40), True, "thôn", "thôn, bản, ấp, khóm, tổ dân phố…"),
        Column("name", "Tên thôn", "Name", Text(120), True, "Thôn Đoài", width=28, also=("Tên",)),
        Column("effective", "Ngày có hiệu lực", "Effective from", Day(), True, "01/01/2020"),
        *_document("Không bắt buộc", "Optional"),
        Column("unit_id", "Mã định danh thôn", "Village id", Code(64), vi_note="Có trong tệp xuất", width=12),
        _SIMULATED,
    ),
    also=("Thôn, tổ dân phố",),
)
TEAMS = Sheet(
    "teams",
    "Tổ",
    "Teams",
    (
        Column(
            "key", "Mã trong file", "Key in file", _KEY, example="TO001", vi_note="Để trang Thành viên dẫn tới dòng này"
        ),
        Column("kind", "Loại tổ", "Kind", TEAM_KINDS, True, "Tổ cấp thôn"),
        Column("unit", "Mã xã", "Commune", _UNIT, True, "00097", "Mã 5 chữ số vào ngày thành lập, hoặc mã định danh"),
        Column(
            "village",
            "Thôn",
            "Village",
            Text(120),
            example="T001",
            vi_note="Với tổ cấp thôn: mã trong file ở trang Thôn, hoặc tên thôn đã có trong hệ thống",
            en_note="For a village team: the key of a row of the sheet of villages, or the name of a known village",
        ),
        Column(
            "name", "Tên tổ", "Name", Text(200), True, "Tổ công nghệ số cộng đồng thôn Đoài", width=36, also=("Tên",)
        ),
        Column("effective", "Ngày thành lập", "Established on", Day(), True, "01/10/2023", also=("Ngày có hiệu lực",)),
        *_document("Mã, hoặc đủ loại – cơ quan – số – ngày ký", "The id, or kind, issuer, number and day of signing"),
        Column("pilot", "Thí điểm", "Pilot", YesNo(), vi_note="Để trống: không"),
        Column("team_id", "Mã định danh tổ", "Team id", Uid(), vi_note="Có trong tệp xuất", width=12),
        _SIMULATED,
    ),
)
PEOPLE = Sheet(
    "people",
    "Thành viên",
    "People",
    (
        Column("team", "Tổ", "Team", _KEY, True, "TO001", "Mã trong file ở trang Tổ, hoặc mã định danh tổ"),
        Column("name", "Họ và tên", "Name", PersonName(120), True, "Nguyễn Văn A", width=28, also=("Họ tên",)),
        Column("phone", "Điện thoại", "Phone", PersonPhone(), example="0912345678", also=("Số điện thoại", "SĐT")),
        Column("role", "Vai trò", "Role", ROLES, True, "Tổ trưởng", also=("Chức vụ trong tổ",)),
        Column("affiliation", "Thành phần", "Affiliation", AFFILIATIONS, example="Đoàn Thanh niên", width=24),
        Column("effective", "Ngày tham gia", "Seated from", Day(), vi_note="Để trống: ngày thành lập tổ"),
        *_document("Để trống: văn bản thành lập tổ", "Empty: the document that establishes the team"),
        Column("person_id", "Mã định danh thành viên", "Person id", Uid(), vi_note="Có trong tệp xuất", width=12),
        _SIMULATED,
    ),
    also=("Danh sách thành viên",),
)
_VI = "Gửi lại cùng một dòng không tạo bản ghi mới. Dòng lỗi có thể sửa ngay trong tệp kết quả rồi gửi lại."
_EN = "The same row sent again stores nothing new. Bad rows can be corrected in the result file and sent again."
_ALL = (VILLAGES, TEAMS, PEOPLE)
TEMPLATES: Mapping[str, Template] = {
    template.name: template
    for template in (
        Template("registry", "Tổ công nghệ số cộng đồng của một tỉnh", "A province's teams", _ALL, _VI, _EN),
        Template("villages", "Thôn, tổ dân phố", "Villages", (VILLAGES,), _VI, _EN),
        Template("teams", "Tổ, thành viên và thôn", "Teams, people and villages", (TEAMS, PEOPLE, VILLAGES), _VI, _EN),
        Template("people", "Thành viên", "People", (PEOPLE,), _VI, _EN),
    )
}
"""What ``POST /v1/imports`` takes. ``registry`` and ``teams`` are workbooks of all three sheets; a CSV file is one."""

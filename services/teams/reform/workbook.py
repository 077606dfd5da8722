"""The preview as a workbook: a sheet per section."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.sheets import Column, Integer, Page, Sheet, Text, write_xlsx

_TEXT, _NUMBER = Text(500), Integer(0, 10**9)
MOST_ROWS = 200_000


def _column(key: str, vi: str, en: str, width: int = 18) -> Column:
    return Column(key, vi, en, _TEXT, width=width)


def _number(key: str, vi: str, en: str) -> Column:
    return Column(key, vi, en, _NUMBER, width=12)


_UNIT = _column("unit_id", "Mã định danh", "Unit id", 38)
_NAME = _column("name", "Tên", "Name", 26)
_LEVEL = _column("level", "Cấp", "Level", 12)
_DAY = _column("effective", "Ngày hiệu lực", "Effective", 14)
SHEETS: Mapping[str, Sheet] = {
    sheet.key: sheet
    for sheet in (
        Sheet(
            "units",
            "Đơn vị",
            "Units",
            (
                _column("change", "Thay đổi", "Change", 14),
                _LEVEL,
                _column("kind", "Loại", "Kind", 12),
                _NAME,
                _column("code", "Mã", "Code", 10),
                _column("parent_id", "Thuộc", "Within", 38),
                _column("successors", "Đơn vị kế thừa", "Successors", 40),
                _DAY,
                _UNIT,
            ),
        ),
        Sheet(
            "teams",
            "Tổ",
            "Teams",
            (
                _column("action", "Xử lý", "Action", 12),
                _column("kind", "Loại tổ", "Kind", 10),
                _column("team_id", "Mã tổ", "Team id", 38),
                _column("from_unit_id", "Đơn vị cũ", "Old unit", 38),
                _column("unit_id", "Đơn vị mới", "New unit", 38),
                _number("seats", "Số vị trí", "Seats"),
                _number("leaders", "Tổ trưởng", "Leaders"),
                _DAY,
            ),
        ),
        Sheet(
            "leaders",
            "Chờ quyết định",
            "For decision",
            (
                _NAME,
                _column("kind", "Loại tổ", "Kind", 10),
                _number("teams", "Số tổ", "Teams"),
                _number("leaders", "Tổ trưởng", "Leaders"),
                _number("surplus_leaders", "Tổ trưởng dôi dư", "Surplus leaders"),
                _column("awaiting", "Chờ", "Awaiting", 12),
                _UNIT,
            ),
        ),
        Sheet(
            "access",
            "Quyền truy cập",
            "Access",
            (
                _NAME,
                _LEVEL,
                _column("ends", "Kết thúc", "Ends", 10),
                _column("successors", "Thay bằng", "Then", 60),
                _UNIT,
            ),
        ),
        Sheet(
            "conflicts",
            "Xung đột",
            "Conflicts",
            (_column("code", "Lý do", "Reason", 26), _column("team_id", "Tổ", "Team", 38), _UNIT),
        ),
        Sheet(
            "unmentioned",
            "Không có trong tệp",
            "Not in the file",
            (
                _LEVEL,
                _NAME,
                _column("code", "Mã", "Code", 10),
                _column("parent_after", "Sau đó thuộc", "Then within", 38),
                _UNIT,
            ),
        ),
        Sheet(
            "totals",
            "Tổng số",
            "Totals",
            (
                _NAME,
                *(
                    _number(f"{when}_{what}", f"{vi} {word}", f"{en} {when}")
                    for when, word in (("before", "trước"), ("after", "sau"))
                    for what, vi, en in (
                        ("teams", "Số tổ", "Teams"),
                        ("seats", "Số vị trí", "Seats"),
                        ("people", "Số người", "People"),
                    )
                ),
                _UNIT,
            ),
        ),
    )
}


def write_workbook(sections: Mapping[str, Iterable[Mapping[str, Any]]], locale: str) -> bytes:
    to = io.BytesIO()
    write_xlsx(to, [Page(SHEETS[key], _rows(items)) for key, items in sections.items() if key in SHEETS], locale)
    return to.getvalue()


def _rows(items: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in items:
        row: dict[str, Any] = {}
        for key, value in item.items():
            if key in ("before", "after"):
                row |= {f"{key}_{what}": number for what, number in (value or {}).items()}
            elif isinstance(value, list):
                row[key] = (
                    ", ".join(each["unit_id"] if isinstance(each, Mapping) else str(each) for each in value) or None
                )
            elif isinstance(value, bool):
                row[key] = "x" if value else None
            else:
                row[key] = value
        yield row

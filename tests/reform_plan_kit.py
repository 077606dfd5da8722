"""A small country of two provinces, and lines of a file that reforms it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.teams.reform.plan import Plan, plan_of
from services.teams.reform.sheet import Line, Paper
from shared.units import UnitTree

REFORM = UUID(int=7)
DAY = date(2025, 7, 1)
EVE = DAY - timedelta(1)
PAPER = Paper("resolution", "Uỷ ban Thường vụ Quốc hội", "1656/NQ-UBTVQH15", 2025, date(2025, 6, 16))


def established(unit: str, level: str, parent: str | None, code: str | None, **other: Any) -> dict[str, Any]:
    kinds = {"nation": "quốc gia", "province": "tỉnh", "district": "huyện", "commune": "xã", "village": "thôn"}
    row = {"unit_id": unit, "level": level, "kind": kinds[level], "name": unit, "parent_id": parent, "code": code}
    return row | {"effective": "2022-01-01"} | other


def small() -> UnitTree:
    """Two provinces, a district in each, three communes in each district, two villages of one commune."""
    tree = UnitTree()
    rows = [established("vn", "nation", None, None)]
    for n, province in enumerate(("p1", "p2"), 1):
        rows += [established(province, "province", "vn", f"0{n}"), established(f"d{n}", "district", province, f"00{n}")]
        rows += [established(f"c{n}{m}", "commune", f"d{n}", f"000{n}{m}") for m in (1, 2, 3)]
    rows += [established(f"v{m}", "village", "c11", None, name=f"Thôn {m}") for m in (1, 2)]
    for row in rows:
        tree.apply("UnitEstablished", row)
    return tree


def line(index: int, level: str = "commune", **said: Any) -> Line:
    return Line(index, level, said.pop("effective", DAY), said.pop("paper", PAPER), **said)


NEW: Mapping[str, Any] = {"new_code": "00012", "new_name": "Mới", "new_kind": "xã", "new_parent": "01"}
FRESH = {**NEW, "new_code": "00090"}
"""A code that nobody bears; that of ``NEW`` is c12's."""


def planned(*lines: Line, tree: UnitTree | None = None) -> Plan:
    return plan_of(REFORM, lines, tree or small())


def flaws(*lines: Line) -> set[tuple[int, str, str]]:
    return {(flaw.index, flaw.column, flaw.code) for flaw in planned(*lines).errors}

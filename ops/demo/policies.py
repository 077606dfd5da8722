"""What is known about how teams should be made up, by area and year: data for the registry's composition policies.

Affiliations are words: ``village_head`` trưởng thôn, ``residential_group_head`` tổ trưởng tổ dân phố,
``party_cell_secretary`` bí thư chi bộ, ``youth_branch_secretary`` bí thư chi đoàn, ``commune_youth_secretary`` bí thư
Đoàn cấp xã.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ops.demo.world import Row, World
from ops.units.seed import NATION_ID

LEADS_COMMUNE = {"leaders": ["commune_youth_secretary"]}
LEADS_VILLAGE = {
    "leaders": ["village_head", "residential_group_head", "party_cell_secretary"],
    "deputies": ["youth_branch_secretary"],
}


@dataclass(frozen=True)
class Known:
    """``code``: GSO code of the area on its first day, None for the nation. ``replaces``: index of an earlier one."""

    code: str | None
    team_kind: str
    since: date
    rules: Mapping[str, Any]
    source: str
    replaces: int | None = None


GUIDANCE, PRESS, CHUONG_MY = date(2022, 3, 5), date(2023, 10, 1), date(2023, 10, 2)
KNOWN = (
    Known(None, "commune", GUIDANCE, {"min_size": 3, **LEADS_COMMUNE}, "Hướng dẫn 793/BTTTT-THH (2022)"),
    Known(None, "village", GUIDANCE, {"min_size": 3, **LEADS_VILLAGE}, "Hướng dẫn 793/BTTTT-THH (2022)"),
    Known(None, "commune", PRESS, {"min_size": 4, "max_size": 9}, "Bộ TT&TT: mỗi tổ 4–9 thành viên (2023)", 0),
    Known(None, "village", PRESS, {"min_size": 4, "max_size": 9}, "Bộ TT&TT: mỗi tổ 4–9 thành viên (2023)", 1),
    Known("277", "commune", CHUONG_MY, {"min_size": 5, "max_size": 7}, "Huyện Chương Mỹ: 05–07 thành viên/tổ"),
    Known("277", "village", CHUONG_MY, {"min_size": 5, "max_size": 7}, "Huyện Chương Mỹ: 05–07 thành viên/tổ"),
    Known("37", "village", date(2024, 10, 1), {"min_size": 5, "max_size": 7}, "Tỉnh Ninh Bình: 5–7 thành viên/tổ"),
    Known("34", "commune", date(2024, 12, 1), {"min_size": 9, "max_size": 11}, "Tỉnh Thái Bình: khoảng 10 mỗi xã"),
    Known("34", "village", date(2024, 12, 1), {"min_size": 5, "max_size": 6}, "Tỉnh Thái Bình: 5–6 mỗi thôn"),
)


def rows(world: World, units: frozenset[str]) -> list[Row]:
    """Rows of ``/v1/affairs/batch``, those about the given units (ids): first what is set, then what is replaced."""
    made = [(known, n, _area(world, known)) for n, known in enumerate(KNOWN)]
    return [_row(world, known, n, area) for known, n, area in made if area in units]


def _area(world: World, known: Known) -> str:
    return world.units.by_code(known.code, known.since) if known.code else NATION_ID


def _row(world: World, known: Known, n: int, area: str) -> Row:
    of = n if known.replaces is None else known.replaces
    row = {
        "id": world.id("policy-row", n),
        "policy_id": world.id("policy", of),
        "effective": known.since.isoformat(),
        "rules": dict(known.rules),
        "source": known.source,
    }
    if known.replaces is not None:
        return {"do": "replace_policy", **row}
    return {"do": "set_policy", "unit_id": area, "team_kind": known.team_kind, **row}

"""A province's workbook as a department would send it: villages, teams and people, one row in a hundred of them bad.

Deterministic: the same seed gives the same bytes. Communes and their codes are real, all else is made up and marked
simulated. ``Workbook.bad`` says which cells are wrong and why, so that a benchmark can ask whether every one was named.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ops.demo.world import AFFILIATIONS, GIVEN, MIDDLES, SURNAMES
from ops.units.seed import Seed
from services.teams.domain.team.events import Role, TeamKind
from services.teams.files.templates import PEOPLE, TEAMS, VILLAGES
from shared.sheets import Page, Sheet, letters, write_xlsx

FORMED = date(2024, 10, 1)
PROVINCE = "Ninh Bình"

Row = dict[str, Any]


@dataclass(frozen=True)
class Workbook:
    """``rows`` of all sheets; ``bad``: cell (``Thành viên!C17``) → the code it is refused with."""

    content: bytes
    rows: int
    teams: int
    people: int
    bad: dict[str, str]


def workbook(
    known: Seed, *, teams: int = 2_000, people: int = 12_000, bad_share: float = 0.01, seed: int = 1
) -> Workbook:
    """A team for every commune of the province, the rest for villages spread over them; bad rows among the people."""
    chance = random.Random(f"workbook {seed}")
    communes = known.communes(known.by_name(PROVINCE, FORMED, "province"), FORMED)
    villages, rows = list(_villages(known, communes, teams)), list(_teams(known, communes, teams))
    members = list(_people(rows, people, chance))
    bad = dict(_spoiled(members, round(bad_share * (len(villages) + len(rows) + len(members))), chance))
    to = io.BytesIO()
    write_xlsx(to, [Page(VILLAGES, villages), Page(TEAMS, rows), Page(PEOPLE, members)])
    return Workbook(to.getvalue(), len(villages) + len(rows) + len(members), len(rows), len(members), bad)


def _code(known: Seed, commune: str) -> str:
    return known.tree.code(commune, FORMED) or ""


def _villages(known: Seed, communes: Sequence[str], teams: int) -> Iterator[Row]:
    for n in range(max(0, teams - len(communes))):
        commune = communes[n % len(communes)]
        yield {
            "key": f"V{n:05}",
            "unit": _code(known, commune),
            "kind": "thôn",
            "name": f"Thôn {n // len(communes) + 1}",
            "effective": date(2022, 1, 1),
            "simulated": True,
        }


def _teams(known: Seed, communes: Sequence[str], teams: int) -> Iterator[Row]:
    for n in range(teams):
        own = n < len(communes)
        commune = communes[n % len(communes)]
        name = known.tree.full_name(commune, FORMED) or ""
        yield {
            "key": f"TO{n:05}",
            "kind": TeamKind.COMMUNE if own else TeamKind.VILLAGE,
            "unit": _code(known, commune),
            "village": None if own else f"V{n - len(communes):05}",
            "name": f"Tổ chuyển đổi số cộng đồng số {n + 1}",
            "effective": FORMED,
            "document_kind": "decision",
            "issuer": f"UBND {name} ({_code(known, commune)})",
            "number": "35/QĐ-UBND",
            "signed_on": date(2024, 9, 25),
            "simulated": True,
        }


def _people(teams: Sequence[Row], people: int, chance: random.Random) -> Iterator[Row]:
    for n in range(people):
        team = teams[n % len(teams)]
        place = n // len(teams)
        yield {
            "team": team["key"],
            "name": f"{chance.choice(SURNAMES)} {chance.choice(MIDDLES)} {chance.choice(GIVEN)}",
            "phone": f"09{n:08}",
            "role": (Role.LEADER, Role.DEPUTY)[place] if place < 2 else Role.MEMBER,
            "affiliation": AFFILIATIONS[n % len(AFFILIATIONS)],
            "simulated": True,
        }


_FAULTS = (
    ("phone", "chưa có", "phone-format"),
    ("phone", "001234567890", "forbidden-personal-field"),
    ("role", "Quan sát viên", "unknown-choice"),
    ("affiliation", "???", "unknown-choice"),
    ("name", None, "cell-missing"),
    ("team", "TO99999", "row-team-unknown"),
    ("effective", date(2020, 1, 1), "row-before-team"),
    ("name", "Nguyễn Văn 0912345678", "forbidden-personal-field"),
)


def _spoiled(people: list[Row], count: int, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Spoil so many rows, each in one cell."""
    for n, index in enumerate(sorted(chance.sample(range(len(people)), count))):
        column, value, code = _FAULTS[n % len(_FAULTS)]
        people[index][column] = (
            _Spoiled(value) if isinstance(value, str) and column in ("role", "affiliation") else value
        )
        yield f"{PEOPLE.vi}!{letters(_place(PEOPLE, column))}{index + 2}", code


def _place(sheet: Sheet, column: str) -> int:
    return [each.key for each in sheet.columns].index(column)


class _Spoiled(str):
    """A word that is in no list; the kinds of columns write it as it is."""

"""What the load is about: a real province with its districts and communes, what became of them on 1/7/2025, and
simulated villages with a team each. Loaded through the public API, like everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ops.client import Api
from ops.demo.world import World
from ops.simulator import Crew, visits
from ops.units import seed as units

PROVINCE = "Ninh Bình"
FORMED = date(2024, 10, 1)
MEMBERS = 5
HOUSEHOLDS = 300
"""Per village: about 27 million households in about 90,000 villages."""
FIRST_SUNDAY = date.today() - timedelta(weeks=30, days=date.today().isoweekday() % 7)
"""Neither long past nor, with a Sunday after it for every 50,000 visits, in the future: such visits are flagged."""
VISITS_PER_SUNDAY = 50_000

Row = dict[str, Any]


@dataclass(frozen=True)
class Country:
    """``communes`` are today's, those with a village in it."""

    units: tuple[Row, ...]
    document: Row
    people: tuple[Row, ...]
    teams: tuple[Row, ...]
    crews: tuple[Crew, ...]
    communes: tuple[str, ...]

    def load(self, teams: Api) -> None:
        """Establish everything; raises ``Refused`` for a row that is turned down."""
        nothing = _ignore
        teams.load("/v1/units/batch", self.units, nothing, parallel=1)
        teams.load("/v1/documents/batch", [self.document], nothing)
        teams.load("/v1/people/batch", self.people, nothing)
        teams.load("/v1/teams/batch", self.teams, nothing)


def province(villages: int, seed: int) -> Country:
    """The province of ``PROVINCE`` with so many villages, spread evenly over its communes of 2022."""
    known = units.load()
    return _country(known, known.by_name(PROVINCE, FORMED, "province"), villages, seed)


def nation(villages: int, seed: int) -> Country:
    """The whole country, as ``province``."""
    return _country(units.load(), units.NATION_ID, villages, seed)


def _country(known: units.Seed, root: str, villages: int, seed: int) -> Country:
    world = World(seed, known)
    former = known.communes(root, FORMED)
    rows = world.make_villages(former, villages, FORMED)
    moved = followed(world, rows)
    decision = world.document("decision", f"UBND tỉnh {PROVINCE}", "1/QĐ-UBND", FORMED, "Thành lập tổ")
    made = [world.make_team("bench", row["unit_id"], row["parent_id"], MEMBERS, "công nghệ số") for row in rows]
    return Country(
        (*part_of(known.rows, former), *rows, *moved),
        decision,
        tuple(person for _, people in made for person in people),
        tuple(world.established(team, FORMED, decision) for team, _ in made),
        tuple(
            Crew(team.team_id, team.unit_id, tuple(seat["person_id"] for seat in team.seats), HOUSEHOLDS)
            for team, _ in made
        ),
        tuple(dict.fromkeys({row["unit_id"]: row["parent_id"] for row in (*rows, *moved)}.values())),
    )


def part_of(rows: Iterable[Row], roots: Iterable[str]) -> list[Row]:
    """The rows of these units, of those above them and of those that followed them, in the order of the seed."""
    of_unit: dict[str, list[Row]] = {}
    for row in rows:
        of_unit.setdefault(row["unit_id"], []).append(row)
    wanted: set[str] = set()
    pending = list(roots)
    while pending:
        unit = pending.pop()
        if unit not in wanted:
            wanted.add(unit)
            for row in of_unit[unit]:
                pending += [row["parent_id"]] if row.get("parent_id") else []
                pending += [heir["unit_id"] for heir in row.get("successors", ())]
    return [row for row in rows if row["unit_id"] in wanted]


def followed(world: World, villages: Iterable[Row]) -> list[Row]:
    """Rows that move each village into the communes that followed its own, one after the other, by day."""
    tree, moves = world.units.tree, []
    for index, village in enumerate(villages):
        parent = village["parent_id"]
        while (closed := tree.life(parent)[1]) is not None and (heirs := tree.successors(parent)):
            parent = heirs[index % len(heirs)]
            move = {"id": world.id("reparent", village["unit_id"], closed), "do": "reparent"}
            moves.append(move | {"unit_id": village["unit_id"], "parent_id": parent, "effective": closed.isoformat()})
    return sorted(moves, key=lambda move: move["effective"])


def batches(crews: Sequence[Crew], size: int, seed: int) -> Iterator[list[Row]]:
    """Bodies of visits without end, ``size`` at a time, as a collector forwards them: phone after phone, about ten
    visits each, a Sunday of 50,000 after the other.
    """
    sunday = FIRST_SUNDAY
    while True:
        rows = day(crews, VISITS_PER_SUNDAY, sunday, seed)
        for first in range(0, len(rows), size):
            yield rows[first : first + size]
        sunday += timedelta(days=7)


def day(crews: Sequence[Crew], count: int, on: date, seed: int) -> list[Row]:
    """The visits of a day, phone after phone."""
    phones: dict[str, list[Row]] = {}
    for phone, body in visits(crews, count, on, seed):
        phones.setdefault(phone, []).append(body)
    return [body for bodies in phones.values() for body in bodies]


def _ignore(rows: int) -> None:
    pass

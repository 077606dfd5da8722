"""The network of the whole nation at its published size, simulated below the commune.

The ministry counted more than 74,422 teams with 348,362 members (2023): 63 of 63 provinces have teams, 52 have one in
every commune. Communes, their codes and their lineage are real; villages, people and teams are made from the seed.
A member here is a *seat*: some people sit on their commune's team and on a village's, so people are fewer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from ops.demo.world import Row, Team, World, shared_out

COUNTED = date(2023, 12, 31)
"""The day for which the totals hold; the report gives the year only."""
FORMED = date(2023, 6, 1)
TEAMS, SEATS = 74_500, 348_362
PROVINCES, COMPLETE = 63, 52
INCOMPLETE_SHARE = 0.6
"""Communes with a team in a province that is not complete yet."""
IN_BOTH = 9_000
"""People with a seat on their commune's team and one on a village's."""
WORD = "công nghệ số"


@dataclass
class Province:
    """What one province sends, in this order."""

    unit_id: str
    villages: list[Row] = field(default_factory=list)
    documents: list[Row] = field(default_factory=list)
    people: list[Row] = field(default_factory=list)
    teams: list[Row] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.villages) + len(self.documents) + len(self.people) + len(self.teams)


class Network:
    """Made province by province, so that it never has to be in memory as a whole.

    ``teams`` × ``seats`` are the nation's totals; a smaller network (``share``) keeps the proportions, for tests.
    """

    def __init__(self, world: World, *, share: float = 1.0) -> None:
        self.world, self.units, self.share = world, world.units, share
        self.teams, self.seats = round(TEAMS * share), round(SEATS * share)

    @cached_property
    def provinces(self) -> tuple[str, ...]:
        tree = self.units.tree
        found = sorted(tree.existing(FORMED, "province"), key=lambda unit: tree.code(unit, FORMED) or "")
        return tuple(found) if self.share == 1.0 else tuple(found[:: max(1, round(1 / self.share / 2))])

    @cached_property
    def incomplete(self) -> frozenset[str]:
        """Spread over the country by code."""
        missing = PROVINCES - COMPLETE
        return (
            frozenset(self.provinces[1 :: len(self.provinces) // missing][:missing])
            if self.share == 1.0
            else frozenset()
        )

    @cached_property
    def serving(self) -> dict[str, tuple[str, ...]]:
        """Province → its communes with a commune team."""
        found = {}
        for province in self.provinces:
            communes = self.units.communes(province, FORMED)
            kept = round(len(communes) * INCOMPLETE_SHARE) if province in self.incomplete else len(communes)
            found[province] = communes[:kept]
        return found

    @property
    def commune_teams(self) -> int:
        return sum(len(communes) for communes in self.serving.values())

    def plan(self) -> Iterator[Province]:
        """Every province in turn; the sum of all is exactly the published size."""
        villages = shared_out(self.teams - self.commune_teams, self.commune_teams)
        sizes = shared_out(self.seats, self.teams)
        in_both = shared_out(round(IN_BOTH * self.share), self.commune_teams)
        for province, communes in self.serving.items():
            made = Province(province)
            for commune in communes:
                self._commune(made, province, commune, next(villages), sizes, next(in_both))
            yield made

    def _commune(
        self, made: Province, province: str, commune: str, villages: int, sizes: Iterator[int], in_both: int
    ) -> None:
        decision = self.world.decisions([commune], FORMED, "Thành lập Tổ công nghệ số cộng đồng")[commune]
        made.documents.append(decision)
        rows = self.world.make_villages([commune], villages, FORMED)
        made.villages += rows
        teams = [
            self.world.make_team(province, unit, commune, next(sizes), WORD)
            for unit in (commune, *(row["unit_id"] for row in rows))
        ]
        self.world.teams.pop(province, None)
        made.people += self._in_both(teams, in_both)
        for team, people in teams:
            newcomers = [{key: value for key, value in person.items() if key != "id"} for person in people]
            made.teams.append(self.world.established(team, FORMED, decision) | {"people": newcomers})

    def _in_both(self, teams: list[tuple[Team, list[Row]]], count: int) -> list[Row]:
        """So many members of the commune's team also lead a village's; they are registered before either."""
        (above, people), *villages = teams
        both = people[:count]
        for person, (team, newcomers) in zip(both, villages, strict=False):
            newcomers.pop(0)
            team.seats[0]["person_id"] = person["person_id"]
        shared = both[: len(villages)]
        del people[: len(shared)]
        assert len(above.seats) == len(people) + len(shared)
        return shared

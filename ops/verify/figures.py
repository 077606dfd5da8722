"""Every report equals a count made anew from the events: teams, seats, visits, households, persons.

Nothing is added up from transitions, as the projections do. Here people are kept in sets, households with the visits
paid to them (``places``), teams with their seats, and each question is counted from the start. Slow, and easy to
believe.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import httpx

from ops.verify import places
from ops.verify.difference import Difference
from ops.verify.places import PlaceFacts
from ops.verify.source import Source
from ops.verify.teams import TeamFacts
from ops.verify.training import TrainingFacts
from shared.units import UnitTree
from shared.vietnamese import hanoi_day

SKILLS = ("public_services", "online_shopping", "online_payment", "online_safety", "local_platforms")
BEFORE_REFORM = date(2025, 6, 30)
UNIT_TYPES = {
    "UnitEstablished",
    "UnitRenamed",
    "UnitKindChanged",
    "UnitCodeAssigned",
    "UnitReparented",
    "UnitAbolished",
    "UnitCorrected",
}

Figures = Counter[str]
COUNTED = (
    "teams",
    "teams_commune",
    "teams_village",
    "seats",
    "visits",
    "people_taught",
    "households_reached",
    *(f"covered_{skill}" for skill in (*SKILLS, "all")),
    "attendances",
    "people_trained",
)
"""The indicators that are counted anew."""
MOST_ROWS = 1_000
"""In a page of units."""


@dataclass
class Facts:
    """All that happened, in the plainest shape."""

    tree: UnitTree = field(default_factory=UnitTree)
    teams: TeamFacts = field(default_factory=TeamFacts)
    visits: list[tuple[str, date, int]] = field(default_factory=list)
    places: PlaceFacts = field(default_factory=PlaceFacts)
    training: TrainingFacts = field(default_factory=TrainingFacts)

    @property
    def days(self) -> list[date]:
        return sorted({day for _, day, _ in self.visits} | {day for _, _, day, _ in self.training.attendances()})


def check(sources: Mapping[str, Source], url: str, token: str) -> str:
    """Ask for every unit with facts, on the map before the reform and on today's. Raises ``Difference``."""
    facts = collect(sources)
    days = facts.days or [date(2022, 1, 1)]
    today = hanoi_day(datetime.now(UTC))
    questions = [
        (days[0], max(days[-1], today), BEFORE_REFORM),
        (days[0], max(days[-1], today), today),
        (days[-1], days[-1], today),
        (days[len(days) // 2], days[-1], today),  # whoever was met before and again in between counts once
        (date(2023, 10, 1), date(2024, 10, 31), BEFORE_REFORM),
    ]
    compared = 0
    with httpx.Client(
        base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60.0, trust_env=False
    ) as http:
        for first, last, map_day in questions:
            expected = spread(facts, count(facts, first, last), map_day)
            for unit_id, told in _answers(http, facts.tree, expected, first, last, map_day):
                where = f"{_named(facts.tree, unit_id, map_day)} {first}…{last} on the map of {map_day}"
                compared += _compare(where, expected[unit_id], told)
    visits, teams = len(facts.visits), len(facts.teams)
    return f"{compared:,} figures equal a count made anew from {visits:,} visits and {teams:,} facts of teams"


# --- reading -----------------------------------------------------------------------------------------------------


def collect(sources: Mapping[str, Source]) -> Facts:
    facts = Facts()
    for stream, position, type_, data in sources["teams"].stream(
        "SELECT stream_id, position, type, data FROM log.events WHERE partition = 0 ORDER BY position"
    ):
        if type_ in UNIT_TYPES:
            facts.tree.apply(type_, data)
        else:
            facts.teams.tell(stream, position, type_, data)
    facts.places = places.read(sources["visits"])
    facts.visits = facts.places.counted
    for stream, type_, data in sources["training"].stream(
        """SELECT stream_id, type, data FROM log.events
            WHERE partition = 0 AND starts_with(stream_id, 'trainee:') ORDER BY position"""
    ):
        facts.training.tell(stream, type_, data)
    return facts


# --- counting ----------------------------------------------------------------------------------------------------


def count(facts: Facts, first: date, last: date) -> dict[str, Figures]:
    """Unit of the fact → figures: stocks as of ``last``, flows and people from ``first`` to ``last``."""
    found: dict[str, Figures] = defaultdict(Counter)
    for team in facts.teams.on(last).values():
        if team.standing:
            found[team.unit_id][f"teams_{team.kind}"] += 1
            found[team.unit_id]["teams"] += 1
            found[team.unit_id]["seats"] += len(team.seats)
    for unit_id, day, taught in facts.visits:
        if first <= day <= last:
            found[unit_id]["visits"] += 1
            found[unit_id]["people_taught"] += taught
    for unit_id, does in facts.places.households_able(last):
        found[unit_id].update(f"covered_{skill}" for skill in does)
        found[unit_id]["covered_all"] += len(does) == len(SKILLS)
    for unit_id in facts.places.households_met(first, last):
        found[unit_id]["households_reached"] += 1
    _training(facts, found, first, last)
    return found


def _training(facts: Facts, found: dict[str, Figures], first: date, last: date) -> None:
    """A human being counts once, where its first day of the period was recorded first."""
    firsts: dict[str, tuple[date, str]] = {}
    for human, unit_id, day, _ in facts.training.attendances():
        if first <= day <= last:
            found[unit_id]["attendances"] += 1
            if human not in firsts or day < firsts[human][0]:
                firsts[human] = (day, unit_id)
    for _, unit_id in firsts.values():
        found[unit_id]["people_trained"] += 1


def spread(facts: Facts, leaves: Mapping[str, Figures], map_day: date) -> dict[str, Figures]:
    """Unit of the map → the sum of the facts that lie in it there, from village to nation."""
    found: dict[str, Figures] = defaultdict(Counter)
    for leaf, figures in leaves.items():
        placed = facts.tree.place(leaf, map_day)
        if placed is None:
            raise Difference(f"no place for the facts of unit {leaf} on the map of {map_day}")
        for unit_id in facts.tree.ancestors(placed.unit_id, map_day):
            found[unit_id].update(figures)
    return found


# --- asking ------------------------------------------------------------------------------------------------------


def _answers(
    http: httpx.Client, tree: UnitTree, units: Mapping[str, Figures], first: date, last: date, map_day: date
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the reports say of these units: the nation by itself, every other among its parent's children."""
    query = {"from": first.isoformat(), "to": last.isoformat(), "map": map_day.isoformat()}
    query["indicators"] = ",".join(COUNTED)
    by_parent: dict[str | None, list[str]] = defaultdict(list)
    for unit_id in units:
        by_parent[tree.parent(unit_id, map_day)].append(unit_id)
    for parent, children in by_parent.items():
        if parent is None:
            told = {u: _get(http, f"/v1/reports/{u}", query)["figures"] for u in children}
        else:
            told = {row["unit"]["id"]: row["figures"] for row in _rows(http, parent, query)}
        for unit_id in children:
            if unit_id not in told:
                raise Difference(f"{_named(tree, unit_id, map_day)} is missing among the children of its parent")
            yield unit_id, told[unit_id]


def _rows(http: httpx.Client, parent: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The units right below, page by page."""
    offset: int | None = 0
    while offset is not None:
        page = {"by": "unit", "limit": str(MOST_ROWS), "offset": str(offset)}
        answer = _get(http, f"/v1/reports/{parent}", query | page)
        yield from answer["units"]
        offset = answer["next"]


def _get(http: httpx.Client, path: str, query: dict[str, str]) -> dict[str, Any]:
    response = http.get(path, params=query)
    if response.status_code != 200:
        raise Difference(f"{path} answered {response.status_code}: {response.text[:200]}")
    answer: dict[str, Any] = response.json()
    return answer


def _compare(where: str, expected: Figures, told: dict[str, Any]) -> int:
    for name, value in told.items():
        if value != expected[name]:
            raise Difference(f"{where}: {name} is {value}, counted anew {expected[name]}")
    missing = {name for name, value in expected.items() if value} - told.keys()
    if missing:
        raise Difference(f"{where}: the report does not tell {sorted(missing)}")
    return len(told)


def _named(tree: UnitTree, unit_id: str, day: date) -> str:
    return f"{tree.full_name(unit_id, day) or unit_id} ({unit_id})"

"""Every report equals a count made anew from the events: teams, seats, visits, households, persons.

Nothing is added up from transitions, as the projections do. Here people are kept in sets, households with the visits
paid to them (``places``), teams with their seats, and each question is counted from the start. Slow, and easy to
believe.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import httpx

from ops.verify import affairs, campaigns, places, tables, units
from ops.verify.affairs import Affairs
from ops.verify.difference import Difference
from ops.verify.places import LEVELS, SKILLS, Able, PlaceFacts
from ops.verify.source import Source
from ops.verify.teams import RENAMED, Team, TeamFacts
from ops.verify.training import Joins, TrainingFacts
from shared.units import UnitTree
from shared.vietnamese import hanoi_day

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
LATE = timedelta(7)
GAINED = {f"gained_{skill}": f"covered_{skill}_does" for skill in (*SKILLS, "all")}
"""Households that came to do a skill in a period: as many more as did it before."""
COUNTED = (
    *("teams", "teams_commune", "teams_village", "seats", "visits", "people_taught", "households_reached"),
    *(f"covered_{skill}" for skill in (*SKILLS, "all")),
    *("attendances", "people_trained", "people", "serving_trained", "obligations_overdue"),
    *GAINED,
    *units.COUNTED,
)
"""The indicators that are counted anew."""
MOST_ROWS = 1_000
"""In a page of units."""


@dataclass
class Facts:
    """All that happened, in the plainest shape."""

    tree: UnitTree = field(default_factory=UnitTree)
    teams: TeamFacts = field(default_factory=TeamFacts)
    places: PlaceFacts = field(default_factory=PlaceFacts)
    training: TrainingFacts = field(default_factory=TrainingFacts)
    joins: Joins = field(default_factory=Joins)
    affairs: Affairs = field(default_factory=Affairs)

    @property
    def days(self) -> list[date]:
        return sorted({visit.day for visit in self.places.counted} | {came.day for came in self.training.attendances()})


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
    leaves = [count(facts, first, last) for first, last, _ in questions]
    answers = [(*question, spread(facts, of, question[2])) for question, of in zip(questions, leaves, strict=True)]
    compared = sum(tables.check(sources["reporting"], facts.tree, today, *answer) for answer in answers)
    for number, map_day in ((tables.BEFORE, BEFORE_REFORM), (tables.TODAY, today)):
        compared += tables.check_doubts(sources["reporting"], facts.tree, number, map_day)
    tables.check_months(sources["reporting"])
    headers = {"Authorization": f"Bearer {token}", "Cache-Control": "no-cache"}  # the tables, not what an api still has
    with httpx.Client(base_url=url, headers=headers, timeout=60.0, trust_env=False) as http:
        compared += campaigns.check(http, sources["visits"], facts.tree, today, partial(_campaign, facts))
        for (first, last, map_day, counted), of in zip(answers, leaves, strict=True):
            _add_gained(facts, counted, first, last, map_day)
            units.add(facts.tree, of, counted, map_day)
            expected = {unit: _told(figures) for unit, figures in counted.items()}
            for unit_id, told in _answers(http, facts.tree, expected, first, last, map_day):
                where = f"{_named(facts.tree, unit_id, map_day)} {first}…{last} on the map of {map_day}"
                compared += _compare(where, expected[unit_id], told)
    visits, teams = len(facts.places.counted), len(facts.teams)
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
            facts.joins.tell(type_, data)
    facts.places = places.read(sources["visits"])
    for stream, type_, data in sources["training"].stream(
        """SELECT stream_id, type, data FROM log.events
            WHERE partition = 0 AND starts_with(stream_id, 'trainee:') ORDER BY position"""
    ):
        facts.training.tell(stream, type_, data)
    facts.affairs = affairs.read(sources)
    return facts


# --- counting ----------------------------------------------------------------------------------------------------


def count(facts: Facts, first: date, last: date) -> dict[str, Figures]:
    """Unit of the fact → figures: stocks as of ``last``, flows and people from ``first`` to ``last``."""
    found: dict[str, Figures] = defaultdict(Counter)
    teams = facts.teams.on(last)
    for team in teams.values():
        if team.standing:
            found[team.unit_id].update(_team(team))
    learnt = facts.training.learnt(last)
    for human, unit_id in facts.teams.people(last, facts.joins.human):
        found[unit_id].update(["people", "serving_trained"] if human in learnt else ["people"])
    for unit_id, type_ in facts.teams.changed(first, last):
        found[unit_id]["teams_renamed" if type_ == RENAMED else "teams_reconstituted"] += 1
    for visit in facts.places.counted:
        if first <= visit.day <= last:
            found[visit.unit_id].update(("visits", f"visits_{visit.kind}"))
            found[visit.unit_id]["people_taught"] += len(visit.ages)
            found[visit.unit_id].update(f"taught_{band}" for band in visit.ages)
            found[visit.unit_id].update(["visits_late"] if visit.recorded - visit.day > LATE else [])
            found[visit.unit_id].update(visit.codes)
    for unit_id in _active(facts, first, last):
        found[unit_id]["met_team"] += 1
    for kind, unit_id, able in facts.places.able(last):
        found[unit_id].update(_covered(kind, able))
    for kind, unit_id in facts.places.met(first, last):
        found[unit_id][f"met_{kind}"] += 1
    _training(facts, found, first, last)
    for unit_id, figure, n in facts.affairs.count(first, last):
        found[unit_id][figure] += n
    return found


def _team(team: Team) -> Figures:
    found = Counter({f"teams_{team.kind}": 1, "seats": len(team.seats)})
    found.update([f"teams_{team.kind}_pilot"] if team.pilot else [])
    found.update([f"teams_{team.kind}_suspended"] if team.suspended else [])
    found.update(["once_renamed"] if team.renamed else [])
    found.update(["once_reconstituted"] if team.reconstituted else [])
    for seat in team.seats.values():
        found[{"leader": "leaders", "deputy": "deputies", "member": "members"}[seat["role"]]] += 1
        found.update([f"seats_affiliation:{seat['affiliation']}"] if seat["affiliation"] else [])
    return found


def _active(facts: Facts, first: date, last: date) -> Iterator[str]:
    """For each team that made visits in the period, the unit that it served when it did so first."""
    firsts: dict[str, date] = {}
    for visit in facts.places.counted:
        if first <= visit.day <= last:
            firsts[visit.team_id] = min(visit.day, firsts.get(visit.team_id, visit.day))
    for team_id, day in firsts.items():
        yield facts.teams.unit_of(team_id, day)


def _covered(kind: str, able: Able) -> Iterator[str]:
    """The names of the columns in which a place counts."""
    for (band, skill), attained in able.items():
        if band is None or kind == "household":
            for level in LEVELS[:attained]:
                parts = ("covered", "" if kind == "household" else kind, skill, level, band)
                yield "_".join(part for part in parts if part)


def _training(facts: Facts, found: dict[str, Figures], first: date, last: date) -> None:
    """A human being counts once, where its first day of the period was recorded first."""
    firsts: dict[str, tuple[date, str]] = {}
    for human, unit_id, day, mode, organiser, course in facts.training.attendances():
        if first <= day <= last:
            found[unit_id].update(("attendances", f"attendances_mode:{mode}", f"attendances_course:{course}"))
            found[unit_id].update([f"attendances_organiser:{organiser}"] if organiser else [])
            if human not in firsts or day < firsts[human][0]:
                firsts[human] = (day, unit_id)
    for _, unit_id in firsts.values():
        found[unit_id]["met_person"] += 1


def spread(facts: Facts, leaves: Mapping[str, Figures], map_day: date) -> dict[str, Figures]:
    """Unit of the map → the sum of the facts that lie in it there, from village to nation."""
    found: dict[str, Figures] = defaultdict(Counter)
    for leaf, figures in leaves.items():
        placed = facts.tree.place(leaf, map_day)
        if placed is None and figures.keys() <= {"met_team"}:
            # A team that made visits and was never established: it stands under its own id.
            found[next(facts.tree.existing(map_day, "nation"))].update(figures)
            continue
        if placed is None:
            raise Difference(f"no place for the facts of unit {leaf} on the map of {map_day}")
        for unit_id in facts.tree.ancestors(placed.unit_id, map_day):
            found[unit_id].update(figures)
    return found


def _add_gained(facts: Facts, counted: dict[str, Figures], first: date, last: date, map_day: date) -> None:
    """To the units that something is counted of."""
    gained: dict[str, Figures] = defaultdict(Counter)
    for day, sign in ((last, 1), (first - timedelta(days=1), -1)):
        for kind, unit_id, able in facts.places.able(day):
            covered = set(_covered(kind, able))
            gained[unit_id].update({name: sign for name, stock in GAINED.items() if stock in covered})
    for unit_id, figures in spread(facts, gained, map_day).items():
        if unit_id in counted:
            counted[unit_id].update(figures)


def _campaign(facts: Facts, first: date, last: date, map_day: date) -> dict[str, Figures]:
    """What a board says of each unit of its map."""
    counted = spread(facts, count(facts, first, last), map_day)
    _add_gained(facts, counted, first, last, map_day)
    return {unit: _told(figures) for unit, figures in counted.items()}


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


def _told(figures: Figures) -> Figures:
    """As the reports name them."""
    covered = {f"covered_{skill}": figures[f"covered_{skill}_does"] for skill in (*SKILLS, "all")}
    named = {name: figures[name] for name in ("teams_commune", "teams_village", "seats", "visits", "people_taught")}
    named["teams"] = named["teams_commune"] + named["teams_village"]
    named |= {"households_reached": figures["met_household"], "people_trained": figures["met_person"]}
    same = ("attendances", "people", "serving_trained", "obligations_overdue", *GAINED, *units.COUNTED)
    named |= {name: figures[name] for name in same}
    return Counter(covered | named)


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

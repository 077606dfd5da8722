"""A small country with a reform, events about it, and a naive recount: what reporting's figures must equal.

Events are written into the mirror as the bus would have brought them, in the public contracts' shape.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4
from zlib import crc32

import orjson
from sqlalchemy import Engine, text

from services.reporting.domain import FIGURES, FIRST, SKILLS, STOCKS, Tally, count, records
from services.reporting.domain.tally import Key, Known
from services.reporting.placing import EVERYWHERE, place
from shared.units import UnitTree
from tests.unit_events import Event, abolished, established, reparented

NATION = "vn"
START, REFORM, AFTER = date(2022, 1, 1), date(2025, 7, 1), date(2026, 3, 1)
LOG_IDS = {source: UUID(int=n) for n, source in enumerate(("teams", "visits", "training"), 1)}


def country(rng: random.Random) -> list[Event]:
    """Three provinces become two; communes are merged, split or lost; some villages follow, others are not reported."""
    old: list[Event] = [established(NATION, "nation", None, START)]
    reform: list[Event] = [established(p, "province", NATION, REFORM) for p in ("q1", "q2")]
    communes, villages = [], []
    for p in ("p1", "p2", "p3"):
        heir = "q2" if p == "p3" else "q1"
        old.append(established(p, "province", NATION, START))
        reform.append(abolished(p, REFORM, heir))
        for d in (f"{p}-d1", f"{p}-d2"):
            old.append(established(d, "district", p, START))
            reform.append(abolished(d, REFORM))
            for n in range(1, 4):
                old.append(established(f"{d}-c{n}", "commune", d, START))
                communes.append((f"{d}-c{n}", heir))
                for v in range(1, 3):
                    villages.append((f"{d}-c{n}-v{v}", f"{d}-c{n}", heir))
    old += [established(v, "village", c, START) for v, c, _ in villages]
    heirs = {q: [f"{q}-n{n}" for n in range(1, 5)] for q in ("q1", "q2")}
    reform += [established(c, "commune", q, REFORM) for q, new in heirs.items() for c in new]
    for commune, q in communes:
        chosen = rng.sample(heirs[q], rng.choice((0, 1, 1, 2)))
        reform.append(abolished(commune, REFORM, *chosen, unknown=not chosen))
    moved = [(v, q) for v, _, q in villages if rng.random() < 0.6]
    reform += [reparented(v, rng.choice(heirs[q]), REFORM) for v, q in moved]
    merged = rng.sample(villages, 4)
    later = [established("late-village", "village", "q1-n1", AFTER)]
    later += [abolished(v, AFTER, "late-village") for v, _, q in merged if q == "q1"]
    return [*old, *reform, *later]


@dataclass
class Facts:
    """Raw facts, and the events a service would have published about them, in order."""

    visits: list[tuple[str, str, date, int, bool]] = field(default_factory=list)
    """household, unit, day, people taught, everybody does everything"""
    attendances: list[tuple[str, str, date]] = field(default_factory=list)
    teams: list[tuple[str, str, date, int, int]] = field(default_factory=list)
    """kind, unit, effective, teams and seats more or less"""
    events: list[tuple[str, int, str, Event]] = field(default_factory=list)
    """source, partition, stream, event"""


def reach(known: set[date], day: date) -> list[dict[str, Any]]:
    if day in known:
        return []
    before, after = [d for d in known if d < day], [d for d in known if d > day]
    previous = str(max(before)) if before else None
    rows = [{"day": str(day), "previous_day": previous, "n": 1}]
    if after:
        following = str(min(after))
        rows += [{"day": following, "previous_day": previous, "n": -1}]
        rows += [{"day": following, "previous_day": str(day), "n": 1}]
    known.add(day)
    return rows


def visited(facts: Facts, household: str, unit: str, day: date, known: set[date], people: int, skills: bool) -> None:
    covered = []
    if skills and not any(h == household and done for h, _, _, _, done in facts.visits):
        covered = [{"to": dict.fromkeys((*SKILLS, "all"), "does")}]
    data = {
        "visit_id": str(uuid4()),
        "place_id": household,
        "place_kind": "household",
        "unit_id": unit,
        "day": str(day),
    }
    data |= {"team_id": f"team-{household}", "people_taught": people, "ages": {"25_39": people} if people else {}}
    data |= {"platforms": ["vneid"] if people else [], "outcomes": [], "obstacle": None}
    data |= {"reach": reach(known, day), "covered": covered, "flags": []}
    facts.visits.append((household, unit, day, people, skills))
    facts.events.append(("visits", crc32(household.encode()) % 4, f"place:{household}", ("VisitRecorded", data)))


def attended(facts: Facts, person: str, unit: str, day: date, known: dict[date, str]) -> None:
    rows = reach(set(known), day)
    known.setdefault(day, unit)
    rows = [row | {"unit_id": known[date.fromisoformat(row["day"])]} for row in rows]
    data = {"person_id": person, "unit_id": unit, "day": str(day), "reach": rows}
    data |= {"session_id": "s", "course_id": "c", "part": "day", "mode": "online", "organiser": None}
    facts.attendances.append((person, unit, day))
    facts.events.append(("training", 0, f"trainee:{person}", ("AttendanceRecorded", data)))


def a_seat(team_id: str, n: int) -> dict[str, Any]:
    return {"seat_id": f"{team_id}-{n}", "person_id": f"person-{n}", "role": "member", "affiliation": None}


def team(facts: Facts, team_id: str, kind: str, unit: str, effective: date, seats: int) -> None:
    data = {"team_id": team_id, "kind": kind, "unit_id": unit, "name": team_id, "effective": str(effective)}
    data |= {"pilot": False, "seats": [a_seat(team_id, n) for n in range(seats)]}
    facts.teams.append((kind, unit, effective, 1, seats))
    facts.events.append(("teams", 0, f"team:{team_id}", ("TeamEstablished", data)))


def dissolved(facts: Facts, team_id: str, kind: str, unit: str, effective: date, seats: int) -> None:
    data = {"team_id": team_id, "unit_id": unit, "effective": str(effective), "seats": seats}
    facts.teams.append((kind, unit, effective, -1, -seats))
    facts.events.append(("teams", 0, f"team:{team_id}", ("TeamDissolved", data)))


def carried(facts: Facts, kind: str, seats: int, gone: tuple[str, str], kept: tuple[str, str], day: date) -> None:
    """A team (id and unit) goes up in another one with all its seats."""
    counts = [(kind, kept[1], day, 0, seats), (kind, gone[1], day, -1, -seats)]
    _carried(facts, gone[0], counts, gone, kept, (False, True))


def carried_back(facts: Facts, kind: str, seats: int, gone: tuple[str, str], kept: tuple[str, str], day: date) -> None:
    """The undoing of ``carried``."""
    counts = [(kind, gone[1], day, 1, seats), (kind, kept[1], day, 0, -seats)]
    _carried(facts, gone[0], counts, kept, gone, (True, True))


def _carried(
    facts: Facts,
    of: str,
    counts: list[tuple[str, str, date, int, int]],
    source: tuple[str, str],
    target: tuple[str, str],
    exist: tuple[bool, bool],
) -> None:
    day, seats = counts[0][2], abs(counts[0][4])
    moved = [{"seat": a_seat(of, n), "from_team_id": source[0], "to_team_id": target[0]} for n in range(seats)]
    teams = [{"team_id": t, "exists": exists} for (t, _), exists in zip((source, target), exist, strict=True)]
    rows = [{"kind": k, "unit_id": u, "day": str(d), "teams": n, "seats": m} for k, u, d, n, m in counts]
    data = {"unit_id": target[1], "effective": str(day), "teams": teams, "carried": moved, "counts": rows}
    data |= {"joined": [], "released": [], "restored": []}
    facts.teams += counts
    facts.events.append(("teams", 0, f"rearrangement:{uuid4()}", ("TeamsRearranged", data)))


def some_facts(rng: random.Random, tree: UnitTree, visits: int, strangers: bool = True) -> Facts:
    """Random facts at villages and communes that exist on their day, and a few at a unit nobody knows."""
    facts = Facts()
    homes: dict[str, tuple[str, set[date]]] = {}
    people: dict[str, dict[date, str]] = {}
    for n in range(visits):
        day = START + timedelta(days=rng.randrange(0, 1700, 7))
        units = [*tree.existing(day, "village"), *list(tree.existing(day, "commune"))[:4]]
        household = f"h{rng.randrange(visits // 2 + 1)}"
        unit, known = homes.setdefault(household, (rng.choice(sorted(units)), set()))
        visited(facts, household, unit, day, known, rng.randrange(4), rng.random() < 0.3)
        if n % 3 == 0:
            person = f"person-{rng.randrange(visits // 4 + 1)}"
            attended(facts, person, rng.choice(sorted(units)), day, people.setdefault(person, {}))
        if n % 5 == 0:
            kind, unit = ("commune", "p1-d1-c1") if n % 2 else ("village", rng.choice(sorted(units)))
            team(facts, f"t{n}", kind, unit, day, rng.randrange(3, 8))
            if n % 15 == 0:
                seats = facts.teams[-1][4]
                dissolved(facts, f"t{n}", kind, unit, day + timedelta(days=100), seats)
            elif n % 20 == 0:
                # Its seats go to a team elsewhere, and come back.
                seats, later, other = facts.teams[-1][4], day + timedelta(days=100), rng.choice(sorted(units))
                team(facts, f"u{n}", kind, other, day, 3)
                gone, kept = (f"t{n}", unit), (f"u{n}", other)
                carried(facts, kind, seats, gone, kept, later)
                carried_back(facts, kind, seats, gone, kept, later + timedelta(days=50))
    for type_, duplicate in (("PeopleJoined", 2), ("PeopleJoined", 3), ("PeopleSeparated", 3)):
        told = {"person_id": "person-1", "duplicate_id": f"person-{duplicate}", "reason": "x", "document_id": None}
        facts.events.append(("teams", 0, f"pair:{duplicate}", (type_, told)))
    if strangers:
        visited(facts, "stranger", "unheard-of", date(2025, 1, 1), set(), 2, True)
    return facts


# --- counting without a database ---------------------------------------------------------------------------------


@dataclass
class Counted:
    """The read model in memory: ``add`` one batch after the other."""

    tally: Tally = field(default_factory=Tally)
    known: dict[Key, Known] = field(default_factory=dict)

    def add(self, *events: Event) -> Counted:
        batch = Tally({team: known["kind"] for (_, team), known in self.known.items() if "kind" in known})
        for type_, data in events:
            count(batch, type_, data)
        for phase in records.PHASES:
            known = {key: orjson.loads(orjson.dumps(self.known.get(key, {}))) for key in records.told(batch, phase)}
            self.known |= records.settle(batch, phase, known)
        assert not batch.told
        self.tally.add(batch)
        return self

    def on(self, unit: str, day: str, *subjects: str) -> dict[str, int]:
        """What changes in a unit on a day, of figures whose names begin so."""
        row = {FIGURES[at]: n for at, n in sorted(self.tally.figures.get((unit, day), {}).items()) if n}
        return {name: n for name, n in row.items() if name.startswith(subjects or "")}

    def as_of(self, unit: str, day: str, *subjects: str) -> dict[str, int]:
        """The stocks of a unit on a day, of figures whose names begin so."""
        found: Counter[str] = Counter()
        for where, when in self.tally.figures:
            if where == unit and when <= day:
                found.update(self.on(where, when, *subjects))
        return {name: n for name, n in found.items() if n and name in STOCKS}

    def keyed(self, unit: str, figure: str, until: str = "9999") -> dict[str, int]:
        found: Counter[str] = Counter()
        for (where, what, key, day), n in self.tally.keyed.items():
            if (where, what) == (unit, figure) and day <= until:
                found[key] += n
        return {key: n for key, n in found.items() if n}

    def met(self, unit: str, kind: str, first: str, last: str) -> int:
        """How many of that kind were met in a period."""
        pairs = sum(
            n
            for (where, of, day, previous), n in self.tally.reached.items()
            if (where, of) == (unit, kind) and first <= day <= last and previous < first
        )
        days = [day for where, day in self.tally.figures if where == unit and first <= day <= last]
        return pairs + sum(self.on(unit, day).get(FIRST[kind], 0) for day in days)

    def everything(self) -> dict[Any, Any]:
        """All numbers that are not zero, by whatever they are numbers of."""
        found: dict[Any, Any] = {key: row for key in self.tally.figures if (row := self.on(*key))}
        found |= {("reach", *key): n for key, n in self.tally.reached.items() if n}
        return found | {("keyed", *key): n for key, n in self.tally.keyed.items() if n}


# --- the mirror --------------------------------------------------------------------------------------------------


class MirrorWriter:
    """Appends public events to ``bus.mirror``, dense per partition, from sources that are reached all the time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._heads: dict[tuple[str, int], int] = {}
        with engine.begin() as tx:
            for source, log_id in LOG_IDS.items():
                tx.execute(text(_KNOWN), {"s": source, "l": log_id})

    def add(self, events: Iterable[tuple[str, int, str, Event]]) -> None:
        rows = []
        for source, partition, stream, (type_, data) in events:
            position = self._heads[source, partition] = self._heads.get((source, partition), 0) + 1
            rows.append(
                (source, LOG_IDS[source], partition, position, type_, stream, orjson.dumps(data).decode(), uuid4())
            )
        with self._engine.begin() as tx:
            connection = tx.connection.driver_connection
            with connection.cursor() as cursor, cursor.copy(_COPY) as copy:  # type: ignore[union-attr]  # psycopg's own
                for row in rows:
                    copy.write_row((*row, 1, 1, b"\0" * 16, "2026-01-01T00:00:00Z"))

    def heads(self) -> dict[tuple[str, int], int]:
        return dict(self._heads)


_KNOWN = "INSERT INTO bus.sources (source, log_id, checked_at) VALUES (:s, :l, now() + interval '1 day')"
_COPY = """COPY bus.mirror (source, log_id, partition, position, type, stream_id, data, command_id, ordinal, version,
                            hash, recorded_at) FROM STDIN"""


def reached(engine: Engine, source: str, seconds: int | None) -> None:
    """As if a source had been asked for its heads so many seconds from now, or never."""
    with engine.begin() as tx:
        tx.execute(
            text("UPDATE bus.sources SET checked_at = now() + make_interval(secs => :n) WHERE source = :s"),
            {"n": seconds, "s": source},
        )


def unit_rows(events: Iterable[Event]) -> Iterator[tuple[str, int, str, Event]]:
    return (("teams", 0, f"unit:{event[1]['unit_id']}", event) for event in events)


# --- the recount -------------------------------------------------------------------------------------------------


def recount(
    facts: Facts, tree: UnitTree, unit: str, map_day: date, first: date, last: date, as_of: date
) -> dict[str, Any]:
    """The figures of a unit on a map by looking at every fact again."""

    def inside(leaf: str) -> bool:
        where = place(tree, leaf, map_day)
        return (EVERYWHERE if unit == NATION else unit) in (where.home, *where.above)

    here = [fact for fact in facts.visits if inside(fact[1])]
    period = [fact for fact in here if first <= fact[2] <= last]
    covered = len({fact[0] for fact in here if fact[4] and _first_done(facts, fact[0]) <= as_of})
    attendances = [fact for fact in facts.attendances if inside(fact[1]) and first <= fact[2] <= last]
    teams = [fact for fact in facts.teams if inside(fact[1]) and fact[2] <= as_of]
    by_kind = {kind: sum(fact[3] for fact in teams if fact[0] == kind) for kind in ("commune", "village")}
    return {
        "teams": sum(by_kind.values()),
        "teams_commune": by_kind["commune"],
        "teams_village": by_kind["village"],
        "seats": sum(fact[4] for fact in teams),
        "visits": len(period),
        "people_taught": sum(fact[3] for fact in period),
        "households_reached": len({fact[0] for fact in period}),
        **{f"covered_{skill}": covered for skill in (*SKILLS, "all")},
        "attendances": len(attendances),
        "people_trained": sum(_counts(facts, fact, first) for fact in attendances),
    }


def _first_done(facts: Facts, household: str) -> date:
    # The events of this kit cover a household on the day of the first recorded visit that taught everything.
    return next(day for h, _, day, _, done in facts.visits if h == household and done)


def _counts(facts: Facts, attendance: tuple[str, str, date], first: date) -> bool:
    """Whether the person counts by this attendance: the first recorded one of the first day in the period."""
    person, _, _ = attendance
    days = [fact for fact in facts.attendances if fact[0] == person and fact[2] >= first]
    earliest = min(fact[2] for fact in days)
    return next(fact for fact in days if fact[2] == earliest) is attendance

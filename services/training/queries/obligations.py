"""Who has to be trained until when, as of a day: seats × rules − training, worked out when it is asked.

Nothing of this is stored, so a reform, a merger or a joined duplicate changes no record, only where somebody is listed:
where the team stands on the map of the day. A person with several seats is listed once per rule, at the seat below the
unit asked for that is due first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, text

from services.training.domain.dues import State
from services.training.domain.rules import Terms
from services.training.projections.obligations import Obligations
from services.training.projections.register import Register
from services.training.projections.seats import Seats
from services.training.queries.places import Area, Below, Path, Stop, stops, whole
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree

CHUNK = 25
"""Units looked at together: with their seats, about what fills a page."""
MOST_UNITS = 1_500
"""Units looked at for a page, which may be shorter than asked for."""

_HOLDS = "s.since <= :day AND (s.until IS NULL OR s.until > :day)"
# Round trips are what a page costs, so what goes together is asked together. ``OFFSET 0`` has each person looked up by
# key, and by nothing else: a planner that expects more people than there are on a page would read everybody's rows, and
# one that is told the day too may walk all sessions for each person, if the table was written since it was vacuumed.
_RULES = text(
    f"""SELECT (SELECT min(position) FROM bus.cursors WHERE source = '' AND subscription = ANY(:own)) AS own,
               (SELECT min(position) FROM bus.cursors WHERE source = 'teams' AND subscription = :registry) AS registry,
               s.rule_id::text AS rule_id, s.unit_id, s.first, s.terms
          FROM (SELECT) always LEFT JOIN read.rules s ON {_HOLDS} ORDER BY s.rule_id"""
)
_SEATS = text(
    f"""WITH here AS (
            SELECT DISTINCT coalesce(j.kept_id, s.person_id) AS person_id
              FROM read.seats s LEFT JOIN read.joins j ON j.duplicate_id = s.person_id
             WHERE s.unit_id = ANY(:units) AND {_HOLDS}
        ), ids AS (
            SELECT person_id AS kept, person_id AS id FROM here
            UNION ALL SELECT h.person_id, j.duplicate_id FROM here h JOIN read.joins j ON j.kept_id = h.person_id
        )
        SELECT ids.kept::text AS person_id, s.seat_id, s.team_id, s.kind, s.role, s.unit_id, s.appointed, s.in_role
          FROM ids, LATERAL (SELECT * FROM read.seats s WHERE s.person_id = ids.id OFFSET 0) s WHERE {_HOLDS}"""
)
_IDS = """WITH ids AS (
            SELECT p AS kept, p AS id FROM unnest(cast(:people AS uuid[])) p
            UNION ALL
            SELECT j.kept_id, j.duplicate_id FROM read.joins j WHERE j.kept_id = ANY(cast(:people AS uuid[]))
        )"""
KNOWN = text(
    f"""{_IDS}
        SELECT ids.kept::text AS person_id, item, max(a.day) AS day
          FROM ids,
               LATERAL (SELECT * FROM read.attendance a WHERE a.person_id = ids.id OFFSET 0) a,
               LATERAL (SELECT * FROM read.lessons l WHERE l.session_id = a.session_id OFFSET 0) l,
               unnest(l.topics || l.course_id::text) item
         WHERE a.day <= :day AND item = ANY(:items) GROUP BY 1, 2
        UNION ALL
        SELECT DISTINCT ids.kept::text, s.rule_id::text, cast(NULL AS date)
          FROM ids, LATERAL (SELECT * FROM read.exemptions s WHERE s.person_id = ids.id OFFSET 0) s WHERE {_HOLDS}"""
)
# The same as a page, for any number of people at once: so many with the same days.
_COUNTED = """WITH serving AS MATERIALIZED (
            SELECT coalesce(j.kept_id, s.person_id) AS person_id,
                   greatest(cast(:first AS date), min(CASE WHEN :by_role THEN s.in_role ELSE s.appointed END)) AS since
              FROM read.seats s LEFT JOIN read.joins j ON j.duplicate_id = s.person_id
             WHERE {where} {holds} AND (cast(:kind AS text) IS NULL OR s.kind = :kind)
               AND (NOT :by_role OR s.role = ANY(:roles))
             GROUP BY 1
        ), ids AS (
            SELECT person_id AS kept, person_id AS id FROM serving
            UNION ALL SELECT s.person_id, j.duplicate_id FROM serving s JOIN read.joins j ON j.kept_id = s.person_id
        ), learnt AS (
            SELECT ids.kept, l.item, max(a.day) AS day
              FROM ids JOIN read.attendance a ON a.person_id = ids.id
              JOIN (SELECT session_id, item FROM read.lessons, unnest(topics || course_id::text) item
                     WHERE item = ANY(:items)) l ON l.session_id = a.session_id
             WHERE a.day <= :day AND a.day >= coalesce(cast(:counts_from AS date), '-infinity')
             GROUP BY 1, 2
        ), trained AS (
            SELECT kept, CASE WHEN NOT :all_of_it THEN max(day) WHEN count(*) = :wanted THEN min(day) END AS day
              FROM learnt GROUP BY 1
        ), exempt AS (
            SELECT DISTINCT ids.kept FROM ids JOIN read.exemptions s ON s.person_id = ids.id
             WHERE s.rule_id = cast(:rule_id AS uuid) AND {holds}
        )
        SELECT s.since, t.day AS trained, e.kept IS NOT NULL AS exempt, count(*) AS people
          FROM serving s LEFT JOIN trained t ON t.kept = s.person_id LEFT JOIN exempt e ON e.kept = s.person_id
         GROUP BY 1, 2, 3"""
_ALL = text(_COUNTED.format(where="", holds=_HOLDS))
_SOME = text(_COUNTED.format(where="s.unit_id = ANY(:units) AND", holds=_HOLDS))


@dataclass(frozen=True, slots=True)
class InForce:
    """A rule as it is on a day; ``first``: when it was first in force."""

    rule_id: str
    unit_id: str
    first: date
    terms: Terms


class Obligation(msgspec.Struct, frozen=True, gc=False):
    """Hundreds are made for a page; no dataclass, for those take longer to make."""

    person_id: str
    rule_id: str
    state: State
    due: date
    since: date
    trained_on: date | None
    seat_id: str
    team_id: str
    team_kind: str
    role: str
    unit_id: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """``after``: the place behind which the page begins."""

    unit_id: str
    day: date
    state: State | None = None
    rule_id: str | None = None
    after: tuple[Path, str, str] | None = None
    limit: int = 100


@dataclass(slots=True)
class Page:
    found: list[Obligation] = field(default_factory=list)
    next: tuple[Path, str, str] | None = None
    position: str = ""
    registry_position: str = ""


class ObligationQueries:
    """``lookups``: outside any transaction, for pages (``Kit.lookups``); ``engine``: for counting."""

    def __init__(self, engine: Engine, lookups: Engine, directory: UnitDirectory) -> None:
        self._engine, self._lookups, self._directory = engine, lookups, directory

    def rules(self, day: date) -> list[InForce]:
        with self._lookups.connect() as tx:
            return begun(tx, day, None)[1]

    def page(self, wanted: Wanted) -> Page:
        """Obligations below a unit in the order of its tree, then by person and rule."""
        tree = self._directory.tree()
        with self._lookups.connect() as tx:
            page, rules = begun(tx, wanted.day, wanted.rule_id)
            looked = Looked(tx, tree, wanted.unit_id, wanted.day, rules)
            walk = stops(tree, wanted.unit_id, wanted.day, wanted.after[0] if wanted.after else ())
            seen = 0
            while chunk := list(islice(walk, CHUNK)):
                seen += len(chunk)
                for place, one in looked.at(chunk):
                    if (wanted.after and place <= wanted.after) or wanted.state not in (None, one.state):
                        continue
                    if len(page.found) == wanted.limit:
                        return page
                    page.found.append(one)
                    page.next = place
                if seen >= MOST_UNITS:
                    page.next = (chunk[-1].path, "~", "")  # behind every id
                    return page
        page.next = None
        return page

    def summary(self, unit_id: str, day: date, rule_id: str | None = None) -> tuple[dict[str, Counter[str]], Page]:
        """Rule → people by state. Whoever falls under several rules counts in each."""
        found: dict[str, Counter[str]] = {}
        tree = self._directory.tree()
        with self._lookups.connect() as tx:
            page, rules = begun(tx, day, rule_id)
        for rule in rules:
            units = _units(tree, unit_id, rule, day)
            if units is None or units:
                with self._engine.begin() as tx:
                    tx.execute(text("SET LOCAL work_mem = '64MB'"))
                    found[rule.rule_id] = _counted(tx, rule, units, day)
        return {rule: counts for rule, counts in found.items() if counts}, page


def begun(tx: Connection, day: date, rule_id: str | None) -> tuple[Page, list[InForce]]:
    """An empty page that knows how far the tables have come, and the rules of the day."""
    own = [Register.name, Obligations.name]
    rows = tx.execute(_RULES, {"day": day, "own": own, "registry": Seats.name}).all()
    rules = [
        InForce(row.rule_id, row.unit_id, row.first, msgspec.convert(row.terms, Terms))
        for row in rows
        if row.rule_id is not None and rule_id in (None, row.rule_id)
    ]
    page = Page(position=f"0:{rows[0].own or 0}", registry_position=f"0:{rows[0].registry or 0}")
    return page, rules


class Seat(NamedTuple):
    """A row of ``_SEATS``."""

    person_id: str
    seat_id: str
    team_id: str
    kind: str
    role: str
    unit_id: str
    appointed: date
    in_role: date


class Looked:
    """Obligations of one question, some units at a time."""

    def __init__(self, tx: Connection, tree: UnitTree, root: str, day: date, rules: Sequence[InForce]) -> None:
        self._tx, self._day = tx, day
        self._below = Below(tree, root, day)
        self._rules = [(rule, Area(tree, rule.unit_id, day)) for rule in rules]
        self._items = sorted({item for rule in rules for item in rule.terms.items})

    def at(self, chunk: Sequence[Stop]) -> Iterator[tuple[tuple[Path, str, str], Obligation]]:
        """Those listed at these stops, in order."""
        stop_of = {unit_id: stop.path for stop in chunk for unit_id in stop.sources}
        seats: dict[str, list[Seat]] = {}
        for row in self._tx.execute(_SEATS, {"units": list(stop_of), "day": self._day}):
            seat = Seat._make(row)
            if seat.unit_id in stop_of or self._below.holds(seat.unit_id):
                seats.setdefault(seat.person_id, []).append(seat)
        found = []
        learnt, exempt = self._known(seats) if seats and self._rules else ({}, set())
        for person_id, own in seats.items():
            for rule, area in self._rules:
                one = self._one(rule, area, own, learnt.get(person_id, {}), (person_id, rule.rule_id) in exempt)
                if one is not None and one.unit_id in stop_of:
                    found.append(((stop_of[one.unit_id], person_id, rule.rule_id), one))
        yield from sorted(found, key=itemgetter(0))

    def _known(self, people: Iterable[str]) -> tuple[dict[str, dict[str, date]], set[tuple[str, str]]]:
        asked = {"people": uuids(people), "day": self._day, "items": self._items}
        learnt: dict[str, dict[str, date]] = {}
        exempt: set[tuple[str, str]] = set()
        for person_id, what, day in self._tx.execute(KNOWN, asked):
            if day is None:
                exempt.add((person_id, what))
            else:
                learnt.setdefault(person_id, {})[what] = day
        return learnt, exempt

    def _one(
        self, rule: InForce, area: Area, own: Sequence[Seat], learnt: dict[str, date], exempt: bool
    ) -> Obligation | None:
        terms = rule.terms
        concerned = [
            (terms.since(seat.appointed, seat.in_role, rule.first), seat.seat_id, seat)
            for seat in own
            if (terms.team_kind is None or terms.team_kind == seat.kind)
            and (not terms.roles or seat.role in terms.roles)
            and area.holds(seat.unit_id)
        ]
        if not concerned:
            return None
        since, _, seat = min(concerned) if len(concerned) > 1 else concerned[0]
        trained = terms.trained(learnt)
        due = terms.due.day(since, trained)
        if due is None:
            return None
        state = State.EXEMPT if exempt else terms.due.state(due, trained, self._day)
        return Obligation(
            seat.person_id,
            rule.rule_id,
            state,
            due,
            since,
            trained,
            seat.seat_id,
            seat.team_id,
            seat.kind,
            seat.role,
            seat.unit_id,
        )


def uuids(ids: Iterable[str]) -> str:
    """PostgreSQL's text of an array. Given a list, the driver would look at each whether it needs quotes."""
    return "{" + ",".join(ids) + "}"


def _units(tree: UnitTree, root: str, rule: InForce, day: date) -> list[str] | None:
    """The units below the root in the rule's area; None: all there are."""
    area = Area(tree, rule.unit_id, day)
    if whole(tree, root, day) and whole(tree, rule.unit_id, day):
        return None
    top = rule.unit_id if tree.exists(rule.unit_id, day) and tree.covers((root,), rule.unit_id, day) else root
    found = (unit_id for stop in stops(tree, top, day) for unit_id in stop.sources)
    return [unit_id for unit_id in found if area.holds(unit_id)]


def _counted(tx: Connection, rule: InForce, units: list[str] | None, day: date) -> Counter[str]:
    terms = rule.terms
    asked = {
        "rule_id": rule.rule_id,
        "first": rule.first,
        "day": day,
        "kind": terms.team_kind,
        "by_role": bool(terms.roles),
        "roles": [role.value for role in terms.roles],
        "items": list(terms.items),
        "wanted": len(terms.items),
        "all_of_it": terms.all_of_it,
        "counts_from": terms.counts_from,
    }
    rows = tx.execute(_ALL, asked) if units is None else tx.execute(_SOME, asked | {"units": units})
    counts: Counter[str] = Counter()
    for row in rows:
        due = terms.due.day(row.since, row.trained)
        if due is not None:
            state = State.EXEMPT if row.exempt else terms.due.state(due, row.trained, day)
            counts[state] += row.people
    return counts

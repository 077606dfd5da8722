"""What a place adds up to, as rows, and how an event changes them.

Reached and covered places are not additive over days, so every event of a place carries the *changes* it caused, and
readers only add:

- ``reach``: rows (day, previous day) of consecutive visited days. Summing ``n`` where ``day`` lies in [from, to] and
  ``previous_day`` is None or before ``from`` counts the place once if it was visited in the period, for any period.
- ``covered``: the place's best levels that begin and end on a day, of anybody in it and in each age band. A place is
  covered at least at level L as of a day: the entries of L or better in ``to`` of the rows until then, less those in
  ``from``.

Both are functions of the whole place: a change is the difference of the rows before and after. So visits may come late,
in any order, twice on a day, be corrected or voided, and places may move, close, open again, merge and separate. A row
stands in the unit in which the place stood on the row's own day; moving ends all levels in the one unit and begins them
in the other, closing ends them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple, TypedDict

from services.visits.domain.levels import ANYBODY, Band, differing, groups, named, together
from services.visits.domain.state import Place, PlaceState, Taught
from services.visits.domain.vocabulary import AgeBand, Level, PlaceKind


class Reach(TypedDict, total=False):
    day: date
    previous_day: date | None
    n: int
    unit_id: str
    place_kind: PlaceKind


"""Stored as published. ``n`` is +1 or −1 of the row (day, previous visited day); the unit and the kind are those of the
event unless the row names its own."""

Covered = TypedDict(
    "Covered",
    {
        "to": dict[str, Level],
        "from": dict[str, Level],
        "age_band": AgeBand,
        "day": date,
        "unit_id": str,
        "place_kind": PlaceKind,
    },
    total=False,
)
"""Stored as published: on a day the levels in ``from`` end and those in ``to`` begin. Without ``age_band`` they are the
best of anybody in the place, and a skill may be ``all``; day, unit and kind are those of the event unless the row names
its own. A row taken back is the row with ``from`` and ``to`` swapped."""


class Home(NamedTuple):
    """What rows need not repeat, because the event says it. ``day`` None: the event has none."""

    kind: PlaceKind
    unit_id: str
    day: date | None = None


class Changes(NamedTuple):
    reach: tuple[Reach, ...]
    covered: tuple[Covered, ...]


_Link = tuple[PlaceKind, str, date, date | None]
_Rung = tuple[date, Band, str, PlaceKind]
_Ends = tuple[int, int]
"""Of a group: the levels that end and those that begin."""


def first_visit(visit: Taught) -> Changes:
    """The changes of the first visit to a place, as nearly every one is."""
    return Changes(({"day": visit.day, "previous_day": None, "n": 1},), _from_nothing(visit.bits))


@lru_cache(maxsize=16_384)
def _from_nothing(bits: int) -> tuple[Covered, ...]:
    return tuple([_begun(band, group) for band, group in groups(bits)])


def _begun(band: Band, group: int) -> Covered:
    return {"to": named(group)} if band is ANYBODY else {"to": named(group), "age_band": band}


def one_more(before: Place, after: Place, visit: Taught, home: Home) -> Changes:
    """The changes of a further visit; ``after`` has it, ``before`` has not."""
    earlier = before.standing
    last = max((v.day for v in earlier), default=date.max)
    if last < visit.day and not (before.moves or before.doors):
        return _next(together(v.bits for v in earlier), visit, last)
    reach = () if any(v.day == visit.day for v in earlier) else _reach_changes(before, after, home)
    known = together(v.bits for v in earlier if v.day <= visit.day)
    return Changes(reach, _covered_changes(before, after, home) if visit.bits & ~known else ())


def _next(known: int, visit: Taught, last: date) -> Changes:
    """The place stands where it stood, and this is its latest day."""
    before, after = dict(groups(known)), groups(known | visit.bits)
    ends = [(band, *differing(before.get(band, 0), group)) for band, group in after]
    covered = [_changed(band, named(ended), named(begun)) for band, ended, begun in ends if begun]
    return Changes(({"day": visit.day, "previous_day": last, "n": 1},), tuple(covered))


def changes(before: PlaceState, after: PlaceState, home: Home) -> Changes:
    """Of any change. What is no ``Place`` has no rows."""
    return Changes(_reach_changes(before, after, home), _covered_changes(before, after, home))


# --- reach -----------------------------------------------------------------------------------------------------------


def _links(place: PlaceState) -> set[_Link]:
    if not isinstance(place, Place):
        return set()
    days = sorted({visit.day for visit in place.standing})
    return {(place.kind, place.unit_on(day), day, previous) for day, previous in zip(days, [None, *days], strict=False)}


def _reach_changes(before: PlaceState, after: PlaceState, home: Home) -> tuple[Reach, ...]:
    old, new = _links(before), _links(after)
    found = [(link, 1) for link in new - old] + [(link, -1) for link in old - new]
    found.sort(key=lambda row: (row[0][2], row[1], row[0][3] or date.min, row[0][1], row[0][0]))
    return tuple(_reach(*link, n, home) for link, n in found)


def _reach(kind: PlaceKind, unit_id: str, day: date, previous: date | None, n: int, home: Home) -> Reach:
    row: Reach = {"day": day, "previous_day": previous, "n": n}
    if unit_id != home.unit_id:
        row["unit_id"] = unit_id
    if kind != home.kind:
        row["place_kind"] = kind
    return row


# --- coverage --------------------------------------------------------------------------------------------------------


def _rungs(place: PlaceState) -> dict[_Rung, _Ends]:
    """Every rise and fall of the place's levels."""
    if not isinstance(place, Place):
        return {}
    rungs: dict[_Rung, _Ends] = {}
    was_in, was = place.unit_id, 0
    for day, unit_id, bits in _course(place):
        pairs = [(unit_id, was, bits)] if unit_id == was_in else [(was_in, was, 0), (unit_id, 0, bits)]
        for where, old, new in pairs:
            before, after = dict(groups(old)), dict(groups(new))
            for band in before.keys() | after.keys():
                ends = differing(before.get(band, 0), after.get(band, 0))
                if any(ends):
                    rungs[day, band, where, place.kind] = ends
        was_in, was = unit_id, bits
    return rungs


def _course(place: Place) -> Iterator[tuple[date, str, int]]:
    """On every day that may change something: the unit, and the levels that count there."""
    visits = sorted(place.standing, key=lambda visit: visit.day)
    days = sorted({v.day for v in visits} | {day for day, _ in place.moves} | {day for day, _ in place.doors})
    bits = at = 0
    for day in days:
        while at < len(visits) and visits[at].day == day:
            bits |= visits[at].bits
            at += 1
        yield day, place.unit_on(day), bits if place.open_on(day) else 0


def _covered_changes(before: PlaceState, after: PlaceState, home: Home) -> tuple[Covered, ...]:
    old, new = _rungs(before), _rungs(after)
    keys = sorted(old.keys() | new.keys(), key=lambda key: (key[0], key[1] or "", *key[2:]))
    return tuple(
        _covered(key, ended, begun, home)
        for key in keys
        if old.get(key) != new.get(key)
        for ended, begun in _difference(old.get(key, (0, 0)), new.get(key, (0, 0)))
    )


def _difference(old: _Ends, new: _Ends) -> Iterator[tuple[dict[str, Level], dict[str, Level]]]:
    """The new levels and the old ones taken back, as one row where every skill ends and begins once, else as two."""
    ended, begun = ([named(new[0]), named(old[1])], [named(new[1]), named(old[0])])
    rows: list[tuple[dict[str, Level], dict[str, Level]]] = [({}, {}), ({}, {})]
    for skill in {skill for levels in (*ended, *begun) for skill in levels}:
        less = [levels[skill] for levels in ended if skill in levels]
        more = [levels[skill] for levels in begun if skill in levels]
        for level in [*less]:
            if level in more:
                less.remove(level)
                more.remove(level)
        for side, left in enumerate((less, more)):
            for row, level in zip(rows, left, strict=False):
                row[side][skill] = level
    return (row for row in rows if any(row))


def _covered(key: _Rung, ended: dict[str, Level], begun: dict[str, Level], home: Home) -> Covered:
    day, band, unit_id, kind = key
    row = _changed(band, ended, begun)
    if day != home.day:
        row["day"] = day
    if unit_id != home.unit_id:
        row["unit_id"] = unit_id
    if kind != home.kind:
        row["place_kind"] = kind
    return row


def _changed(band: Band, ended: dict[str, Level], begun: dict[str, Level]) -> Covered:
    row: Covered = {}
    if begun:
        row["to"] = begun
    if ended:
        row["from"] = ended
    if band is not ANYBODY:
        row["age_band"] = band
    return row

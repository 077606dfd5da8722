"""Who serves in which team on which days: a fold of teams' public events (docs/architecture.md). Pure.

    told(type, data)     what an event tells, team by team
    tell(facts, one)     the team's facts with it
    stays(facts)         the seats that follow from them

Facts of a team are numbered from 1 in the order they were recorded, and a correction names them by number; what is so
on a day follows from those that hold, in the order of their days. A rearrangement is one fact of every team in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

Came = tuple[str, str, str]
"""seat_id, person_id, role: leader, deputy or member."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What a fact changes from its day on. ``kind``: the team begins, as one of that kind; ``ends``: nobody stays."""

    day: date
    kind: str | None = None
    unit_id: str | None = None
    left: tuple[str, ...] = ()
    came: tuple[Came, ...] = ()
    ends: bool = False


Facts = tuple[Fact | None, ...]
"""All facts of a team in the order of their numbers; None: it never was so."""


@dataclass(frozen=True, slots=True)
class Told:
    """``number`` is that of a fact told anew; the next one if None."""

    team_id: str
    fact: Fact | None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """A seat filled by a person in a team while the team served that unit; until the day before ``until``.

    ``appointed``: since when the person has had this seat without a break, in whatever team and role it was;
    ``in_role``: since when in this role.
    """

    seat_id: str
    person_id: str
    role: str
    team_id: str
    kind: str
    unit_id: str
    since: date
    until: date | None
    appointed: date
    in_role: date


# --- what events tell --------------------------------------------------------------------------------------------

WITHOUT_SEATS = frozenset({"TeamRenamed", "TeamSuspended", "TeamResumed"})
"""Facts that change no seat, but have a number. Who serves in a suspended team still serves."""
OF_ONE_TEAM = WITHOUT_SEATS | {
    "TeamEstablished",
    "TeamReconstituted",
    "SeatAppointed",
    "SeatReleased",
    "SeatChanged",
    "TeamReassigned",
    "PilotEnded",
    "TeamDissolved",
}
EVENTS = OF_ONE_TEAM | {"TeamsRearranged", "TeamCorrected"}


def told(type_: str, data: Mapping[str, Any]) -> Iterator[Told]:
    """Raises ``KeyError`` for data that breaks the contract."""
    if type_ == "TeamsRearranged":
        yield from _rearranged(data)
    elif type_ == "TeamCorrected":
        yield from _corrected(data)
    elif type_ in OF_ONE_TEAM:
        yield Told(data["team_id"], _fact(type_, data))


def _fact(type_: str, data: Mapping[str, Any]) -> Fact:
    day = date.fromisoformat(data["effective"])
    match type_:
        case "TeamEstablished":
            return Fact(day, data["kind"], data["unit_id"], came=_came(data["seats"]))
        case "TeamReconstituted":
            return Fact(day, left=tuple(data["released"]), came=_came(data["appointed"]))
        case "SeatAppointed":
            return Fact(day, came=_came([data["seat"]]))
        case "SeatChanged":
            return Fact(day, left=(data["seat"]["seat_id"],), came=_came([data["seat"]]))
        case "SeatReleased":
            return Fact(day, left=(data["seat_id"],))
        case "TeamReassigned":
            return Fact(day, unit_id=data["unit_id"])
        case "TeamDissolved":
            return Fact(day, ends=True)
        case "PilotEnded":
            return Fact(day, ends=not data["converted"])
    return Fact(day)


def _came(seats: Iterable[Mapping[str, Any]]) -> tuple[Came, ...]:
    return tuple((seat["seat_id"], seat["person_id"], seat["role"]) for seat in seats)


def _rearranged(data: Mapping[str, Any]) -> Iterator[Told]:
    day = date.fromisoformat(data["effective"])
    moved = [one for one in data["carried"] if one["from_team_id"] != one["to_team_id"]]
    left: dict[str, list[str]] = {team["team_id"]: [] for team in data["teams"]}
    came: dict[str, list[Mapping[str, Any]]] = {team["team_id"]: [] for team in data["teams"]}
    for one in (*moved, *data["joined"], *data["released"]):
        left[one["from_team_id"]].append(one["seat"]["seat_id"])
    for one in (*moved, *data["restored"]):
        came[one["to_team_id"]].append(one["seat"])
    for team in data["teams"]:
        here = team["team_id"]
        yield Told(here, Fact(day, left=tuple(left[here]), came=_came(came[here]), ends=not team["exists"]))


def _corrected(data: Mapping[str, Any]) -> Iterator[Told]:
    for fact in data["facts"]:
        now = next((value for name, value in fact.items() if name not in ("fact", "type", "how") and value), None)
        yield Told(data["team_id"], _fact(fact["type"], now) if now else None, fact["fact"])


def tell(facts: Facts, one: Told) -> Facts:
    if one.number is None or one.number > len(facts):
        return (*facts, one.fact)
    return (*facts[: one.number - 1], one.fact, *facts[one.number :])


# --- what follows ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Filled:
    person_id: str
    role: str
    since: date
    until: date | None = None


def stays(team_id: str, facts: Facts) -> list[Stay]:
    """The team's own part of it: ``appointed`` and ``in_role`` are the first days here (see ``linked``)."""
    holding = sorted((fact.day, n, fact) for n, fact in enumerate(facts) if fact is not None)
    kind = ""
    units: list[tuple[date, str]] = []
    seats: dict[str, _Filled] = {}
    past: list[tuple[str, _Filled]] = []
    for day, _, fact in holding:
        if fact.kind is not None:
            kind, units, seats, past = fact.kind, [(day, fact.unit_id or "")], {}, []
        elif not units:
            continue  # whatever was told of a team before it was there, or of one that never was
        elif fact.unit_id is not None:
            units.append((day, fact.unit_id))
        for seat_id in seats if fact.ends else fact.left:
            _leave(seats.get(seat_id), day)
        for seat_id, person_id, role in fact.came:
            if seat_id in seats:
                past.append((seat_id, seats[seat_id]))
            seats[seat_id] = _Filled(person_id, role, day)
    return [
        Stay(seat_id, filled.person_id, filled.role, team_id, kind, unit_id, since, until, since, since)
        for seat_id, filled in (*past, *seats.items())
        for unit_id, since, until in _cut(units, filled)
    ]


def _leave(filled: _Filled | None, day: date) -> None:
    if filled is not None and filled.until is None:
        filled.until = day


def _cut(units: Sequence[tuple[date, str]], filled: _Filled) -> Iterator[tuple[str, date, date | None]]:
    """Unit by unit; a filling that lasted no day is none."""
    days = dict(units)  # of two units from one day on the later fact counts
    firsts = [*days]
    for n, (first, unit_id) in enumerate(days.items()):
        since = max(filled.since, first) if n else filled.since
        ends = [day for day in (filled.until, *firsts[n + 1 : n + 2]) if day is not None]
        until = min(ends, default=None)
        if until is None or since < until:
            yield unit_id, since, until


def linked(of_one_seat: Iterable[Stay]) -> list[Stay]:
    """All stays of a seat, in whatever teams, with the days since when it has been held and in which role."""
    found: list[Stay] = []
    for stay in sorted(of_one_seat, key=lambda stay: (stay.since, stay.team_id)):
        last = found[-1] if found else None
        if last is None or last.until != stay.since or last.person_id != stay.person_id:
            found.append(replace(stay, appointed=stay.since, in_role=stay.since))
        else:
            in_role = last.in_role if last.role == stay.role else stay.since
            found.append(replace(stay, appointed=last.appointed, in_role=in_role))
    return found

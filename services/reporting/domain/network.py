"""Teams by state, their seats by role and affiliation: what follows from all facts of a team. Pure.

Facts of a team are numbered from 1 in the order they were told; a correction says how those concerned read now. What is
so on a day follows from those that hold, in the order of their days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from services.reporting.domain import days
from services.reporting.domain.tally import AT, FACTS, Known, Tally

ESTABLISHED, TOOK_PART, CORRECTED = "TeamEstablished", "TeamTookPart", "TeamCorrected"
_ROLES = {"leader": AT["leaders"], "deputy": AT["deputies"], "member": AT["members"]}
_FLOWS = {"TeamRenamed": AT["teams_renamed"], "TeamReconstituted": AT["teams_reconstituted"]}
_ABOUT = {"fact", "type", "how"}
"""What a correction says of a fact, beside the fact itself."""

Fact = list[Any]
"""Day (None: it never held), type, and what of it counts."""
Seat = list[Any]
"""Id, person, role, affiliation."""


# --- what a fact says --------------------------------------------------------------------------------------------


def _seat(seat: Mapping[str, Any]) -> Seat:
    return [seat["seat_id"], seat["person_id"], seat["role"], seat["affiliation"]]


_SAYS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    ESTABLISHED: lambda d: [d["kind"], d["unit_id"], bool(d["pilot"]), [_seat(seat) for seat in d["seats"]]],
    "TeamReassigned": lambda d: d["unit_id"],
    "TeamRenamed": lambda d: None,
    "TeamSuspended": lambda d: None,
    "TeamResumed": lambda d: None,
    "PilotEnded": lambda d: bool(d["converted"]),
    "TeamDissolved": lambda d: None,
    "TeamReconstituted": lambda d: [list(d["released"]), [_seat(seat) for seat in d["appointed"]]],
    "SeatAppointed": lambda d: _seat(d["seat"]),
    "SeatChanged": lambda d: _seat(d["seat"]),
    "SeatReleased": lambda d: d["seat_id"],
}
FACTS_OF_TEAMS = frozenset(_SAYS)


def told(type_: str) -> Callable[[Tally, Mapping[str, Any]], None]:
    def counter(tally: Tally, data: Mapping[str, Any]) -> None:
        _count_fact(tally, data)
        tally.tell("team", data["team_id"], [data["effective"], type_, _SAYS[type_](data)])

    return counter


def corrected(tally: Tally, data: Mapping[str, Any]) -> None:
    _count_fact(tally, data)
    facts = []
    for each in data["facts"]:
        now = next((value for name, value in each.items() if name not in _ABOUT and value is not None), None)
        fact = [None, each["type"], None] if now is None else [now["effective"], each["type"], _SAYS[each["type"]](now)]
        facts.append([each["fact"], fact])
    tally.tell("team", data["team_id"], [None, CORRECTED, facts])


def rearranged(tally: Tally, data: Mapping[str, Any]) -> None:
    """The event tells of seats; what it means for each team follows."""
    _count_fact(tally, data)
    for team in data["teams"]:
        here = team["team_id"]
        gone = [
            each["seat"]["seat_id"]
            for each in (*data["carried"], *data["joined"], *data["released"])
            if each["from_team_id"] == here != each.get("to_team_id")
        ]
        came = [
            _seat(each["seat"])
            for each in (*data["carried"], *data["restored"])
            if each["to_team_id"] == here != each.get("from_team_id")
        ]
        tally.tell("team", here, [data["effective"], TOOK_PART, [bool(team["exists"]), gone, came]])


def _count_fact(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.row(data["unit_id"], data["effective"])[FACTS] += 1


# --- what is known -----------------------------------------------------------------------------------------------


def learn(tally: Tally, team: str, known: Known, told: Sequence[Any]) -> None:
    before = _course(known)
    facts = known.setdefault("facts", [])
    for day, type_, says in told:
        if type_ == ESTABLISHED:
            known["kind"] = says[0]
        if type_ != CORRECTED:
            facts.append([day, type_, says])
            continue
        for number, fact in says:
            if number > len(facts):
                facts.append(fact)
            else:
                facts[number - 1] = fact
    after = _course(known)
    if before.units != after.units:
        tally.tell("days", team, (days.UNITS, after.units))
    for person in before.stints.keys() | after.stints.keys():
        stints = after.stints.get(person, [])
        if stints != before.stints.get(person, []):
            tally.tell("person", person, (team, stints))


def count(tally: Tally, team: str, known: Known, sign: int) -> None:
    unit, numbers = "", Counter[Any]()
    for day, state, facts in _days(known):
        now = state.numbers()
        if (state.unit, now) != (unit, numbers):
            _add(tally, unit, day, numbers, -sign)
            _add(tally, state.unit, day, now, sign)
            unit, numbers = state.unit, now
        for type_ in facts:
            if type_ in _FLOWS and state.unit:
                tally.row(state.unit, day)[_FLOWS[type_]] += sign


def _add(tally: Tally, unit: str, day: str, numbers: Mapping[Any, int], sign: int) -> None:
    for name, n in numbers.items():
        if isinstance(name, int):
            tally.row(unit, day)[name] += sign * n
        else:
            tally.key(unit, "seats_affiliation", name, day, sign * n)


# --- the course of a team ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Team:
    kind: str = ""
    unit: str = ""
    """None known: nothing of this team counts."""
    standing: bool = False
    pilot: bool = False
    suspended: bool = False
    renamed: bool = False
    reconstituted: bool = False
    seats: dict[str, Seat] = field(default_factory=dict)

    def happen(self, type_: str, says: Any) -> None:
        if type_ == ESTABLISHED:
            self.kind, self.unit, self.pilot, seats = says
            self.standing, self.suspended, self.seats = True, False, {}
            self.renamed = self.reconstituted = False
            self._come(seats)
            return
        match type_:
            case "TeamReassigned" if self.unit:
                self.unit = says
            case "TeamRenamed":
                self.renamed = True
            case "TeamSuspended" | "TeamResumed":
                self.suspended = type_ == "TeamSuspended"
            case "PilotEnded":
                self.pilot, self.standing = False, says
            case "TeamDissolved":
                self.standing = False
            case "SeatAppointed" | "SeatChanged":
                self._come([says])
            case "SeatReleased":
                self._go([says])
            case "TeamReconstituted":
                self.reconstituted = True
                self._go(says[0])
                self._come(says[1])
            case "TeamTookPart":
                self.standing = says[0]
                self._go(says[1])
                self._come(says[2])

    def numbers(self) -> Counter[Any]:
        """Number of a column, or affiliation → n; nothing of a team that is not there."""
        found: Counter[Any] = Counter()
        if self.standing and self.unit:
            found[AT[f"teams_{self.kind}_pilot"]] = int(self.pilot)
            found[AT[f"teams_{self.kind}_suspended"]] = int(self.suspended)
            found[AT["once_renamed"]], found[AT["once_reconstituted"]] = int(self.renamed), int(self.reconstituted)
            for _, _, role, affiliation in self.seats.values():
                if role in _ROLES:
                    found[_ROLES[role]] += 1
                if affiliation:
                    found[affiliation] += 1
        return found

    def _come(self, seats: Iterable[Seat]) -> None:
        self.seats |= {seat[0]: seat for seat in seats}

    def _go(self, seats: Iterable[str]) -> None:
        for seat in seats:
            self.seats.pop(seat, None)


def _days(known: Known) -> Iterator[tuple[str, _Team, list[str]]]:
    """Each day on which something took effect: the team as it then is, and the types of its facts."""
    holding = [(day, n, type_, says) for n, (day, type_, says) in enumerate(known.get("facts", ())) if day is not None]
    team = _Team()
    for day, facts in groupby(sorted(holding, key=lambda fact: fact[:2]), key=lambda fact: fact[0]):
        types = []
        for _, _, type_, says in facts:
            team.happen(type_, says)
            types.append(type_)
        yield day, team, types


@dataclass(slots=True)
class _Course:
    """``units``: (day, unit) from which day on the team serves which unit. ``stints``: person → the seats held."""

    units: list[list[str]] = field(default_factory=list)
    stints: dict[str, list[list[Any]]] = field(default_factory=dict)
    """[seat, unit, first day, first day not any more or None]"""


def _course(known: Known) -> _Course:
    course = _Course()
    open_: dict[str, list[Any]] = {}
    for day, team, _ in _days(known):
        if team.unit and (not course.units or course.units[-1][1] != team.unit):
            course.units.append([day, team.unit])
        held = {seat[0]: seat[1] for seat in team.seats.values()} if team.standing and team.unit else {}
        for seat, (person, stint) in list(open_.items()):
            if held.get(seat) != person or stint[1] != team.unit:
                stint[3] = day
                del open_[seat]
        for seat, person in held.items():
            if seat not in open_:
                stint = [seat, team.unit, day, None]
                open_[seat] = [person, stint]
                course.stints.setdefault(person, []).append(stint)
    return course

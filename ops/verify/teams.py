"""Teams counted anew from what their own streams tell: facts by the day they took effect, corrections on top.

A correction (``TeamCorrected``) names facts of its team by number, from 1 in the order they were told; each is so from
now on, or never was. What a rearrangement did to a team is the team's private ``TeamTookPart``: the published event and
its ``counts`` are what this count is held against, so they are not read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

TEAM = "team:"
NOT_FACTS = {"NothingChanged", "TeamCorrected"}
ABOUT = {"fact", "type", "how"}
"""What a correction says of a fact, beside the fact itself."""


Seat = dict[str, Any]
RENAMED, RECONSTITUTED = "TeamRenamed", "TeamReconstituted"


@dataclass
class Team:
    kind: str
    unit_id: str
    pilot: bool = False
    standing: bool = True
    suspended: bool = False
    renamed: bool = False
    reconstituted: bool = False
    seats: dict[str, Seat] = field(default_factory=dict)


@dataclass
class Fact:
    day: date
    told: tuple[int, int]
    """Position in the log, and number in the stream."""
    type: str
    data: dict[str, Any]
    void: bool = False


class TeamFacts:
    """``tell`` takes the log's events in order; ``on`` gives the teams of a day."""

    def __init__(self) -> None:
        self._facts: defaultdict[str, list[Fact]] = defaultdict(list)
        self._ordered: list[Fact] = []

    def __len__(self) -> int:
        return sum(map(len, self._facts.values()))

    def tell(self, stream: str, position: int, type_: str, data: dict[str, Any]) -> None:
        if not stream.startswith(TEAM):
            return
        if type_ == "TeamCorrected":
            self._correct(self._facts[stream], position, data)
        elif type_ not in NOT_FACTS:
            self._add(self._facts[stream], position, type_, data)
        self._ordered.clear()

    def on(self, day: date) -> dict[str, Team]:
        teams: dict[str, Team] = {}
        for fact in self._in_order():
            if fact.day <= day:
                happen(teams, fact.type, fact.data)
        return teams

    def days(self) -> list[date]:
        return sorted({fact.day for fact in self._in_order()})

    def changed(self, first: date, last: date) -> Iterator[tuple[str, str]]:
        """Unit and type of every renaming and reconstitution of the period: the unit that the team served at the end of
        that day."""
        waiting: list[tuple[str, str]] = []
        teams: dict[str, Team] = {}
        facts = self._in_order()
        for n, fact in enumerate(facts):
            happen(teams, fact.type, fact.data)
            if first <= fact.day <= last and fact.type in (RENAMED, RECONSTITUTED):
                waiting.append((fact.data["team_id"], fact.type))
            if n + 1 == len(facts) or facts[n + 1].day != fact.day:
                yield from ((teams[team].unit_id, type_) for team, type_ in waiting if team in teams)
                waiting.clear()

    def unit_of(self, team_id: str, day: date) -> str:
        """Which unit the team served on a day, or at first where that was later; its own id if it is not known."""
        teams: dict[str, Team] = {}
        facts = [fact for fact in self._facts.get(f"{TEAM}{team_id}", ()) if not fact.void]
        for fact in sorted(facts, key=lambda fact: (fact.day, fact.told)):
            if fact.day > day and team_id in teams:
                break
            happen(teams, fact.type, fact.data)
        return teams[team_id].unit_id if team_id in teams else team_id

    def people(self, day: date, human: Callable[[str], str]) -> Iterator[tuple[str, str]]:
        """Each human being with a seat, and the unit of the one that was taken first among those held."""
        taken: dict[tuple[str, str], date] = {}
        teams: dict[str, Team] = {}
        for fact in self._in_order():
            if fact.day > day:
                break
            happen(teams, fact.type, fact.data)
            team = teams.get(fact.data["team_id"])
            if team is not None and team.standing:
                for seat_id, seat in team.seats.items():
                    taken.setdefault((human(seat["person_id"]), seat_id), fact.day)
        held: dict[str, list[tuple[date, str, str]]] = defaultdict(list)
        for team in teams.values():
            for seat_id, seat in team.seats.items() if team.standing else ():
                one = human(seat["person_id"])
                held[one].append((taken[one, seat_id], seat_id, team.unit_id))
        return ((one, min(seats)[2]) for one, seats in held.items())

    def _in_order(self) -> list[Fact]:
        if not self._ordered:
            self._ordered = sorted(self._holding(), key=lambda fact: (fact.day, fact.told))
        return self._ordered

    def _holding(self) -> Iterator[Fact]:
        return (fact for facts in self._facts.values() for fact in facts if not fact.void)

    def _add(self, facts: list[Fact], position: int, type_: str, data: dict[str, Any]) -> None:
        facts.append(Fact(date.fromisoformat(data["effective"]), (position, len(facts) + 1), type_, data))

    def _correct(self, facts: list[Fact], position: int, data: dict[str, Any]) -> None:
        for told in data["facts"]:
            now = next((value for name, value in told.items() if name not in ABOUT and value is not None), None)
            if told["fact"] > len(facts):
                self._add(facts, position, told["type"], now or {})
                continue
            fact = facts[told["fact"] - 1]
            fact.void = now is None
            if now is not None:
                fact.day, fact.type, fact.data = date.fromisoformat(now["effective"]), told["type"], now


def happen(teams: dict[str, Team], type_: str, data: dict[str, Any]) -> None:
    if type_ == "TeamEstablished":
        seats = {seat["seat_id"]: seat for seat in data["seats"]}
        teams[data["team_id"]] = Team(data["kind"], data["unit_id"], data["pilot"], seats=seats)
        return
    team = teams.get(data["team_id"])
    if team is None:
        return  # its establishment was voided: the team never was
    match type_:
        case "SeatAppointed" | "SeatChanged":
            team.seats[data["seat"]["seat_id"]] = data["seat"]
        case "SeatReleased":
            team.seats.pop(data["seat_id"], None)
        case "TeamRenamed":
            team.renamed = True
        case "TeamReconstituted":
            team.reconstituted = True
            _exchange(team, data["released"], data["appointed"])
        case "TeamTookPart":
            team.standing = data["exists"]
            _exchange(team, data["left"], data["came"])
        case "TeamReassigned":
            team.unit_id = data["unit_id"]
        case "PilotEnded":
            team.pilot, team.standing = False, data["converted"]
        case "TeamSuspended" | "TeamResumed":
            team.suspended = type_ == "TeamSuspended"
        case "TeamDissolved":
            team.standing = False


def _exchange(team: Team, gone: list[str], came: list[Seat]) -> None:
    for seat_id in gone:
        team.seats.pop(seat_id, None)
    team.seats |= {seat["seat_id"]: seat for seat in came}

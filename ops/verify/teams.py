"""Teams counted anew from what their own streams tell: facts by the day they took effect, corrections on top.

A correction (``TeamCorrected``) names facts of its team by number, from 1 in the order they were told; each is so from
now on, or never was. What a rearrangement did to a team is the team's private ``TeamTookPart``: the published event and
its ``counts`` are what this count is held against, so they are not read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

TEAM = "team:"
NOT_FACTS = {"NothingChanged", "TeamCorrected"}
ABOUT = {"fact", "type", "how"}
"""What a correction says of a fact, beside the fact itself."""


@dataclass
class Team:
    kind: str
    unit_id: str
    standing: bool = True
    seats: set[str] = field(default_factory=set)


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
        seats = {seat["seat_id"] for seat in data["seats"]}
        teams[data["team_id"]] = Team(data["kind"], data["unit_id"], seats=seats)
        return
    team = teams.get(data["team_id"])
    if team is None:
        return  # its establishment was voided: the team never was
    match type_:
        case "SeatAppointed":
            team.seats.add(data["seat"]["seat_id"])
        case "SeatReleased":
            team.seats.discard(data["seat_id"])
        case "TeamReconstituted":
            team.seats -= set(data["released"])
            team.seats |= {seat["seat_id"] for seat in data["appointed"]}
        case "TeamTookPart":
            team.standing = data["exists"]
            team.seats -= set(data["left"])
            team.seats |= {seat["seat_id"] for seat in data["came"]}
        case "TeamReassigned":
            team.unit_id = data["unit_id"]
        case "PilotEnded":
            team.standing = data["converted"]
        case "TeamDissolved":
            team.standing = False

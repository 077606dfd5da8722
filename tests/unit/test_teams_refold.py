"""What is answered for a day and a moment equals a naive re-fold of what had been recorded by then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from services.teams import shown
from services.teams.domain.team.events import Seat
from services.teams.projections.registry import OF_TEAMS
from services.teams.queries.folds import Folds
from services.teams.queries.teams import as_listed
from shared.codec import Codec
from shared.decider import Rejected
from shared.log import Recorded
from tests.unit.test_teams_corrections import CORRECTIONS, LATE, LISTS, START, establish, registry

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
CODEC = Codec(*OF_TEAMS)


class Stream:
    """A log of one team; its events were recorded an hour after one another."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []

    def add(self, event: Any) -> None:
        command, n = uuid4(), len(self.events) + 1
        kind, schema, data = CODEC.encode(event, f"{command}:1")
        when = FIRST + timedelta(hours=n)
        self.events.append(Recorded(0, n, "team:t", n, kind, schema, orjson.loads(data), {}, command, 1, b"", when))

    def load(self, after: Mapping[str, int]) -> dict[str, list[Recorded]]:
        return {stream: self.events for stream in after}


@dataclass
class Naive:
    """A team on one day, told from plain JSON; nothing but what the facts say, one after the other."""

    unit_id: str
    name: str
    pilot: bool
    exists: bool = True
    suspended: bool = False
    seats: dict[str, tuple[str, str, str | None]] = field(default_factory=dict)

    def fill(self, seat: dict[str, Any]) -> None:
        self.seats[seat["seat_id"]] = (seat["person_id"], seat["role"], seat["affiliation"])

    def take(self, kind: str, fact: dict[str, Any]) -> None:
        match kind:
            case "TeamRenamed":
                self.name = fact["name"]
            case "TeamReassigned":
                self.unit_id = fact["unit_id"]
            case "TeamSuspended" | "TeamResumed":
                self.suspended = kind == "TeamSuspended"
            case "SeatAppointed" | "SeatChanged":
                self.fill(fact["seat"])
            case "SeatReleased":
                del self.seats[fact["seat_id"]]
            case "TeamReconstituted":
                for seat_id in fact["released"]:
                    del self.seats[seat_id]
                for seat in fact["appointed"]:
                    self.fill(seat)
            case "PilotEnded" if fact["converted"]:
                self.pilot = False
            case "PilotEnded" | "TeamDissolved":
                self.exists, self.seats = False, {}

    @property
    def standing(self) -> str:
        return "suspended" if self.suspended else "pilot" if self.pilot else "active"


def naive(events: list[Recorded], day: date, moment: datetime) -> Naive | None:
    facts: dict[int, tuple[str, dict[str, Any]]] = {}
    count = 0
    for event in events:
        if event.recorded_at > moment:
            break
        if event.type != "TeamCorrected":
            count += 1
            facts[count] = (event.type, event.data)
            continue
        for told in event.data["facts"]:
            count = max(count, told["fact"])
            now = [value for name, value in told.items() if name not in ("fact", "type", "how") and value is not None]
            facts.pop(told["fact"], None)
            if now:
                facts[told["fact"]] = (told["type"], now[0])
    team: Naive | None = None
    for _, (kind, fact) in sorted(facts.items(), key=lambda item: (item[1][1]["effective"], item[0])):
        if fact["effective"] > day.isoformat():
            break
        if kind == "TeamEstablished":
            team = Naive(fact["unit_id"], fact["name"], fact["pilot"])
            for seat in fact["seats"]:
                team.fill(seat)
        elif team is not None:
            team.take(kind, fact)
    return team


@settings(max_examples=150, deadline=None)
@given(
    LISTS,
    st.lists(st.one_of(LATE, LATE, CORRECTIONS), max_size=12),
    st.lists(st.integers(-40, 400), min_size=3, max_size=3),
    st.integers(0, 16),
)
def test_as_of_and_known_at_equal_a_naive_refold(
    seats: tuple[Seat, ...], commands: list[Any], days: list[int], hours: int
) -> None:
    spec, log = registry(), Stream()
    for command in (establish("t", "v", START, *seats, pilot=True), *commands):
        spec.when(command)
        if isinstance(spec._outcome, Rejected):
            if not log.events:
                return
            continue
        for stream, event in spec.events:
            if stream == "team:t":
                log.add(event)
    moment = FIRST + timedelta(hours=hours)
    known = Folds(log).teams(["t"], moment)
    if not hours:
        assert known == {}
        return
    team = known["t"].team
    edges = [date.fromisoformat(event.data["effective"]) for event in log.events]
    for day in {START + timedelta(n) for n in days} | {edge + timedelta(n) for edge in edges for n in (-1, 0)}:
        expected = naive(log.events, day, moment)
        told = shown.team(team, day)
        if expected is None or not expected.exists:
            assert (told["exists"], told["seats"]) == (False, [])
            continue
        assert told["exists"]
        assert (told["unit_id"], told["name"], told["standing"]) == (expected.unit_id, expected.name, expected.standing)
        assert {s["seat_id"]: (s["person_id"], s["role"], s["affiliation"]) for s in told["seats"]} == expected.seats
        listed = as_listed(team, day)
        assert listed["seats"] == len(expected.seats)
        assert listed["leaders"] == sum(role == "leader" for _, role, _ in expected.seats.values())
    history = shown.history(log.events, moment)
    assert [fact["fact"] for fact in history["facts"]] == list(range(1, len(history["facts"]) + 1))
    assert {f["fact"] for f in history["facts"] if f["void"]} == team.voided
    assert [fact["effective"] for fact in history["facts"]] == [fact.effective.isoformat() for fact in team.facts]

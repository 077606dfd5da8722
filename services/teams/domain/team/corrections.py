"""Correcting what is recorded of a team: facts are stated anew, voided, brought back or added, never rewritten.

A correction names facts by their number and gives a reason and a document. Totals that other facts state follow by
themselves. What a rearrangement did stays: it concerns other teams too, so the rearrangement is undone first. Voiding
the establishment means that the team never was; its place is free then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.teams.domain.documents import cite, document_stream
from services.teams.domain.people import person_stream
from services.teams.domain.team import life, seats
from services.teams.domain.team.counts import difference
from services.teams.domain.team.draft import Added, Correction, Draft
from services.teams.domain.team.events import CorrectionReason, Seat, TeamCorrected, TeamReassigned
from services.teams.domain.team.life import free_place, serves, team_stream
from services.teams.domain.team.replay import check, evolve, replay
from services.teams.domain.team.state import Span, Team
from services.teams.domain.units import unit_stream
from shared.decider import Rejected, ambient, need


@dataclass(frozen=True, slots=True)
class CorrectTeam:
    team_id: str
    corrections: tuple[Correction, ...]
    added: tuple[Added, ...]
    reason: CorrectionReason
    document_id: str
    also: tuple[str, ...] = ambient(default=())


States = Mapping[str, Any]
COMMANDS = (CorrectTeam,)
EVENTS = (TeamCorrected,)

__all__ = ["COMMANDS", "EVENTS", "CorrectTeam", "Correction", "decide", "evolve", "streams"]


def streams(command: CorrectTeam) -> tuple[str, ...]:
    names = [team_stream(command.team_id), document_stream(command.document_id)]
    for correction in command.corrections:
        anew = correction.anew
        names += [document_stream(anew["document_id"])] if "document_id" in anew else []
        names += [unit_stream(anew["unit_id"])] if "unit_id" in anew else []
        names += [person_stream(seat.person_id) for seat in _seats_of(anew)]
    for late in command.added:
        names += seats.streams(late) if isinstance(late, seats.SeatCommand) else life.streams(late)
    return tuple(dict.fromkeys((*names, *command.also)))


def _seats_of(anew: Mapping[str, Any]) -> tuple[Seat, ...]:
    return (*anew.get("seats", ()), *([anew["seat"]] if "seat" in anew else []))


def decide(command: CorrectTeam, states: States) -> list[tuple[str, Any]]:
    cite(states, command.document_id)
    before: Team | None = states[team_stream(command.team_id)]
    if before is None:
        raise Rejected("team-unknown", "/team_id", team=command.team_id)
    draft = Draft(before)
    for n, correction in enumerate(command.corrections):
        draft.correct(correction, f"/corrections/{n}", states)
    draft.restate()
    for n, late in enumerate(command.added):
        draft.add(late, f"/added/{n}", states)
    draft.restate()
    changed = draft.changed()
    if not changed:
        return []
    since = min(fact.effective for number in changed for fact in draft.told(number))
    check(tuple(draft.facts), draft.voided, draft.said, since, "/corrections")
    after = replay(tuple(draft.facts), draft.voided)
    assert after is not None
    place = [] if after.never else _place(before, after, draft, states)
    unit_id = before.unit_on(since)
    facts = tuple(draft.as_told(number) for number in changed)
    counts = difference(before, after)
    event = TeamCorrected(command.team_id, unit_id, since, command.reason, command.document_id, facts, counts)
    return [(team_stream(command.team_id), event), *place]


def _place(before: Team, after: Team, draft: Draft, states: States) -> list[tuple[str, Any]]:
    """Where the team is established or comes to serve, and that nobody else was established there meanwhile."""
    birth = after.birth
    if (birth.unit_id, birth.effective) != (before.birth.unit_id, before.birth.effective) or before.never:
        need(states, (unit_stream(birth.unit_id),))
        serves(states, birth.unit_id, birth.kind, birth.effective, "/corrections")
    for number in draft.changed():
        fact = draft.facts[number - 1]
        if isinstance(fact, TeamReassigned) and number not in draft.voided:
            need(states, (unit_stream(fact.unit_id),))
            serves(states, fact.unit_id, birth.kind, fact.effective, "/corrections")
    there = [span for unit, span in after.stays() if unit == birth.unit_id]
    was_there = [span for unit, span in before.stays() if unit == birth.unit_id]
    if all(any(_within(span, was) for was in was_there) for span in there):
        return []
    stream = free_place(states, birth.unit_id, birth.kind, there, (birth.team_id,), "/corrections")
    return [(stream, life.TeamPlaced(birth.team_id, birth.effective))]


def _within(span: Span, other: Span) -> bool:
    last, end = span.until or date.max, other.until or date.max
    return other.since <= span.since and last <= end

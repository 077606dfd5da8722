"""Facts → team. What is so on a day follows from the facts in the order of the days they took effect.

    evolve(state, event)      the stream's state; never fails
    replay(facts, voided)     the team that these facts make
    as_of(team, day)          the team by the facts that had taken effect on that day
    admit(team, *new)         refuses facts that cannot be, or that a later fact contradicts

So a fact may be recorded long after facts that took effect later, as long as all of them can be true.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from services.teams.domain.team.events import TeamCorrected, TeamEstablished, TeamFact
from services.teams.domain.team.meaning import happen
from services.teams.domain.team.possible import possible
from services.teams.domain.team.state import VOID, Life, Team
from shared.decider import Rejected

Facts = tuple[TeamFact, ...]
Numbered = tuple[int, TeamFact]
NONE: frozenset[int] = frozenset()


def evolve(team: Team | None, event: Any) -> Team | None:
    if isinstance(event, TeamCorrected):
        return _corrected(team, event) if team else None
    if team is None:
        begun: Team | None = happen(None, event)
        return replace(begun, facts=(event,)) if begun else None
    facts = (*team.facts, event)
    if event.effective >= max((fact.effective for fact in team.holding), default=date.max):
        after: Team = happen(team, event)
        return replace(after, facts=facts)
    return replay(facts, team.voided)


def _corrected(team: Team, event: TeamCorrected) -> Team | None:
    facts, voided = dict(enumerate(team.facts, 1)), set(team.voided)
    for told in event.facts:
        if told.now is None:
            voided.add(told.fact)
        else:
            facts[told.fact] = told.now
            voided.discard(told.fact)
    return replay(tuple(facts.values()), frozenset(voided))


def replay(facts: Facts, voided: Collection[int] = NONE) -> Team | None:
    """None if no establishment is among them; if that is voided, the team that never was."""
    team: Team | None = None
    for _, fact in in_order(facts, voided):
        team = happen(team, fact)
    if team is None:
        believed = next((fact for fact in facts if isinstance(fact, TeamEstablished)), None)
        team = _never(believed) if believed else None
    return replace(team, facts=facts, voided=frozenset(voided)) if team else None


def _never(birth: TeamEstablished) -> Team:
    day = birth.effective
    return Team((), birth, ((day, birth.name),), ((day, birth.unit_id),), (Life(day, day, VOID),), {})


def as_of(team: Team, day: date) -> Team | None:
    """None before its establishment, or if it never was."""
    if not team.never and all(fact.effective <= day for fact in team.holding):
        return team
    then: Team | None = None
    for _, fact in in_order(team.facts, team.voided):
        if fact.effective <= day:
            then = happen(then, fact)
    return then


def in_order(facts: Iterable[TeamFact], voided: Collection[int] = NONE) -> list[Numbered]:
    """The facts that hold, with their numbers, by day; those of one day in the order they were recorded."""
    numbered = [(number, fact) for number, fact in enumerate(facts, 1) if number not in voided]
    return sorted(numbered, key=lambda one: (one[1].effective, one[0]))


def admit(team: Team | None, *new: TeamFact) -> None:
    """Refuses what cannot be. Raises ``Rejected``: of a new fact by its rule, of a later one that it contradicts."""
    known = team.facts if team else ()
    said = {number: "" for number in range(len(known) + 1, len(known) + len(new) + 1)}
    since = min(fact.effective for fact in new)
    check((*known, *new), team.voided if team else NONE, said, since, "/effective")


def check(facts: Facts, voided: Collection[int], said: Mapping[int, str], since: date, at: str) -> None:
    """Whether each fact that takes effect from ``since`` on can be true in its turn. Raises ``Rejected``.

    ``said``: the numbers of facts just stated, and where in the command; ``at``: the pointer for all others.
    """
    told: Team | None = None
    for number, fact in in_order(facts, voided):
        if fact.effective >= since:
            try:
                possible(told, fact)
            except Rejected as rejection:
                raise _placed(rejection, number, fact, said.get(number), at) from rejection
        told = happen(told, fact)


def _placed(rejection: Rejected, number: int, fact: TeamFact, said_at: str | None, at: str) -> Rejected:
    if said_at is not None:
        return Rejected(rejection.code, said_at + rejection.pointer, **rejection.params)
    return Rejected(
        "fact-contradicted", at, fact=number, type=type(fact).__name__, day=fact.effective, rule=rejection.code
    )

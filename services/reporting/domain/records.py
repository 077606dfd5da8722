"""What is remembered of a subject – a team, an opinion, a certificate – so that its next event counts rightly. Pure.

Some figures follow from the whole story of a subject and not from one event: teams by state, people with a seat, teams
that went out in a period. For these a record of the subject is kept; what it counts is taken away before it learns
something, and added again afterwards. So late facts, corrections and facts that never held count exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.reporting.domain import affairs, days, directory, households, learning, network, opinions, people
from services.reporting.domain.tally import Key, Known, Tally


@dataclass(frozen=True, slots=True)
class Kind:
    """``learn(tally, id, known, told)`` changes what is known, and may tell records of a later phase;
    ``count(tally, id, known, sign)`` adds what it counts. Neither fails: what is told was read from the event before.
    """

    learn: Callable[[Tally, str, Known, Sequence[Any]], None]
    count: Callable[[Tally, str, Known, int], None]


PHASES: Sequence[Mapping[str, Kind]] = (
    {
        "team": Kind(network.learn, network.count),
        "warning": Kind(affairs.learn_warning, affairs.count_warning),
        "regulation": Kind(affairs.learn, affairs.count_regulation),
        "plan": Kind(affairs.learn, affairs.count_plan),
        "opinion": Kind(opinions.learn, opinions.count),
        "households": Kind(households.learn, households.count),
        "session": Kind(learning.learn_session, learning.count_session),
        "campaign": Kind(directory.learn, directory.count),
        "catalogue": Kind(directory.learn, directory.count),
        "certificate": Kind(learning.learn_certificate, learning.count_certificate),
        "joins": Kind(people.learn_joins, people.count_joins),
    },
    {
        "days": Kind(days.learn, days.count),
        "person": Kind(people.learn, people.count),
    },
    {
        "human": Kind(people.learn_human, people.count_human),
    },
)
"""Records of a phase may tell those of the next. Whoever locks them does so phase by phase."""


def told(tally: Tally, phase: Mapping[str, Kind]) -> list[Key]:
    return sorted(key for key in tally.told if key[0] in phase)


def settle(tally: Tally, phase: Mapping[str, Kind], known: Mapping[Key, Known]) -> dict[Key, Known]:
    """Let the records of a phase learn what they were told; how they are now. ``known``: how they were (not kept)."""
    now: dict[Key, Known] = {}
    for key in told(tally, phase):
        kind, subject, record = phase[key[0]], key[1], known.get(key, {})
        kind.count(tally, subject, record, -1)
        kind.learn(tally, subject, record, tally.told.pop(key))
        kind.count(tally, subject, record, 1)
        now[key] = record
    return now

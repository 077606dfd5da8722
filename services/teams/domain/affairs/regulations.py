"""Operating regulations (*quy chế hoạt động*): issued per commune by its People's Committee; replaced or repealed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.teams.domain.affairs.entries import Cited, Noted, Owned
from services.teams.domain.affairs.records import Affair, States, known
from shared.decider import Rejected


@dataclass(frozen=True, kw_only=True)
class IssueRegulation(Cited, Owned):
    regulation_id: str
    title: str


@dataclass(frozen=True, kw_only=True)
class ReplaceRegulation(Cited):
    """``by_regulation_id``: the regulation that takes its place, which has been issued before."""

    regulation_id: str
    by_regulation_id: str


@dataclass(frozen=True, kw_only=True)
class RepealRegulation(Cited):
    regulation_id: str


@dataclass(frozen=True, kw_only=True)
class RegulationIssued(Noted, IssueRegulation):
    becomes = "in_force"


@dataclass(frozen=True, kw_only=True)
class RegulationReplaced(Noted, ReplaceRegulation):
    becomes = "replaced"


@dataclass(frozen=True, kw_only=True)
class RegulationRepealed(Noted, RepealRegulation):
    becomes = "repealed"


def _successors(command: Any) -> tuple[str, ...]:
    return (REGULATION.stream(command.by_regulation_id),) if isinstance(command, ReplaceRegulation) else ()


def _check(command: Any, states: States) -> None:
    if isinstance(command, ReplaceRegulation):
        if command.by_regulation_id == command.regulation_id:
            raise Rejected("regulation-replaces-itself", "/by_regulation_id")
        known(states, REGULATION.stream(command.by_regulation_id), "/by_regulation_id")


REGULATION = Affair(
    "regulation",
    "regulation_id",
    ("unit",),
    opens={IssueRegulation: RegulationIssued},
    closes={ReplaceRegulation: RegulationReplaced, RepealRegulation: RegulationRepealed},
    names=_successors,
    check=_check,
)

"""Bodies that teams have to do with, and their dated roles towards the teams of an area: data, not code.

A commune's People's Committee manages; the district coordinated until 30/6/2025; the Department of Information and
Communications, since 1/3/2025 that of Science and Technology, guides; in Hà Nội so does the city police; the teams are
the extended arm of the steering committee for digital transformation; nationally there is the ministry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.teams.domain.affairs.entries import Cited, Noted, Owned
from services.teams.domain.affairs.records import Affair, Record, States, known
from services.teams.domain.team.events import TeamKind


@dataclass(frozen=True, kw_only=True)
class RegisterBody(Cited, Owned):
    """``kind`` is a word, e.g. ``peoples_committee``; ``unit_id``: the unit that it is a body of."""

    body_id: str
    kind: str
    name: str


@dataclass(frozen=True, kw_only=True)
class RenameBody(Cited):
    body_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class EndBody(Cited):
    body_id: str


@dataclass(frozen=True, kw_only=True)
class AssignRole(Cited, Owned):
    """``role``: manages, coordinates, guides, extended_arm_of…; towards the teams of the unit and below it.

    ``team_kind`` None: of either kind.
    """

    role_id: str
    body_id: str
    role: str
    team_kind: TeamKind | None = None


@dataclass(frozen=True, kw_only=True)
class EndRole(Cited):
    role_id: str


@dataclass(frozen=True, kw_only=True)
class BodyRegistered(Noted, RegisterBody):
    becomes = "registered"


@dataclass(frozen=True, kw_only=True)
class BodyRenamed(Noted, RenameBody):
    pass


@dataclass(frozen=True, kw_only=True)
class BodyEnded(Noted, EndBody):
    becomes = "ended"


@dataclass(frozen=True, kw_only=True)
class BodyRoleAssigned(Noted, AssignRole):
    becomes = "assigned"


@dataclass(frozen=True, kw_only=True)
class BodyRoleEnded(Noted, EndRole):
    becomes = "ended"


def responsible(
    above: Sequence[str], kind: str, day: date, roles: Iterable[Record], bodies: dict[str, Record]
) -> list[BodyRoleAssigned]:
    """The roles that hold on that day for a team of this kind: of each role word, those of the nearest area.

    ``above`` are the units from the team's own up to the nation. A body that has ended holds no role any more.
    """
    rank = {unit_id: n for n, unit_id in enumerate(above)}
    nearest: dict[str, list[BodyRoleAssigned]] = {}
    for record in roles:
        if record.state_on(day) != BodyRoleAssigned.becomes or record.unit_id not in rank:
            continue
        held: BodyRoleAssigned = next(f for f in reversed(record.told(day)) if isinstance(f, BodyRoleAssigned))
        body = bodies.get(held.body_id)
        if held.team_kind not in (None, kind) or body is None or body.state_on(day) != BodyRegistered.becomes:
            continue
        best = nearest.setdefault(held.role, [])
        if best and rank[held.unit_id] < rank[best[0].unit_id]:
            best.clear()
        if not best or rank[held.unit_id] == rank[best[0].unit_id]:
            best.append(held)
    return [held for role in sorted(nearest) for held in sorted(nearest[role], key=lambda held: held.role_id)]


def _body(command: Any) -> tuple[str, ...]:
    return (BODY.stream(command.body_id),) if isinstance(command, AssignRole) else ()


def _check(command: Any, states: States) -> None:
    if isinstance(command, AssignRole):
        known(states, BODY.stream(command.body_id), "/body_id")


BODY = Affair(
    "body",
    "body_id",
    ("unit",),
    opens={RegisterBody: BodyRegistered},
    changes={RenameBody: BodyRenamed},
    closes={EndBody: BodyEnded},
)
ROLE = Affair(
    "role",
    "role_id",
    ("unit",),
    opens={AssignRole: BodyRoleAssigned},
    closes={EndRole: BodyRoleEnded},
    names=_body,
    check=_check,
)

"""One document for many teams: new lists of members for some, another wording of the name for all of them.

Command ids are made of the request's id and the team's, so a request may be sent again, in parts or whole: what was
done is answered ``repeated``, and a name that reads as wanted already is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from services.teams.domain.dated import on
from services.teams.domain.team.events import Seat
from services.teams.domain.team.life import RenameTeam, team_stream
from services.teams.domain.team.replay import as_of
from services.teams.domain.team.seats import ReconstituteTeam
from services.teams.domain.team.state import Team
from shared.units import UnitTree


@dataclass(frozen=True, slots=True)
class Wording:
    """``new`` instead of ``old`` wherever a name has it; or a ``pattern`` to fill in: ``{name}`` is the name so far,
    ``{unit}`` the unit's full name on the day."""

    old: str | None = None
    new: str | None = None
    pattern: str | None = None

    def of(self, name: str, unit: str) -> str:
        if self.pattern is not None:
            return " ".join(self.pattern.replace("{name}", name).replace("{unit}", unit).split())
        return name.replace(self.old, self.new or "") if self.old else name


@dataclass(frozen=True, slots=True)
class NewList:
    team_id: str
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class Bulk:
    request_id: UUID
    document_id: str
    effective: date
    rename: Wording | None
    reconstitute: tuple[NewList, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A command of the request, and what a preview tells about it."""

    command_id: UUID
    command: RenameTeam | ReconstituteTeam
    told: Mapping[str, Any]


def steps(bulk: Bulk, teams: Sequence[str], states: Mapping[str, Any], tree: UnitTree) -> Iterator[Step]:
    """``states`` of all teams named. The lists come first; teams that are not there on the day are left alone."""
    day, document = bulk.effective, bulk.document_id
    for new in bulk.reconstitute:
        command_id = uuid5(bulk.request_id, f"reconstitute/{new.team_id}")
        told = {"do": "reconstitute", "team_id": new.team_id, "seats": len(new.seats)}
        yield Step(command_id, ReconstituteTeam(new.team_id, new.seats, day, document), told)
    for team_id in teams if bulk.rename else ():
        name, unit_id = _then(states[team_stream(team_id)], day)
        named = bulk.rename.of(name, tree.full_name(unit_id, day) or "") if name and bulk.rename else name
        if named != name:
            told = {"do": "rename", "team_id": team_id, "unit_id": unit_id, "name": name, "new_name": named}
            yield Step(uuid5(bulk.request_id, f"rename/{team_id}"), RenameTeam(team_id, named, day, document), told)


def _then(state: Team | None, day: date) -> tuple[str, str]:
    """Name and unit of the team on that day; empty if it is not there."""
    then = as_of(state, day) if state is not None else None
    if then is None or then.ended is not None:
        return "", ""
    return on(then.names, day) or then.birth.name, then.unit_id

"""From teams that stand together to proposals as JSON, each with the request that would carry it out.

What is missing in a request is the document: a proposal has none, a decision does. Ids are made of what is proposed, so
that a proposal posted twice is one change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import msgspec

from services.teams.domain.proposals import KnownAs, TeamSeats, merger
from services.teams.queries.proposals import Standing, Together
from shared.units import UnitTree

PROPOSALS = UUID("0192f0c4-6a3e-7b52-9c41-5e0f6f1c7d25")
Proposal = dict[str, Any]


def decided_by_units(group: Together) -> bool:
    """Whether the group comes of a reform of units, so that something can be proposed."""
    return "unit_ended" in group.reasons or "unit_shared" in group.reasons


def teams_of(group: Together) -> list[Proposal]:
    return [
        {
            "team_id": team.team_id,
            "unit_id": team.unit_id,
            "unit_ended": team.unit_id != group.unit_id,
            "name": team.name,
            "seats": team.seats,
            "leaders": team.leaders,
        }
        for team in group.teams
    ]


def parts_of(tree: UnitTree, unit_id: str, kind: str, day: date) -> list[str]:
    """The units of the level that teams of this kind serve which a unit has become by that day."""
    return [part.unit_id for part in tree.former_unit_on_map(unit_id, day) if tree.level(part.unit_id) == kind]


class Proposing:
    """``seats``, ``known_as`` and ``serving`` (unit and kind → team): of all groups that are asked about."""

    def __init__(
        self,
        tree: UnitTree,
        day: date,
        seats: Mapping[str, TeamSeats],
        known_as: KnownAs,
        serving: Mapping[tuple[str, str], str],
    ) -> None:
        self._tree, self._day, self.seats, self._known_as, self._serving = tree, day, seats, known_as, serving

    def of(self, group: Together) -> Iterator[Proposal]:
        """Teams of a divided unit are split, the others merge, or the only one serves the successor from now on."""
        if self._tree.level(group.unit_id) != group.kind:
            return  # nobody knows the successor: the facts stand a level above
        ended = [team for team in group.teams if team.unit_id != group.unit_id]
        parts = {team.team_id: parts_of(self._tree, team.unit_id, group.kind, self._day) for team in ended}
        for team in ended:
            if len(parts[team.team_id]) > 1:
                yield self._split(team, parts[team.team_id], group)
        whole = [team for team in group.teams if len(parts.get(team.team_id, ())) < 2]
        if len(whole) > 1:
            yield self._merger(whole, group)
        elif whole and whole[0].unit_id != group.unit_id:
            yield self._said("reassign", group, whole, self._reassignment(whole[0], group.unit_id))

    def merger(self, teams: Sequence[TeamSeats], into: str | None, new: Mapping[str, Any] | None) -> Proposal:
        """Of teams that somebody chose; ``new`` describes the surviving team if none of them is."""
        name = "/".join(sorted(team.team_id for team in teams))
        proposed = merger(into or self._id(f"team/{name}"), teams, self._known_as)
        body = self._command(f"merge/{name}") | {
            "into_team_id": proposed.into_team_id,
            "from_team_ids": proposed.from_team_ids,
            "seats": [_spare(msgspec.to_builtins(fate)) for fate in proposed.fates],
        }
        if proposed.new and new is not None:
            body["new"] = new
        return {
            "route": "/v1/teams/merge",
            "body": body,
            "leaders": proposed.leaders,
            "before": msgspec.to_builtins(proposed.before),
            "after": msgspec.to_builtins(proposed.after),
        }

    def _merger(self, teams: Sequence[Standing], group: Together) -> Proposal:
        """Into the team that serves the unit already (the largest, if there are several), else into a new one."""
        at_home = [team for team in teams if team.unit_id == group.unit_id]
        into = max(at_home, key=lambda team: (team.seats, team.team_id)).team_id if at_home else None
        largest = max(teams, key=lambda team: (team.seats, team.team_id))
        simulated = all(team.simulated for team in teams)
        new = {"kind": group.kind, "unit_id": group.unit_id, "name": largest.name, "simulated": simulated}
        said = self.merger([self.seats[team.team_id] for team in teams], into, new)
        return self._said("merge", group, teams, said)

    def _split(self, team: Standing, parts: Sequence[str], group: Together) -> Proposal:
        """All seats go to the main successor, for people to move them; or the whole team serves that one."""
        name = f"{team.team_id}/{group.unit_id}"
        seats = [seat.seat_id for seat in self.seats[team.team_id].seats]
        into: list[Proposal] = []
        for part in (group.unit_id, *(part for part in parts if part != group.unit_id)):
            there = self._serving.get((part, group.kind))
            taken = {"team_id": there or self._id(f"team/{name}/{part}"), "seats": [] if into else seats}
            new = {"kind": group.kind, "unit_id": part, "name": team.name, "simulated": team.simulated}
            into.append(taken if there else taken | {"new": new})
        body = self._command(f"split/{name}") | {"into": into, "goes_on": False}
        split = {"route": f"/v1/teams/{team.team_id}/split", "body": body, "to_place": seats}
        return self._said("split", group, [team], split) | {"or": self._reassignment(team, group.unit_id)}

    def _reassignment(self, team: Standing, unit_id: str) -> Proposal:
        body = {"id": self._id(f"reassign/{team.team_id}/{unit_id}"), "unit_id": unit_id, "effective": self._day}
        return {"route": f"/v1/teams/{team.team_id}/reassign", "body": body}

    def _said(self, how: str, group: Together, teams: Sequence[Standing], what: Proposal) -> Proposal:
        chosen = {team.team_id for team in teams}
        shown = [team for team in teams_of(group) if team["team_id"] in chosen]
        return {"how": how, "unit_id": group.unit_id, "kind": group.kind, "teams": shown, **what}

    def _command(self, name: str) -> Proposal:
        return {"id": self._id(f"command/{name}"), "rearrangement_id": self._id(name), "effective": self._day}

    def _id(self, name: str) -> str:
        return str(uuid5(PROPOSALS, f"{self._day}/{name}"))


def _spare(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in found.items() if value is not None}

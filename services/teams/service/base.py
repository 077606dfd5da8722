"""What all entrypoints of teams share: the provided pieces, the day asked for, one change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from marshmallow import Schema

from services.teams.authority import Authority
from services.teams.intake import Intake
from services.teams.people import People
from services.teams.queries import Queries
from services.teams.queries.proposals import Standings
from services.teams.schemas.base import Change, Loaded
from services.teams.schemas.kinds import Day
from shared.edge import Call, Reply, answered
from shared.handler import Handler
from shared.problems import Problem
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree
from shared.vietnamese import hanoi_day

PAGE = 500


class AsOf(Schema):
    as_of = Day(load_default=None)


def one(schema: type[Change], *path: str) -> Change:
    """The body of a single route, which takes these fields from its path."""
    return schema(exclude=path)


def day_of(call: Call) -> date:
    """``as_of``, or today in Viet Nam."""
    given: date | None = call.query["as_of"]
    return given or hanoi_day(call.now)


def known(tree: UnitTree, unit_id: str, where: str = "path") -> str:
    if unit_id not in tree:
        raise Problem("not-found", where=where)
    return unit_id


class Pieces:
    """Provided by ``wiring.py``; the mixins of the service use them."""

    handler: Handler[Any, Any, Any]
    intake: Intake
    authority: Authority
    units: UnitDirectory
    queries: Queries
    standings: Standings
    people: People

    def change(self, call: Call, *, bound: bool = True) -> Reply:
        loaded: Loaded = call.body
        command = loaded.command(**{name: str(value) for name, value in call.path.items()})
        envelope = call.envelope(command, loaded.command_id)
        if loaded.if_match is not None:
            envelope = replace(envelope, expected_version=loaded.if_match)
        return answered(self.intake.one(call, envelope, bound=bound), id=str(envelope.command_id))

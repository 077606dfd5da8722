"""Composition warnings in time, and which teams are still to be judged (migrations/versions/0006)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, text

from services.teams.domain.affairs.policies import POLICY
from services.teams.domain.policy import EVENTS, CompositionWarned
from services.teams.domain.team import corrections, life, rearrange, seats
from services.teams.projections.registry import OWN
from shared.log import Recorded

_STORE = text(
    """INSERT INTO read.warnings
              (team_id, code, effective, position, recorded_at, unit_id, warned, policy_id, expected, found)
       SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (team_id text, code text, effective date,
              position bigint, recorded_at timestamptz, unit_id text, warned bool, policy_id text, expected jsonb,
              found jsonb)"""
)


class Warnings:
    """``warnings@1``."""

    name = "warnings@1"
    sources = OWN
    types = frozenset(event.__name__ for event in EVENTS)

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        rows = [_row(event) for _, event in batch if event.type in self.types]
        if rows:
            tx.execute(_STORE, {"rows": orjson.dumps(rows).decode()})


def _row(event: Recorded) -> dict[str, Any]:
    warned = event.type == CompositionWarned.__name__
    return {**event.data, "position": event.position, "recorded_at": event.recorded_at, "warned": warned}


# --- what is to be judged --------------------------------------------------------------------------------------------

OF_TEAMS = frozenset(event.__name__ for module in (life, seats, rearrange, corrections) for event in module.EVENTS) | {
    "TeamTookPart"
}
OF_POLICIES = frozenset(event.__name__ for event in POLICY.commands.values()) | {"EntryVoided"}
OF_UNITS = frozenset({"UnitEstablished", "UnitReparented", "UnitAbolished", "UnitCorrected"})

_NOTE_TEAMS = text(
    """INSERT INTO read.judged_teams (team_id, due)
       SELECT x.team_id, x.due FROM unnest(cast(:teams AS text[]), cast(:positions AS bigint[])) AS x (team_id, due)
       ON CONFLICT (team_id) DO UPDATE SET due = greatest(judged_teams.due, excluded.due)"""
)
_NOTE_AREAS = text(
    """INSERT INTO read.unjudged_areas (unit_id, by_policy, due)
       SELECT x.* FROM unnest(cast(:units AS text[]), cast(:by_policy AS bool[]), cast(:positions AS bigint[])) AS x
       ON CONFLICT (unit_id, by_policy) DO UPDATE SET due = greatest(unjudged_areas.due, excluded.due)"""
)


class Unjudged:
    """``composition@1``: notes teams, and areas whose teams are to be looked at (``services.teams.reactions``)."""

    name = "composition@1"
    sources = OWN
    types = OF_TEAMS | OF_POLICIES | OF_UNITS

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        teams: dict[str, int] = {}
        areas: dict[tuple[str, bool], int] = {}
        for _, event in batch:
            kind, _, identity = event.stream_id.partition(":")
            if kind == "team":
                teams[identity] = event.position
            elif kind == POLICY.word:
                areas[event.data["unit_id"], True] = event.position
            elif kind == "unit" and not _new_village(event):
                areas[event.data["unit_id"], False] = event.position
        if teams:
            in_order = sorted(teams)  # two workers that note the same teams lock them in the same order
            tx.execute(_NOTE_TEAMS, {"teams": in_order, "positions": [teams[team] for team in in_order]})
        if areas:
            units, by_policy = zip(*areas, strict=True)
            given = {"units": list(units), "by_policy": list(by_policy), "positions": list(areas.values())}
            tx.execute(_NOTE_AREAS, given)


def _new_village(event: Recorded) -> bool:
    """They come by the ten thousand, and no team can have stood under one."""
    return event.type == "UnitEstablished" and event.data["level"] == "village"

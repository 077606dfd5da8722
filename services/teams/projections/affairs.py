"""Affairs: the facts of each record together in one row, for lists (migrations/versions/0005)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, text

from services.teams.domain.affairs import AFFAIR_OF_EVENT
from services.teams.domain.affairs.entries import EntryVoided
from services.teams.projections.registry import OWN
from shared.log import Recorded

TYPES = frozenset(event.__name__ for event in (*AFFAIR_OF_EVENT, EntryVoided))
SECRET = frozenset({"link"})

# What is so on which day, and was known when, follows from the facts by the domain's own fold when it is asked for.
_APPEND = text(
    """INSERT INTO read.affairs (affair, record_id, unit_id, team_id, position, facts)
       SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (affair text, record_id text, unit_id text,
              team_id text, position bigint, facts jsonb)
       ON CONFLICT (affair, record_id) DO UPDATE SET facts = affairs.facts || excluded.facts"""
)


class Affairs:
    """``affairs@1``."""

    name = "affairs@1"
    sources = OWN
    types = TYPES

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        rows: dict[str, dict[str, Any]] = {}
        for _, event in batch:
            if event.type in TYPES:
                rows.setdefault(event.stream_id, _row(event))["facts"].append(_fact(event))
        if rows:
            tx.execute(_APPEND, {"rows": orjson.dumps(list(rows.values())).decode()})


def _row(event: Recorded) -> dict[str, Any]:
    affair, _, record_id = event.stream_id.partition(":")
    owner = {name: event.data[name] for name in ("unit_id", "team_id")}
    return {"affair": affair, "record_id": record_id, **owner, "position": event.position, "facts": []}


def _fact(event: Recorded) -> dict[str, Any]:
    data = {name: value for name, value in event.data.items() if name not in SECRET}
    return {"type": event.type, "data": data, "recorded_at": event.recorded_at}

"""Outreach sessions as they are told by now: ``read.outreach``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, text

_TELL = text(
    """INSERT INTO read.outreach (session_id, unit_id, day, team_id, occasion, topics, heads)
       VALUES (:session_id, :unit_id, :day, :team_id, :occasion, cast(:topics AS text[]), cast(:heads AS jsonb))
       ON CONFLICT (session_id) DO UPDATE SET unit_id = excluded.unit_id, day = excluded.day,
              team_id = excluded.team_id, occasion = excluded.occasion, topics = excluded.topics,
              heads = excluded.heads"""
)
_VOID = text("DELETE FROM read.outreach WHERE session_id = :session_id")
TYPES = ("OutreachRecorded", "OutreachCorrected", "OutreachVoided")


def apply(tx: Connection, type_: str, data: Mapping[str, Any]) -> None:
    if type_ == "OutreachVoided":
        tx.execute(_VOID, {"session_id": data["session_id"]})
    else:
        tx.execute(_TELL, _row(data))


def _row(data: Mapping[str, Any]) -> dict[str, Any]:
    session = data["after"] if "after" in data else data["session"]
    heads = {each["age_band"]: each["n"] for each in session["heads"]}
    return {**session, "session_id": data["session_id"], "heads": orjson.dumps(heads).decode()}

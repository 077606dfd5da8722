"""Outreach sessions as they are told by now: ``read.outreach``, and the doubts about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, text

from services.visits.projections import flags

_TELL = text(
    """INSERT INTO read.outreach (session_id, unit_id, day, team_id, occasion, topics, heads)
       VALUES (:session_id, :unit_id, :day, :team_id, :occasion, cast(:topics AS text[]), cast(:heads AS jsonb))
       ON CONFLICT (session_id) DO UPDATE SET unit_id = excluded.unit_id, day = excluded.day,
              team_id = excluded.team_id, occasion = excluded.occasion, topics = excluded.topics,
              heads = excluded.heads"""
)
_VOID = text("DELETE FROM read.outreach WHERE session_id = :session_id")
TYPES = ("OutreachRecorded", "OutreachCorrected", "OutreachVoided", "OutreachFlagSettled")


def apply(tx: Connection, type_: str, data: Mapping[str, Any]) -> None:
    session_id = data["session_id"]
    match type_:
        case "OutreachFlagSettled":
            flags.settled(tx, flags.SESSION, session_id, data)
        case "OutreachVoided":
            tx.execute(_VOID, {"session_id": session_id})
            flags.corrected(tx, [], session_id)
        case _:
            session = data["after"] if "after" in data else data["session"]
            heads = {each["age_band"]: each["n"] for each in session["heads"]}
            tx.execute(_TELL, {**session, "session_id": session_id, "heads": orjson.dumps(heads).decode()})
            doubts = flags.opened(flags.SESSION, session_id, session["unit_id"], session, data["flags"])
            flags.corrected(tx, doubts, session_id)

"""Doubts about visits and outreach sessions, with what they are about where that may become known by itself.

``read.flags``: ``of`` says what ``id`` is, a visit or a session (``visit``, ``session``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, text

from services.visits.domain.vocabulary import REFERENCES

VISIT, SESSION = "visit", "session"

Rows = list[dict[str, Any]]
Data = Mapping[str, Any]

_STORE = text(
    """INSERT INTO read.flags AS f (day, id, of, unit_id, flag, state, about)
       SELECT x.day, x.id, x.of, x.unit_id, x.flag, x.state, x.about
         FROM json_to_recordset(cast(:rows AS json))
              x (day date, id uuid, of text, unit_id text, flag text, state text, about jsonb)
       ON CONFLICT (id, flag) DO UPDATE
          SET state = CASE WHEN excluded.state = 'open' THEN f.state ELSE excluded.state END,
              day = excluded.day, unit_id = excluded.unit_id, about = coalesce(excluded.about, f.about)"""
)
_ENDED = text("DELETE FROM read.flags WHERE id = :id AND NOT flag = ANY(:flags)")


def opened(of: str, id_: str, unit_id: str, told: Data, flags: Sequence[str]) -> Rows:
    """A row for each flag. ``told``: what the visit or the session says."""
    names = ("team_id", "member_ids", *(name for name in ("platforms", "outcomes", "topics") if name in told))
    about = {name: told[name] for name in names}
    row = {"day": told["day"], "id": id_, "of": of, "unit_id": unit_id, "state": "open"}
    return [row | {"flag": flag, "about": about if flag in REFERENCES else None} for flag in flags]


def store(tx: Connection, rows: Rows) -> None:
    if rows:
        # Sorted, so that two workers writing the same rows cannot deadlock.
        ordered = sorted(rows, key=lambda row: (row["id"], row["flag"]))
        tx.execute(_STORE, {"rows": orjson.dumps(ordered).decode()})


def corrected(tx: Connection, rows: Rows, id_: str) -> None:
    """``rows``: all doubts that hold now; one that was settled stays settled."""
    tx.execute(_ENDED, {"id": id_, "flags": [row["flag"] for row in rows]})
    store(tx, rows)


def settled(tx: Connection, of: str, id_: str, data: Data) -> None:
    row = {name: data[name] for name in ("day", "unit_id", "flag")}
    store(tx, [row | {"id": id_, "of": of, "state": data["how"], "about": None}])

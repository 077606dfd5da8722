"""What can be listed per unit: places, visits, and the doubts about visits.

``read.places`` where each place stands by everything recorded · ``read.visits`` each visit as it is now ·
``read.flags`` each doubt, with what it is about where that may become known by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, TextClause, text

from shared.log import Recorded

Rows = list[dict[str, Any]]
Data = Mapping[str, Any]

_PLACES = text(
    """INSERT INTO read.places (place_id, unit_id, kind)
       SELECT x.place_id, x.unit_id, x.kind
         FROM json_to_recordset(cast(:rows AS json)) x (place_id uuid, unit_id text, kind text)
       ON CONFLICT DO NOTHING"""
)
_VISITS = text(
    """INSERT INTO read.visits (day, visit_id, place_id, team_id, unit_id)
       SELECT x.day, x.visit_id, x.place_id, x.team_id, x.unit_id
         FROM json_to_recordset(cast(:rows AS json))
              x (day date, visit_id uuid, place_id uuid, team_id uuid, unit_id text)
       ON CONFLICT DO NOTHING"""
)
_FLAGS = text(
    """INSERT INTO read.flags AS f (day, visit_id, unit_id, flag, state, about)
       SELECT x.day, x.visit_id, x.unit_id, x.flag, x.state, x.about
         FROM json_to_recordset(cast(:rows AS json))
              x (day date, visit_id uuid, unit_id text, flag text, state text, about jsonb)
       ON CONFLICT (visit_id, flag) DO UPDATE
          SET state = CASE WHEN excluded.state = 'open' THEN f.state ELSE excluded.state END,
              day = excluded.day, about = coalesce(excluded.about, f.about)"""
)
_UNFLAGGED = text("DELETE FROM read.flags WHERE visit_id = :visit_id AND NOT flag = ANY(:flags)")
_CORRECTED = text(
    """UPDATE read.visits SET day = :day, team_id = :team_id, revision = :revision
        WHERE (unit_id, day, visit_id) = (:unit_id, :was, :visit_id)"""
)
_VOIDED = text(
    """UPDATE read.visits SET voided = true, revision = :revision
        WHERE (unit_id, day, visit_id) = (:unit_id, :day, :visit_id)"""
)
# Moves and closings may come in any order; the one of the latest day says how it is.
_MOVED = text(
    """UPDATE read.places SET unit_id = :unit_id, moved = :day
        WHERE place_id = :place_id AND coalesce(moved <= :day, true)"""
)
_PLACE_CORRECTED = text(
    """UPDATE read.places SET kind = :kind, unit_id = CASE WHEN moved IS NULL THEN :unit_id ELSE unit_id END
        WHERE place_id = :place_id"""
)
_SHUT = text(
    "UPDATE read.places SET open = :open, shut = :day WHERE place_id = :place_id AND coalesce(shut <= :day, true)"
)
_MERGED = text("UPDATE read.places SET merged_into = cast(:into AS uuid) WHERE place_id = :place_id")


class Lists:
    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        """New rows first, all at once; what changes them came after them in the log, or is about others."""
        visits: Rows = []
        places: Rows = []
        flags: Rows = []
        rest: list[tuple[str, Data]] = []
        for _, event in batch:
            data: Data = event.data
            if event.type == "VisitRecorded":
                visits.append({name: data[name] for name in ("day", "visit_id", "place_id", "team_id", "unit_id")})
                if event.version == 1:
                    places.append({name: data[name] for name in ("place_id", "unit_id")} | {"kind": data["place_kind"]})
                if data["flags"]:
                    flags += _doubts(data, data, data["flags"])
            elif event.type == "PlaceRegistered":
                if event.version == 1:
                    places.append({name: data[name] for name in ("place_id", "unit_id", "kind")})
            elif event.type in _CHANGES:
                rest.append((event.type, data))
        # Sorted, so that two workers writing the same rows cannot deadlock.
        _insert(tx, _PLACES, sorted(places, key=lambda row: row["place_id"]))
        _insert(tx, _VISITS, sorted(visits, key=lambda row: (row["unit_id"], row["day"], row["visit_id"])))
        _insert(tx, _FLAGS, sorted(flags, key=lambda row: (row["visit_id"], row["flag"])))
        for type_, data in rest:
            _CHANGES[type_](tx, data)


def _insert(tx: Connection, statement: TextClause, rows: Rows) -> None:
    if rows:
        tx.execute(statement, {"rows": orjson.dumps(rows).decode()})


def _doubts(data: Data, content: Data, flags: Sequence[str]) -> Rows:
    about = {name: content[name] for name in ("team_id", "member_ids", "platforms")}
    about["outcomes"] = content.get("outcomes", [])
    return [
        {
            "day": content["day"],
            "visit_id": data["visit_id"],
            "unit_id": data["unit_id"],
            "flag": flag,
            "state": "open",
            "about": about if flag.endswith("_unknown") else None,
        }
        for flag in flags
    ]


def _corrected(tx: Connection, data: Data) -> None:
    after = data["after"]
    told = {"unit_id": data["unit_id"], "visit_id": data["visit_id"], "revision": data["revision"]}
    tx.execute(_CORRECTED, told | {"day": after["day"], "team_id": after["team_id"], "was": data["before"]["day"]})
    tx.execute(_UNFLAGGED, {"visit_id": data["visit_id"], "flags": list(data["flags"])})
    _insert(tx, _FLAGS, _doubts(data, after, data["flags"]))


def _voided(tx: Connection, data: Data) -> None:
    tx.execute(_VOIDED, data)
    tx.execute(_UNFLAGGED, {"visit_id": data["visit_id"], "flags": []})


def _settled(tx: Connection, data: Data) -> None:
    row = {name: data[name] for name in ("day", "visit_id", "unit_id", "flag")}
    _insert(tx, _FLAGS, [row | {"state": data["how"], "about": None}])


_CHANGES: Mapping[str, Callable[[Connection, Data], object]] = {
    "VisitCorrected": _corrected,
    "VisitVoided": _voided,
    "FlagSettled": _settled,
    "PlaceMoved": lambda tx, data: tx.execute(_MOVED, data),
    "PlaceCorrected": lambda tx, data: tx.execute(_PLACE_CORRECTED, data),
    "PlaceClosed": lambda tx, data: tx.execute(_SHUT, {**data, "open": False}),
    "PlaceReopened": lambda tx, data: tx.execute(_SHUT, {**data, "open": True}),
    "PlaceMerged": lambda tx, data: tx.execute(_MERGED, data),
    "PlaceRestored": lambda tx, data: tx.execute(_MERGED, {**data, "into": None}),
}

"""What can be listed per unit: places, visits, and the doubts about visits.

``read.places`` where each place stands by everything recorded · ``read.visits`` each visit as it is now ·
``read.flags`` (``flags``) each doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import orjson
from sqlalchemy import Connection, TextClause, text

from services.visits.projections import flags
from services.visits.projections.flags import Data, Rows
from shared.log import Recorded

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
        doubts: Rows = []
        rest: list[tuple[str, Data]] = []
        for _, event in batch:
            data: Data = event.data
            if event.type == "VisitRecorded":
                visits.append({name: data[name] for name in ("day", "visit_id", "place_id", "team_id", "unit_id")})
                if event.version == 1:
                    places.append({name: data[name] for name in ("place_id", "unit_id")} | {"kind": data["place_kind"]})
                if data["flags"]:
                    doubts += flags.opened(flags.VISIT, data["visit_id"], data["unit_id"], data, data["flags"])
            elif event.type == "PlaceRegistered":
                if event.version == 1:
                    places.append({name: data[name] for name in ("place_id", "unit_id", "kind")})
            elif event.type in _CHANGES:
                rest.append((event.type, data))
        # Sorted, so that two workers writing the same rows cannot deadlock.
        _insert(tx, _PLACES, sorted(places, key=lambda row: row["place_id"]))
        _insert(tx, _VISITS, sorted(visits, key=lambda row: (row["unit_id"], row["day"], row["visit_id"])))
        flags.store(tx, doubts)
        for type_, data in rest:
            _CHANGES[type_](tx, data)


def _insert(tx: Connection, statement: TextClause, rows: Rows) -> None:
    if rows:
        tx.execute(statement, {"rows": orjson.dumps(rows).decode()})


def _corrected(tx: Connection, data: Data) -> None:
    after = data["after"]
    told = {"unit_id": data["unit_id"], "visit_id": data["visit_id"], "revision": data["revision"]}
    tx.execute(_CORRECTED, told | {"day": after["day"], "team_id": after["team_id"], "was": data["before"]["day"]})
    doubts = flags.opened(flags.VISIT, data["visit_id"], data["unit_id"], after, data["flags"])
    flags.corrected(tx, doubts, data["visit_id"])


def _voided(tx: Connection, data: Data) -> None:
    tx.execute(_VOIDED, data)
    flags.corrected(tx, [], data["visit_id"])


_CHANGES: Mapping[str, Callable[[Connection, Data], object]] = {
    "VisitCorrected": _corrected,
    "VisitVoided": _voided,
    "FlagSettled": lambda tx, data: flags.settled(tx, flags.VISIT, data["visit_id"], data),
    "PlaceMoved": lambda tx, data: tx.execute(_MOVED, data),
    "PlaceCorrected": lambda tx, data: tx.execute(_PLACE_CORRECTED, data),
    "PlaceClosed": lambda tx, data: tx.execute(_SHUT, {**data, "open": False}),
    "PlaceReopened": lambda tx, data: tx.execute(_SHUT, {**data, "open": True}),
    "PlaceMerged": lambda tx, data: tx.execute(_MERGED, data),
    "PlaceRestored": lambda tx, data: tx.execute(_MERGED, {**data, "into": None}),
}

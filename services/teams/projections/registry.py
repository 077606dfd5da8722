"""Own events → own read tables (migrations/versions/0001): teams, their names and seats in time, documents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, TextClause, text

from shared.log import Recorded

OWN: Mapping[str, Collection[int]] = {"": (0,)}

_DOCUMENTS = text(
    """INSERT INTO read.documents
              (document_id, kind, issuer, number, year, signed_on, effective_from, effective_to, title)
       SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (document_id text, kind text, issuer text, number text,
              year int, signed_on date, effective_from date, effective_to date, title text)"""
)
_TEAMS = text(
    """INSERT INTO read.teams (team_id, position, kind, unit_id, pilot, established, simulated)
       SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (team_id text, position bigint, kind text,
              unit_id text, pilot bool, effective date, simulated bool)"""
)
_NAMES = text(
    """INSERT INTO read.team_names (team_id, since, name)
       SELECT DISTINCT ON (x.team_id, x.effective) x.team_id, x.effective, x.name
         FROM json_to_recordset(cast(:rows AS json)) AS x (n int, team_id text, effective date, name text)
        ORDER BY x.team_id, x.effective, x.n DESC
       ON CONFLICT (team_id, since) DO UPDATE SET name = excluded.name"""
)
_CONVERTED = text(
    """UPDATE read.teams t SET pilot_until = x.effective
         FROM json_to_recordset(cast(:rows AS json)) AS x (team_id text, effective date) WHERE t.team_id = x.team_id"""
)
_ENDED = text(
    """UPDATE read.teams t SET ended = x.effective, ending = x.ending, into_team_id = x.into_team_id
         FROM json_to_recordset(cast(:rows AS json)) AS x (team_id text, effective date, ending text, into_team_id text)
        WHERE t.team_id = x.team_id"""
)
_RELEASE_ALL = text(
    """UPDATE read.seats s SET until = x.effective
         FROM json_to_recordset(cast(:rows AS json)) AS x (team_id text, effective date)
        WHERE s.team_id = x.team_id AND s.until IS NULL"""
)
_RELEASE = text(
    """UPDATE read.seats s SET until = x.until
         FROM json_to_recordset(cast(:rows AS json)) AS x (team_id text, seat_id text, until date)
        WHERE s.team_id = x.team_id AND s.seat_id = x.seat_id AND s.until IS NULL"""
)
# A seat whose role changes on the day it was filled keeps the later role only.
_SEAT = text(
    """INSERT INTO read.seats (team_id, seat_id, since, until, person_id, role, affiliation)
       SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (team_id text, seat_id text, since date, until date,
              person_id text, role text, affiliation text)
       ON CONFLICT (team_id, seat_id, since) DO UPDATE SET until = excluded.until, person_id = excluded.person_id,
              role = excluded.role, affiliation = excluded.affiliation"""
)

Rows = list[dict[str, Any]]


class Registry:
    """``registry@1``."""

    name = "registry@1"
    sources = OWN

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        changes = Changed()
        for _, event in batch:
            changes.take(event)
        changes.write(tx)


class Changed:
    """What a batch of events does to the tables, gathered per table."""

    def __init__(self) -> None:
        self.documents: Rows = []
        self.teams: Rows = []
        self.names: Rows = []
        self.converted: Rows = []
        self.ended: Rows = []
        self.released: Rows = []  # seats filled before this batch
        self.filled: dict[tuple[str, str], dict[str, Any]] = {}  # filled in this batch, and still open
        self.past: dict[tuple[str, str, str], dict[str, Any]] = {}  # filled and released in this batch

    def take(self, event: Recorded) -> None:
        data, day = event.data, event.data.get("effective", "")
        match event.type:
            case "DocumentRegistered":
                self.documents.append(data)
            case "TeamEstablished":
                self.teams.append({**data, "position": event.position})
                self._name(data)
                self._fill(data["team_id"], data["seats"], day)
            case "TeamRenamed":
                self._name(data)
            case "TeamReconstituted":
                self._release(data["team_id"], data["released"], day)
                self._fill(data["team_id"], data["appointed"], day)
            case "SeatAppointed":
                self._fill(data["team_id"], [data["seat"]], day)
            case "SeatReleased":
                self._release(data["team_id"], [data["seat_id"]], day)
            case "TeamTookPart":
                self._release(data["team_id"], data["left"], day)
                self._fill(data["team_id"], data["came"], day)
                if not data["exists"]:
                    self._end(data["team_id"], day, data["ending"], data["into_team_id"])
            case "TeamDissolved":
                self._end(data["team_id"], day, "dissolved")
            case "PilotEnded" if data["converted"]:
                self.converted.append(data)
            case "PilotEnded":
                self._end(data["team_id"], day, "pilot")

    def write(self, tx: Connection) -> None:
        _write(tx, _DOCUMENTS, self.documents)
        _write(tx, _TEAMS, self.teams)
        _write(tx, _NAMES, self.names)
        _write(tx, _CONVERTED, self.converted)
        _write(tx, _ENDED, self.ended)
        # These concern seats of earlier batches, so they come before what this batch filled; ends come last in a life.
        _write(tx, _RELEASE, self.released)
        _write(tx, _RELEASE_ALL, self.ended)
        _write(tx, _SEAT, self.past.values())
        _write(tx, _SEAT, self.filled.values())

    def _name(self, data: dict[str, Any]) -> None:
        row = {"n": len(self.names), "team_id": data["team_id"], "effective": data["effective"], "name": data["name"]}
        self.names.append(row)

    def _fill(self, team_id: str, seats: Iterable[dict[str, Any]], day: str) -> None:
        for seat in seats:
            self.filled[team_id, seat["seat_id"]] = {**seat, "team_id": team_id, "since": day, "until": None}

    def _release(self, team_id: str, seat_ids: Iterable[str], day: str) -> None:
        for seat_id in seat_ids:
            row = self.filled.pop((team_id, seat_id), None)
            if row is None:
                self.released.append({"team_id": team_id, "seat_id": seat_id, "until": day})
            else:
                self.past[team_id, seat_id, row["since"]] = {**row, "until": day}

    def _end(self, team_id: str, day: str, ending: str, into: str | None = None) -> None:
        self.ended.append({"team_id": team_id, "effective": day, "ending": ending, "into_team_id": into})
        self._release(team_id, [seat_id for team, seat_id in self.filled if team == team_id], day)


def _write(tx: Connection, statement: TextClause, rows: Collection[dict[str, Any]]) -> None:
    if rows:
        tx.execute(statement, {"rows": orjson.dumps(list(rows)).decode()})

"""Own events → own read tables (migrations/versions/0003): teams and seats in time, documents, who cites them.

A team that has just been established is written as its event says. Every other team that a batch touches is folded
anew by the domain, and its rows are replaced: late facts and corrections may change any day of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

import orjson
from sqlalchemy import Connection, TextClause, text

from services.teams.domain import EVENTS
from services.teams.domain.documents import DocumentKeyTaken, DocumentRegistered
from services.teams.domain.team import corrections, life, seats
from services.teams.domain.team.events import TeamTookPart
from services.teams.domain.team.replay import evolve
from services.teams.domain.team.state import Team
from services.teams.projections import spans
from shared.codec import Codec, NothingChanged
from shared.log import COLUMNS, Recorded
from shared.vietnamese import fold

OWN: Mapping[str, Collection[int]] = {"": (0,)}
OF_TEAMS = (*life.EVENTS, *seats.EVENTS, *corrections.EVENTS, TeamTookPart)
CITING = frozenset(
    event.__name__
    for event in EVENTS
    if event not in (DocumentRegistered, DocumentKeyTaken) and any(f.name == "document_id" for f in fields(event))
)
TEAM = "team:"

_DOCUMENTS = text(
    """INSERT INTO read.documents
              (document_id, kind, issuer, number, year, signed_on, effective_from, effective_to, title)
       SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (document_id text, kind text, issuer text, number text,
              year int, signed_on date, effective_from date, effective_to date, title text)"""
)
_CITATIONS = text(
    """INSERT INTO read.citations (document_id, position, type, stream_id, unit_id, effective, recorded_at)
       SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (document_id text, position bigint, type text,
              stream_id text, unit_id text, effective date, recorded_at timestamptz)"""
)
# One JSON text and one round trip for the five rows of seats and all the rest of a new team.
_NEW = text(
    """WITH new AS MATERIALIZED (
           SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (team_id text, position bigint, kind text,
                  unit_id text, pilot bool, effective date, document_id text, simulated bool, name text, folded text,
                  seats json, leaders int)
       ), teams AS (
           INSERT INTO read.teams (team_id, position, kind, unit_id, established, document_id, simulated)
           SELECT team_id, position, kind, unit_id, effective, document_id, simulated FROM new
       ), spans AS (
           INSERT INTO read.team_spans (unit_id, team_id, since, established, seats, leaders, simulated, kind, standing,
                                        document_id, name, folded)
           SELECT unit_id, team_id, effective, effective, json_array_length(seats), leaders, simulated, kind,
                  CASE WHEN pilot THEN 'pilot' ELSE 'active' END, document_id, name, folded
             FROM new
       )
       INSERT INTO read.seats (team_id, seat_id, since, person_id, role, affiliation)
       SELECT new.team_id, s.seat_id, new.effective, s.person_id, s.role, s.affiliation
         FROM new, json_to_recordset(new.seats) AS s (seat_id text, person_id text, role text, affiliation text)"""
)
_STREAMS = text(
    f"""SELECT e.* FROM unnest(cast(:streams AS text[])) AS wanted (stream_id),
               LATERAL (SELECT {COLUMNS} FROM log.events x WHERE x.stream_id = wanted.stream_id
                            AND x.position <= :position ORDER BY x.version) e"""
)
_CLEAR = [
    text(f"DELETE FROM read.{table} WHERE team_id = ANY(:teams)") for table in ("team_spans", "team_units", "seats")
]
_TEAMS = text(
    """INSERT INTO read.teams (team_id, position, kind, unit_id, established, ended, ending, into_team_id, document_id,
                               simulated)
       SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (team_id text, position bigint, kind text,
              unit_id text, established date, ended date, ending text, into_team_id text, document_id text,
              simulated bool)
       ON CONFLICT (team_id) DO UPDATE SET unit_id = excluded.unit_id, established = excluded.established,
              ended = excluded.ended, ending = excluded.ending, into_team_id = excluded.into_team_id,
              document_id = excluded.document_id"""
)
_SPANS = text(
    """INSERT INTO read.team_spans (unit_id, team_id, since, until, established, ended, seats, leaders, simulated, kind,
                                    standing, ending, into_team_id, document_id, name, folded)
       SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (unit_id text, team_id text, since date, until date,
              established date, ended date, seats int, leaders int, simulated bool, kind text, standing text,
              ending text, into_team_id text, document_id text, name text, folded text)"""
)
_UNITS = text(
    """INSERT INTO read.team_units (unit_id, team_id)
       SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (unit_id text, team_id text)"""
)
_SEATS = text(
    """INSERT INTO read.seats (team_id, seat_id, since, until, person_id, role, affiliation)
       SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (team_id text, seat_id text, since date, until date,
              person_id text, role text, affiliation text)"""
)


class Registry:
    """``registry@2``."""

    name = "registry@2"
    sources = OWN
    types = frozenset({*(event.__name__ for event in OF_TEAMS), *CITING, "DocumentRegistered"})

    def __init__(self) -> None:
        self._codec = Codec(*OF_TEAMS)

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        events = [event for _, event in batch if event.type in self.types]
        streams: dict[str, list[Recorded]] = {}
        for event in events:
            if event.stream_id.startswith(TEAM):
                streams.setdefault(event.stream_id, []).append(event)
        new = [of[0] for of in streams.values() if len(of) == 1 and of[0].type == "TeamEstablished"]
        for event in new:
            del streams[event.stream_id]
        _write(tx, _DOCUMENTS, [event.data for event in events if event.type == "DocumentRegistered"])
        _write(tx, _CITATIONS, [row for event in events if event.type in CITING for row in _citations(event)])
        _write(tx, _NEW, [_new(event) for event in new])
        if streams:
            self._replace(tx, streams, events[-1].position)

    def _replace(self, tx: Connection, streams: dict[str, list[Recorded]], position: int) -> None:
        """Fold these teams by all their events up to that position."""
        begun = [stream for stream, events in streams.items() if events[0].type != "TeamEstablished"]
        if begun:
            streams = streams | {stream: [] for stream in begun}
            for row in tx.execute(_STREAMS, {"streams": begun, "position": position}):
                streams[row.stream_id].append(Recorded(*row))
            teams = [stream.removeprefix(TEAM) for stream in begun]
            for clear in _CLEAR:
                tx.execute(clear, {"teams": teams})
        folded = [(team, events) for events in streams.values() if (team := self._folded(events)) is not None]
        days = {team.birth.team_id: spans.spans(team) for team, _ in folded}
        _write(tx, _TEAMS, [_latest(team, events[0].position) for team, events in folded])
        _write(tx, _SPANS, [row for rows in days.values() for row in rows])
        _write(tx, _UNITS, [row for team, events in folded for row in _units(team, events, days)])
        _write(tx, _SEATS, [row for team, _ in folded for row in spans.seats(team)])

    def _folded(self, events: Iterable[Recorded]) -> Team | None:
        team: Team | None = None
        for stored in events:
            event = self._codec.decode(stored)
            if not isinstance(event, NothingChanged):
                team = evolve(team, event)
        return team


def _new(event: Recorded) -> dict[str, Any]:
    data = event.data
    leaders = sum(seat["role"] == "leader" for seat in data["seats"])
    return {**data, "position": event.position, "folded": fold(data["name"]), "leaders": leaders}


def _latest(team: Team, position: int) -> dict[str, Any]:
    return {
        "team_id": team.birth.team_id,
        "position": position,
        "kind": team.birth.kind,
        "unit_id": team.unit_id,
        "established": team.established,
        "ended": team.ended,
        "ending": team.ending,
        "into_team_id": team.into,
        "document_id": team.birth.document_id,
        "simulated": team.birth.simulated,
    }


def _units(team: Team, events: Iterable[Recorded], days: Mapping[str, Iterable[Mapping[str, Any]]]) -> Iterator[Any]:
    """Units that only former tellings named, or for no day at all."""
    team_id = team.birth.team_id
    told = {unit_id for event in events for unit_id in _told_units(event)}
    for unit_id in sorted(told - {row["unit_id"] for row in days[team_id]}):
        yield {"unit_id": unit_id, "team_id": team_id}


def _told_units(event: Recorded) -> Iterator[str]:
    data = event.data
    if event.type in ("TeamEstablished", "TeamReassigned"):
        yield data["unit_id"]
    for fact in data["facts"] if event.type == "TeamCorrected" else ():
        yield from (fact[member]["unit_id"] for member in ("established", "reassigned") if fact.get(member))


def _citations(event: Recorded) -> Iterator[dict[str, Any]]:
    """A row for every document that the event cites; a correction also cites those of the facts it tells anew."""
    data = event.data
    cited = {data["document_id"]: None}
    for fact in data.get("facts", ()) if event.type == "TeamCorrected" else ():
        cited |= {member["document_id"]: None for member in fact.values() if isinstance(member, dict)}
    for document_id in cited:
        if document_id is not None:
            yield {
                "document_id": document_id,
                "position": event.position,
                "type": event.type,
                "stream_id": event.stream_id,
                "unit_id": data.get("unit_id"),
                "effective": data.get("effective"),
                "recorded_at": event.recorded_at,
            }


def _write(tx: Connection, statement: TextClause, rows: Collection[Mapping[str, Any]]) -> None:
    if rows:
        tx.execute(statement, {"rows": orjson.dumps(list(rows)).decode()})

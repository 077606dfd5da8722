"""The registry's log as it would be with the whole network in it, written directly: for those who read its feed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
import psycopg

from bench.kit.country import followed
from ops.demo.network import Network
from ops.units import seed as units

Event = tuple[str, str, dict[str, Any]]
"""Type, stream, data."""
COLUMNS = (
    "position, recorded_at, command_id, version, partition, schema, ordinal, total, stream_id, type, fingerprint, hash,"
    " metadata, data"
)
TREE = """INSERT INTO read.unit_facts (position, type, data)
          SELECT position, type, data FROM log.events WHERE type LIKE 'Unit%'"""


def events(network: Network) -> Iterator[Event]:
    """Units of all days (also those of the reform), documents, people, teams with their seats."""
    villages = []
    for row in network.units.rows:
        yield _unit(row)
    for province in network.plan():
        for row in province.villages:
            yield _unit(row)
        villages += province.villages
        for document in province.documents:
            yield "DocumentRegistered", f"document:{document['document_id']}", _plain(document)
        for person in province.people:
            yield "PersonRegistered", f"person:{person['person_id']}", {}
        for team in province.teams:
            for person in team["people"]:
                yield "PersonRegistered", f"person:{person['person_id']}", {}
            place = f"place:{team['unit_id']}:{team['kind']}"
            yield "TeamEstablished", f"team:{team['team_id']}", _plain(team)
            yield "TeamPlaced", place, {"team_id": team["team_id"], "since": team["effective"]}
    for row in followed(network.world, villages):
        yield _unit(row)


def fill(tx: psycopg.Connection, made: Iterable[Event]) -> int:
    """Log, tree and cursors as if all were done and sent; returns the head."""
    now, position, versions = datetime.now(UTC), 0, dict[str, int]()
    with tx.cursor() as cursor, cursor.copy(f"COPY log.events ({COLUMNS}) FROM STDIN") as copy:
        for type_, stream, data in made:
            position += 1
            version = versions[stream] = versions.get(stream, 0) + 1
            content = orjson.dumps(data).decode()
            ids = (position, now, uuid4(), version, 0, 1, 1, 1)
            copy.write_row((*ids, stream, type_, b"f" * 16, b"h" * 16, "{}", content))
    tx.execute("UPDATE log.heads SET position = %s, recorded_at = %s", [position, now])
    tx.execute("UPDATE bus.cursors SET position = %s WHERE source = ''", [position])
    tx.execute(TREE)
    tx.commit()
    tx.autocommit = True
    tx.execute("VACUUM ANALYZE log.events")
    return position


def _unit(row: dict[str, Any]) -> Event:
    type_, data = units.as_event(row)
    return type_, f"unit:{data['unit_id']}", data


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("id", "people")}

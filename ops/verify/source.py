"""Read access to one service's raw tables, as the role that can do nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from psycopg.types.json import set_json_loads

from ops.local.stack import Stack

CHUNK = 5_000


@dataclass
class Source:
    """A service's database, in one snapshot per statement. ``hash_key`` is what its content hashes are keyed with."""

    service: str
    connection: psycopg.Connection[Any]
    hash_key: bytes

    @classmethod
    def of(cls, stack: Stack, service: str) -> Source:
        connection = psycopg.connect(stack.database(service).verify_url, application_name="verify", autocommit=True)
        set_json_loads(orjson.loads, connection)
        return cls(service, connection, bytes.fromhex(stack.state.secret(f"hash-key-{service}")))

    def all(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, parameters).fetchall()

    def stream(self, query: str, *parameters: Any) -> Iterator[tuple[Any, ...]]:
        """Rows of a large result, a chunk at a time."""
        with self.connection.transaction(), self.connection.cursor(name="verify") as cursor:
            cursor.itersize = CHUNK
            cursor.execute(query, parameters)
            yield from cursor

    def heads(self) -> dict[int, int]:
        return dict(self.all("SELECT partition, position FROM log.heads ORDER BY partition"))

    def close(self) -> None:
        self.connection.close()

"""Visits over PostgreSQL for tests: the kit of a fresh database with a few units; projections run to the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from ops.local.provision import Database
from services.visits.wiring import EVENTS
from shared.handler import Envelope
from shared.kit import Kit
from shared.log import Recorded
from shared.settings import Settings
from shared.subscription import Projection, Subscription

NOW = datetime(2026, 10, 12, 3, 0, tzinfo=UTC)
UNITS = (
    ("nation", "nation", None),
    ("p1", "province", "nation"),
    ("p2", "province", "nation"),
    ("c1", "commune", "p1"),
    ("c2", "commune", "p1"),
    ("c3", "commune", "p2"),
    ("v1", "village", "c1"),
    ("v2", "village", "c1"),
    ("v3", "village", "c2"),
)


@contextmanager
def opened(db: Database) -> Iterator[Kit]:
    settings = Settings.from_env(
        {
            "TUNGNHA_SERVICE_DATABASE_URL": db.app_url,
            "TUNGNHA_VAULT_DATABASE_URL": db.vault_url,
            "TUNGNHA_HASH_KEY": "11" * 32,
        }
    )
    kit = Kit(settings, name="test", events=EVENTS, pool_size=20)
    with kit.engine.begin() as tx:
        for position, (unit, level, parent) in enumerate(UNITS, 1):
            data = {"unit_id": unit, "level": level, "kind": level, "name": unit, "parent_id": parent, "code": None}
            tx.execute(
                text("INSERT INTO read.unit_facts VALUES (:p, 'UnitEstablished', cast(:d AS jsonb))"),
                {"p": position, "d": json.dumps(data | {"effective": "2025-07-01"})},
            )
    try:
        yield kit
    finally:
        kit.close()


def envelope(command: Any, command_id: UUID | None = None) -> Envelope:
    return Envelope(command_id or uuid4(), command, "somebody", NOW)


def project(kit: Kit, *projections: Projection) -> None:
    for projection in projections:
        subscription = Subscription(projection, kit.engine, kit.log)
        while subscription.step():
            pass


def of_teams(position: int, type_: str, **data: Any) -> tuple[str, Recorded]:
    """A mirrored event of teams, as a projection is given it."""
    return "teams", Recorded(0, position, "team:x", 0, type_, 1, data, {}, uuid4(), 1, b"", NOW)

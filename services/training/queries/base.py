"""How far the read tables have come."""

from __future__ import annotations

from sqlalchemy import Connection, text

_AS_OF = text("SELECT position FROM bus.cursors WHERE subscription = :name AND source = '' AND partition = 0")


def as_of(tx: Connection, subscription: str) -> str:
    """``partition:position`` of the own log up to which this projection has told."""
    return f"0:{tx.execute(_AS_OF, {'name': subscription}).scalar() or 0}"

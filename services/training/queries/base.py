"""How far the read tables have come."""

from __future__ import annotations

from sqlalchemy import Connection, text

_AS_OF = text(
    """SELECT min(coalesce(c.position, 0)) FROM unnest(cast(:names AS text[])) AS n (name)
         LEFT JOIN bus.cursors c ON c.subscription = n.name AND c.source = '' AND c.partition = 0"""
)


def as_of(tx: Connection, *subscriptions: str) -> str:
    """``partition:position`` of the own log up to which all of these projections have told."""
    return f"0:{tx.execute(_AS_OF, {'names': list(subscriptions)}).scalar()}"

"""How far the tables have come, and the tree of units of that very moment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from services.teams.projections.registry import Registry
from shared.unit_directory import UnitDirectory, Units
from shared.units import UnitTree

POSITIONS = f"""SELECT (SELECT min(position) FROM bus.cursors
                WHERE subscription IN ('{Registry.name}', '{Units.name}') AND source = '') AS tables,
              (SELECT max(position) FROM read.unit_facts) AS units"""
_POSITIONS = text(POSITIONS)


def come_to(tx: Connection, directory: UnitDirectory, known_at: datetime | None = None) -> tuple[int, UnitTree]:
    """A list of teams must not miss those of units that the tables know and the tree in memory does not yet."""
    row = tx.execute(_POSITIONS).one()
    if (row.units or 0) > directory.position:
        directory.refresh()
    return row.tables or 0, directory.tree(known_at)

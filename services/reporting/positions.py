"""How far the figures have come: positions per source and partition, against the sources' heads."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from services.reporting.projections import NAME
from services.reporting.store import COUNTS, ROLLED_UP, Map

_PROGRESS = """SELECT (SELECT count(*) FROM bus.parked WHERE subscription IN (%(name)s, 'units@1')) AS parked,
              (SELECT position FROM bus.cursors WHERE subscription = 'units@1' AND source = 'teams') AS units_cursor,
              (SELECT max(position) FROM read.unit_facts) AS units_position,
              (SELECT slot FROM read.figures_live) AS slot, (SELECT since FROM read.figures_live) AS since,
              (SELECT counts FROM read.figures_live) AS counts,
              (SELECT json_agg(json_build_array(map, key, tree_position)) FROM read.map) AS maps,
              c.source, c.partition, c.position, c.moved_at, s.checked_at,
              coalesce(s.checked_at < now() - interval '1 minute', true) AS unchecked,
              greatest((s.heads ->> c.partition::text)::bigint, c.position,
                  (SELECT max(m.position) FROM bus.mirror m
                    WHERE m.source = c.source AND m.log_id = s.log_id AND m.partition = c.partition)) AS head
         FROM (SELECT) one LEFT JOIN bus.cursors c ON c.subscription = %(name)s LEFT JOIN bus.sources s USING (source)
        ORDER BY c.source, c.partition"""
"""All in one question: what is the same for every cursor is worked out once."""


@dataclass(frozen=True, slots=True)
class Progress:
    """``units_position``: the last unit event known here; ``map_position``: the last one the roll-ups' maps know.
    ``slot`` answers ``since``, and has these maps."""

    positions: Mapping[tuple[str, int], int]
    heads: Mapping[tuple[str, int], int]
    parked: int
    units_cursor: int
    units_position: int
    slot: str
    since: datetime
    maps: Mapping[int, Map]
    moved_at: datetime | None
    checked_at: datetime | None
    unchecked: Mapping[str, datetime | None]
    """Sources that were not reached for a minute, and when they last were: their heads, and so the lag, may be old."""
    whole: bool
    """Whether every figure of this version has been counted, or a rebuild has still to do it."""

    @property
    def state(self) -> Hashable:
        """A name for what the read model holds and for what is in doubt: while it is the same, so is every answer."""
        maps = tuple(self.maps.items())
        counted = self.since, tuple(self.positions.items()), self.parked, self.units_position, maps, self.whole
        return *counted, tuple(self.unchecked.items())

    @property
    def map_position(self) -> int:
        return min((self.maps[number].tree_position for number in ROLLED_UP if number in self.maps), default=0)

    def includes(self, wanted: Mapping[tuple[str, int], int]) -> bool:
        for key, position in wanted.items():
            if self.positions.get(key, 0) < position:
                return False
            if key[0] == "teams" and (self.units_cursor < position or self.map_position < self.units_position):
                return False
        return True

    def by_source(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for (source, partition), position in self.positions.items():
            found.setdefault(source, {})[str(partition)] = position
        return found

    def lag(self) -> dict[str, int]:
        """Events behind the head of each source, as far as known."""
        behind: dict[str, int] = {}
        for key, head in self.heads.items():
            behind[key[0]] = behind.get(key[0], 0) + head - self.positions[key]
        return behind

    def document(self) -> dict[str, Any]:
        return {
            "positions": self.by_source(),
            "lag": self.lag(),
            "freshness": {"moved_at": self.moved_at, "heads_checked_at": self.checked_at, "units": self.map_position},
        }


def progress(tx: Connection) -> Progress:
    rows = tx.exec_driver_sql(_PROGRESS, {"name": NAME}).all()
    rest, cursors = rows[0], [row for row in rows if row.source is not None]
    checked = [row.checked_at for row in cursors if row.checked_at is not None]
    return Progress(
        {(row.source, row.partition): row.position for row in cursors},
        {(row.source, row.partition): row.head for row in cursors},
        rest.parked,
        rest.units_cursor or 0,
        rest.units_position or 0,
        rest.slot,
        rest.since,
        {number: Map(number, date.fromisoformat(key), position) for number, key, position in rest.maps or ()},
        max((row.moved_at for row in cursors), default=None),
        min(checked, default=None),
        {row.source: row.checked_at for row in cursors if row.unchecked},
        rest.counts >= COUNTS,
    )

"""How far the figures have come: positions per source and partition, against the sources' heads."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from services.reporting.projections import NAME
from services.reporting.store import COUNTS, ROLLED_UP, Map

_PROGRESS = """SELECT row_to_json(found) FROM (
       SELECT (SELECT count(*) FROM bus.parked WHERE subscription IN (%(name)s, 'units@1')) AS parked,
              (SELECT position FROM bus.cursors WHERE subscription = 'units@1' AND source = 'teams') AS units_cursor,
              (SELECT max(position) FROM read.unit_facts) AS units_position,
              (SELECT row_to_json(live) FROM read.figures_live live) AS live,
              (SELECT json_agg(json_build_array(map, key, tree_position)) FROM read.map) AS maps,
              json_agg(json_build_array(c.source, c.partition, c.position, greatest(
                  (s.heads ->> c.partition::text)::bigint, c.position,
                  (SELECT max(m.position) FROM bus.mirror m
                    WHERE m.source = c.source AND m.log_id = s.log_id AND m.partition = c.partition)
                  )) ORDER BY c.source, c.partition) AS cursors,
              max(c.moved_at) AS moved_at, min(s.checked_at) AS checked_at,
              json_object_agg(c.source, s.checked_at ORDER BY c.source)
                  FILTER (WHERE coalesce(s.checked_at < now() - interval '1 minute', true)) AS unchecked
         FROM bus.cursors c LEFT JOIN bus.sources s USING (source) WHERE c.subscription = %(name)s) found"""
"""All in one question, and one value: every row and column more costs the process that asks."""


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
    found = tx.exec_driver_sql(_PROGRESS, {"name": NAME}).scalar_one()
    live, cursors = found["live"], found["cursors"] or ()
    return Progress(
        {(source, partition): position for source, partition, position, _ in cursors},
        {(source, partition): head for source, partition, _, head in cursors},
        found["parked"],
        found["units_cursor"] or 0,
        found["units_position"] or 0,
        live["slot"],
        datetime.fromisoformat(live["since"]),
        {number: Map(number, date.fromisoformat(key), position) for number, key, position in found["maps"] or ()},
        _moment(found["moved_at"]),
        _moment(found["checked_at"]),
        {source: _moment(checked) for source, checked in (found["unchecked"] or {}).items()},
        live["counts"] >= COUNTS,
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)

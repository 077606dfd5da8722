"""How far the slot had come that answered before, and what it had not counted: enough to go on with it from there.

What is parked belongs to the figures that could not count it. So it rests with its slot, and comes back with it.
"""

from __future__ import annotations

import orjson
from sqlalchemy import Connection, text

from services.reporting import store
from services.reporting.projections import NAME
from services.reporting.replaying import Replay, beginning
from services.reporting.store import SLOTS


class NothingToGoBackTo(Exception):
    """``reason``: ``none``, ``older`` (it counts less than this version) or ``begun_anew`` (a source has)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_REST = text(
    """INSERT INTO read.resting (slot, counts, cursors, parked)
       SELECT slot, counts,
              (SELECT coalesce(jsonb_agg(jsonb_build_array(c.source, c.partition, c.position, s.log_id)), '[]')
                 FROM bus.cursors c JOIN bus.sources s USING (source) WHERE c.subscription = :name),
              (SELECT coalesce(jsonb_agg(jsonb_build_array(source, partition, position, stream_id, error)), '[]')
                 FROM bus.parked WHERE subscription = :name)
         FROM read.figures_live WHERE slot = ANY(:slots)"""
)
_MOVE = text(
    """UPDATE read.resting r SET parked = cast(:parked AS jsonb), cursors = (
              SELECT coalesce(jsonb_agg(jsonb_build_array(n ->> 0, n -> 1, n -> 2, s.log_id)), '[]')
                FROM jsonb_array_elements(cast(:cursors AS jsonb)) AS n JOIN bus.sources s ON s.source = n ->> 0)
        WHERE slot = :slot"""
)
_BEGUN_ANEW = text(
    """SELECT count(*) FROM read.resting, jsonb_array_elements(cursors) AS n
         LEFT JOIN bus.sources s ON s.source = n ->> 0
         LEFT JOIN bus.cursors c ON (c.subscription, c.source, c.partition) = (:name, n ->> 0, (n ->> 1)::smallint)
        WHERE slot = :slot
          AND (s.log_id IS DISTINCT FROM (n ->> 3)::uuid OR coalesce(c.position, 0) < (n ->> 2)::bigint)"""
)


def rest(tx: Connection) -> None:
    """Let the live slot rest: another one is about to answer. Its cursors must be locked."""
    tx.execute(text("DELETE FROM read.resting"))
    tx.execute(_REST, {"name": NAME, "slots": list(SLOTS)})


def wake(tx: Connection) -> Replay:
    """The resting slot, ready to go on. Raises ``NothingToGoBackTo``."""
    slot = store.spare(tx)
    row = tx.execute(text("SELECT counts, cursors, parked FROM read.resting WHERE slot = :slot"), {"slot": slot.name})
    found = row.one_or_none()
    if found is None:
        raise NothingToGoBackTo("none")
    if found.counts < store.COUNTS:
        raise NothingToGoBackTo("older")
    if tx.execute(_BEGUN_ANEW, {"slot": slot.name, "name": NAME}).scalar_one():
        raise NothingToGoBackTo("begun_anew")
    positions = {(source, partition): position for source, partition, position, _ in found.cursors}
    parked = [tuple(each) for each in found.parked]
    return Replay(slot, beginning() | positions, parked=parked, kinds=slot.team_kinds(tx))


def moved(tx: Connection, replay: Replay) -> None:
    """Keep how far the resting slot has come now. Of a slot that is filled anew nothing is kept: it never answered."""
    cursors = [(*key, position) for key, position in replay.positions.items()]
    told = {"cursors": orjson.dumps(cursors).decode(), "parked": orjson.dumps(replay.parked).decode()}
    tx.execute(_MOVE, told | {"slot": replay.slot.name})

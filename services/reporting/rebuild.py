"""Rebuilds ``figures@2`` from the mirror beside the live tables, then switches: reads never stop or go back.

The other slot is filled from the beginning up to the live cursors: in bulk (``filling``), then leaves are placed and
rolled up, then as the live projection does it. For the last few events the cursors are held, so that the new slot ends
exactly where the live one is; both are compared, and the new one is the live one. The slot that answered before rests
(``resting``): taken back, it goes on from where it had come to, and switches in the same way.
Where figures of an earlier version are live, their cursors are those to come up to, and are given up at the end.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import product

from sqlalchemy import Connection, Engine, text

from services.reporting import differing, filling, resting, rolling, store
from services.reporting.differing import Diff
from services.reporting.maps import settle, wanted_keys
from services.reporting.placing import place
from services.reporting.projections import FORMER, NAME
from services.reporting.replaying import (
    Positions,
    Replay,
    beginning,
    chunks,
    live_positions,
    replay_chunk,
    retry_parked,
    tallied,
)
from services.reporting.store import ROLLED_UP, Slot
from shared.unit_directory import UnitDirectory

CLOSE = 2_000
"""With at most so many events left, the live projection is held for the rest."""
_SINGLE_FLIGHT = store.GUARD + 1

Tell = Callable[[int, int], None]
Today = Callable[[], date]


class AlreadyRebuilding(Exception):
    """Another rebuild is under way."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """``diff``: the figures that answered against these, None where those were in other tables."""

    events: int
    seconds: float
    parked: int
    slot: str
    diff: Diff | None

    @property
    def events_per_s(self) -> float:
        return round(self.events / self.seconds, 1) if self.seconds else 0.0


def rebuild(
    engine: Engine, directory: UnitDirectory, today: Today, tell: Tell, *, compare_only: bool = False
) -> Rebuilt:
    """Fill the other slot, compare, and switch to it unless told not to. ``tell(done, total)`` after every chunk.

    Raises ``AlreadyRebuilding``. Whatever else goes wrong, the live slot goes on as it was.
    """
    with _alone(engine):
        with engine.begin() as tx:
            replay = Replay(filling.begin(tx), beginning())
        _fill(engine, replay, tell)
        sum_up(engine, replay.slot, replay.chunks, directory, today())
        return _end(engine, replay, directory, today, tell, switching=not compare_only)


def take_back(engine: Engine, directory: UnitDirectory, today: Today, tell: Tell) -> Rebuilt:
    """Let the slot that rests go on with what has happened since, and switch back to it.

    What it could not count is tried once more before. Raises ``NothingToGoBackTo`` and ``AlreadyRebuilding``; whatever
    else goes wrong, the live slot goes on as it was, and the other one rests where it has come to.
    """
    with _alone(engine):
        tree = directory.refresh()
        with engine.begin() as tx:
            store.be_patient(tx)
            replay = resting.wake(tx)
            # Nobody has kept its maps meanwhile, nor writes to it now. Those asked for are placed when asked for again.
            replay.slot.drop_maps(tx, "true")
            settle(tx, replay.slot, tree, directory.position, wanted_keys(tree, today()))
            retry_parked(tx, replay, directory)
            resting.moved(tx, replay)
        return _end(engine, replay, directory, today, tell, switching=True)


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    with engine.connect() as flight:
        # A lock of the session, not of a transaction: none stays open for minutes.
        flight = flight.execution_options(isolation_level="AUTOCOMMIT")
        if not flight.execute(text(f"SELECT pg_try_advisory_lock({_SINGLE_FLIGHT})")).scalar_one():
            raise AlreadyRebuilding
        # Millions of short-lived dicts and no cycles: the collector would walk the tree of all units again and again.
        gc.disable()
        try:
            yield
        finally:
            gc.enable()
            flight.execute(text(f"SELECT pg_advisory_unlock({_SINGLE_FLIGHT})"))


# --- filling -----------------------------------------------------------------------------------------------------


def _fill(engine: Engine, replay: Replay, tell: Tell) -> None:
    """Pile up what all events come to, as far as the live slot has counted them."""
    target = _target(engine)
    with engine.connect() as tx:
        for events, positions in chunks(engine, replay.positions, target):
            tally = tallied(replay, events)
            with tx.begin():
                filling.pile(tx, tally, replay.chunks)
            replay.positions, replay.chunks = positions, replay.chunks + 1
            tell(sum(positions.values()), sum(target.values()))


def _target(engine: Engine) -> Positions:
    with engine.connect() as tx:
        return live_positions(tx)


def sum_up(engine: Engine, slot: Slot, chunks: int, directory: UnitDirectory, today: date) -> None:
    """Sum the piles of so many chunks up to leaves, place these on the maps, and fill the roll-ups; nobody else writes
    to this slot yet."""
    tree = directory.refresh()
    filling.learn(engine, slot, chunks)

    def placed(tx: Connection) -> None:
        leaves = filling.leaves(tx)
        for number, key in wanted_keys(tree, today).items():
            slot.set_map(tx, number, key, directory.position)
            slot.put_places(tx, number, {leaf: place(tree, leaf, key) for leaf in leaves})

    filling.together(engine, [placed, *filling.sums(slot)])
    with engine.begin() as tx:
        slot.analyze(tx)
        filling.clear(tx)
    works = product((rolling.roll_up, rolling.roll_up_pairs), ROLLED_UP)
    filling.together(engine, [partial(work, slot=slot, number=number) for work, number in works])


# --- ending ------------------------------------------------------------------------------------------------------


def _end(
    engine: Engine, replay: Replay, directory: UnitDirectory, today: Today, tell: Tell, *, switching: bool
) -> Rebuilt:
    while replay.behind(target := _target(engine)) > CLOSE:
        with engine.begin() as tx:
            replay_chunk(tx, replay, target, directory)
            resting.moved(tx, replay)
        tell(sum(replay.positions.values()), sum(target.values()))
    with engine.begin() as tx:
        diff = _meet(tx, replay, directory, today())
        if switching:
            _switch(tx, replay)
    return Rebuilt(replay.events, time.perf_counter() - replay.began, len(replay.parked), replay.slot.name, diff)


def _meet(tx: Connection, replay: Replay, directory: UnitDirectory, today: date) -> Diff | None:
    """Catch up with the live slot, which is held from now on, bring both to the same maps, and compare them."""
    # Cursors before the guard, as every projection takes them.
    store.be_patient(tx)
    target = live_positions(tx, "FOR UPDATE")
    store.hold_alone(tx)
    while replay.behind(target):
        replay_chunk(tx, replay, target, directory)
    tree = directory.refresh()
    keys = wanted_keys(tree, today)
    settle(tx, replay.slot, tree, directory.position, keys)
    try:
        live = store.live(tx)
    except store.OtherTables:
        return None
    settle(tx, live, tree, directory.position, keys)
    return differing.compare(tx, live, replay.slot, tree, keys)


def _switch(tx: Connection, replay: Replay) -> None:
    """Take the place of the live slot, which rests where both are."""
    resting.rest(tx)
    _settle_cursors(tx, replay)
    if replay.parked:
        names = ("source", "partition", "position", "stream", "error")
        tx.execute(
            text(
                f"""INSERT INTO bus.parked (subscription, source, partition, position, stream_id, error)
                    VALUES ('{NAME}', :source, :partition, :position, :stream, :error)"""
            ),
            [dict(zip(names, parked, strict=True)) for parked in replay.parked],
        )
    store.switch(tx, replay.slot)


def _settle_cursors(tx: Connection, replay: Replay) -> None:
    tx.execute(
        text(
            f"""INSERT INTO bus.cursors (subscription, source, partition, position, moved_at)
                VALUES ('{NAME}', :source, :partition, :position, now())
                ON CONFLICT (subscription, source, partition) DO UPDATE SET position = excluded.position"""
        ),
        [{"source": s, "partition": p, "position": position} for (s, p), position in replay.positions.items()],
    )
    tx.execute(text("DELETE FROM bus.cursors WHERE subscription = :former"), {"former": FORMER})
    names = {"name": NAME, "former": FORMER}
    tx.execute(text("DELETE FROM bus.parked WHERE subscription IN (:name, :former)"), names)

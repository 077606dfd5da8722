"""Rebuilds ``figures@2`` from the mirror beside the live tables, then switches: reads never stop or go back.

The other slot is filled from the beginning up to the live cursors, leaves first and roll-ups once at the end. For the
last few events the cursors are held, so that the new slot ends exactly where the live one is; then it is the live one.
Where figures of an earlier version are live, their cursors are those to come up to, and are given up at the end.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, text

from services.reporting import rolling, store
from services.reporting.domain import USES, Tally, count, teams_named
from services.reporting.maps import settle, wanted_keys
from services.reporting.placing import place
from services.reporting.projections import FORMER, NAME, SOURCES
from services.reporting.projections import settle as learn
from services.reporting.store import ROLLED_UP, Slot
from shared.bus import PLACEHOLDER
from shared.subscription import UNPUBLISHABLE, describe, transient
from shared.unit_directory import UnitDirectory

CHUNK = 10_000
"""Events per transaction."""
CLOSE = 2_000
"""With at most so many events left, the live projection is held for the rest."""
_SINGLE_FLIGHT = store.GUARD + 1

Partition = tuple[str, int]
Parked = tuple[str, int, int, str, str]
"""source, partition, position, stream, error."""


class AlreadyRebuilding(Exception):
    """Another rebuild is under way."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    events: int
    seconds: float
    parked: int
    slot: str

    @property
    def events_per_s(self) -> float:
        return round(self.events / self.seconds, 1) if self.seconds else 0.0


@dataclass(slots=True)
class _Replay:
    """How far the new slot has come."""

    slot: Slot
    positions: dict[Partition, int]
    events: int = 0
    parked: list[Parked] = field(default_factory=list)
    stuck: set[tuple[str, str]] = field(default_factory=set)
    kinds: dict[str, str] = field(default_factory=dict)


def rebuild(
    engine: Engine, directory: UnitDirectory, today: Callable[[], date], tell: Callable[[int, int], None]
) -> Rebuilt:
    """Fill the other slot and switch to it. ``tell(done, total)`` is called after every chunk.

    Raises ``AlreadyRebuilding``. Whatever else goes wrong, the live slot goes on as it was.
    """
    with engine.connect() as flight:
        # A lock of the session, not of a transaction: none stays open for minutes.
        flight = flight.execution_options(isolation_level="AUTOCOMMIT")
        if not flight.execute(text(f"SELECT pg_try_advisory_lock({_SINGLE_FLIGHT})")).scalar_one():
            raise AlreadyRebuilding
        # Millions of short-lived dicts and no cycles: the collector would walk the tree of all units again and again.
        gc.disable()
        try:
            return _rebuild(engine, directory, today, tell)
        finally:
            gc.enable()
            flight.execute(text(f"SELECT pg_advisory_unlock({_SINGLE_FLIGHT})"))


def _rebuild(
    engine: Engine, directory: UnitDirectory, today: Callable[[], date], tell: Callable[[int, int], None]
) -> Rebuilt:
    began = time.perf_counter()
    with engine.begin() as tx:
        slot = store.spare(tx)
        slot.clear(tx)
    replay = _Replay(slot, {(source, partition): 0 for source, ps in SOURCES.items() for partition in ps})
    while True:
        target = _cursors(engine)
        total = sum(target.values())
        for key, until in target.items():
            while replay.positions[key] < until:
                with engine.begin() as tx:
                    store.be_patient(tx)
                    _chunk(tx, replay, key, until)
                tell(sum(replay.positions.values()), total)
        if sum(_cursors(engine).values()) - sum(replay.positions.values()) <= CLOSE:
            break
    with engine.begin() as tx:
        _roll_up(tx, slot, directory, today())
    with engine.begin() as tx:
        _switch(tx, replay, directory, today())
    return Rebuilt(replay.events, time.perf_counter() - began, len(replay.parked), slot.name)


def _cursors(engine: Engine) -> dict[Partition, int]:
    with engine.connect() as tx:
        return _positions(tx, "")


def _positions(tx: Connection, lock: str) -> dict[Partition, int]:
    """How far the live figures have come, of this version or of the one before."""
    rows = tx.execute(
        text(
            f"""SELECT source, partition, position FROM bus.cursors WHERE subscription IN (:name, :former)
                 ORDER BY 1, 2 {lock}"""
        ),
        {"name": NAME, "former": FORMER},
    )
    found: dict[Partition, int] = {}
    for row in rows:
        key = (row.source, row.partition)
        found[key] = max(row.position, found.get(key, 0))
    return found


# --- replaying ---------------------------------------------------------------------------------------------------

# All events of a chunk as one JSON text: reading them row by row costs the driver more than counting them.
_READ = text(
    """SELECT string_agg(json_build_array(m.position, m.type, m.stream_id, m.data)::text, ',' ORDER BY m.position)
         FROM bus.mirror m JOIN bus.sources s USING (source, log_id)
        WHERE m.source = :source AND m.partition = :partition AND m.position > :after AND m.position <= :until
          AND m.type IS NOT NULL"""
)


def _chunk(tx: Connection, replay: _Replay, key: Partition, until: int, placing: UnitDirectory | None = None) -> None:
    """Replay the next events of one partition into the leaves; with ``placing`` into the roll-ups too."""
    source, partition = key
    after = replay.positions[key]
    end = min(until, after + CHUNK)
    where = {"source": source, "partition": partition, "after": after, "until": end}
    events = orjson.loads(f"[{tx.execute(_READ, where).scalar_one() or ''}]")
    tally = _tallied(replay, key, events)
    learn(tx, replay.slot, tally)
    if placing is not None:
        _place_new(tx, replay.slot, tally, placing)
    rolling.add(replay.slot, tx, tally, roll_up=placing is not None)
    replay.positions[key] = end
    replay.events += len(events)


def _tallied(replay: _Replay, key: Partition, events: Sequence[Any]) -> Tally:
    used = USES[key[0]]
    tally = Tally(replay.kinds)
    try:
        if replay.stuck or any(type_ == PLACEHOLDER for _, type_, _, _ in events):
            raise LookupError
        for _, type_, _, data in events:
            if type_ in used:
                count(tally, type_, data)
    except Exception as error:
        if transient(error):
            raise
        tally = _one_by_one(replay, key, events)
    replay.kinds |= tally.teams
    return tally


def _one_by_one(replay: _Replay, key: Partition, events: Sequence[Any]) -> Tally:
    """As the live projection does it: what cannot be counted is parked, and the rest of its stream behind it."""
    tally = Tally(replay.kinds)
    for position, type_, stream, data in events:
        error = None
        if type_ == PLACEHOLDER:
            error = UNPUBLISHABLE
        elif (key[0], stream) in replay.stuck:
            error = "behind a parked event"
        elif type_ in USES[key[0]]:
            error = _try(tally, type_, data)
        if error is not None:
            replay.stuck.add((key[0], stream))
            replay.parked.append((*key, position, stream, error))
    return tally


def _try(tally: Tally, type_: str, data: Mapping[str, Any]) -> str | None:
    alone = Tally({team: tally.kind(team) for team in teams_named(type_, data) if _known(tally, team)})
    try:
        count(alone, type_, data)
    except Exception as error:
        return describe(error)
    tally.add(alone)
    return None


def _known(tally: Tally, team: str) -> bool:
    return team in tally.teams or team in tally.kinds


# --- ending ------------------------------------------------------------------------------------------------------


def _roll_up(tx: Connection, slot: Slot, directory: UnitDirectory, today: date) -> None:
    """Place every leaf on the maps and fill the roll-ups; nobody else writes to this slot yet."""
    store.be_patient(tx)
    tree = directory.refresh()
    leaves = list(
        tx.execute(
            text(" UNION ".join(f"SELECT unit FROM {slot.table(name)}" for name in ("leaf", "reach", "keyed")))
        ).scalars()
    )
    for number, key in wanted_keys(tree, today).items():
        places = {leaf: place(tree, leaf, key) for leaf in leaves}
        slot.set_map(tx, number, key, directory.position)
        slot.put_places(tx, number, places)
        rolling.roll_up(slot, tx, number)


def _switch(tx: Connection, replay: _Replay, directory: UnitDirectory, today: date) -> None:
    """Catch up with the live slot while it is held, and take its place."""
    # Cursors before the guard, as every projection takes them.
    store.be_patient(tx)
    target = _positions(tx, "FOR UPDATE")
    store.hold_alone(tx)
    for key, until in target.items():
        while replay.positions[key] < until:
            _chunk(tx, replay, key, until, directory)
    tree = directory.refresh()
    settle(tx, replay.slot, tree, directory.position, wanted_keys(tree, today))
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


def _settle_cursors(tx: Connection, replay: _Replay) -> None:
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


def _place_new(tx: Connection, slot: Slot, tally: Tally, directory: UnitDirectory) -> None:
    new = slot.unplaced(tx, tally.leaves)
    maps, tree = slot.maps(tx), directory.tree()
    for number in ROLLED_UP:
        slot.put_places(tx, number, {leaf: place(tree, leaf, maps[number].key) for leaf in new})

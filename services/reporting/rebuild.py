"""Rebuilds ``figures@2`` from the mirror beside the live tables, then switches: reads never stop or go back.

The other slot is filled from the beginning up to the live cursors: in bulk (``filling``), then leaves are placed and
rolled up, then as the live projection does it. For the last few events the cursors are held, so that the new slot ends
exactly where the live one is; then it is the live one.
Where figures of an earlier version are live, their cursors are those to come up to, and are given up at the end.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import product
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, text

from services.reporting import filling, rolling, store
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
"""Positions of each partition per transaction."""
CLOSE = 2_000
"""With at most so many events left, the live projection is held for the rest."""
_SINGLE_FLIGHT = store.GUARD + 1

Partition = tuple[str, int]
Positions = dict[Partition, int]
Events = Mapping[Partition, str]
"""A JSON text for each partition: reading events row by row costs the driver more than counting them."""
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
    positions: Positions
    events: int = 0
    chunks: int = 0
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
        slot = filling.begin(tx)
    replay = _Replay(slot, {(source, partition): 0 for source, ps in SOURCES.items() for partition in ps})
    _fill(engine, replay, tell)
    roll_up(engine, slot, directory, today())
    while _behind(target := _cursors(engine), replay) > CLOSE:
        with engine.begin() as tx:
            _replay_chunk(tx, replay, target, directory)
    with engine.begin() as tx:
        _switch(tx, replay, directory, today())
    return Rebuilt(replay.events, time.perf_counter() - began, len(replay.parked), slot.name)


def _fill(engine: Engine, replay: _Replay, tell: Callable[[int, int], None]) -> None:
    """Pile up what all events come to, as far as the live slot has counted them; then sum it up."""
    target = _cursors(engine)
    with engine.connect() as tx:
        for events, positions in _chunks(engine, replay.positions, target):
            tally = _tallied(replay, events)
            with tx.begin():
                filling.pile(tx, tally, replay.chunks)
            replay.positions, replay.chunks = positions, replay.chunks + 1
            tell(sum(positions.values()), sum(target.values()))
    filling.end(engine, replay.slot, replay.chunks)


def _behind(target: Mapping[Partition, int], replay: _Replay) -> int:
    return sum(until - replay.positions[key] for key, until in target.items())


def _cursors(engine: Engine) -> Positions:
    with engine.connect() as tx:
        return _positions(tx, "")


def _positions(tx: Connection, lock: str) -> Positions:
    """How far the live figures have come, of this version or of the one before."""
    rows = tx.execute(
        text(
            f"""SELECT source, partition, position FROM bus.cursors WHERE subscription IN (:name, :former)
                 ORDER BY 1, 2 {lock}"""
        ),
        {"name": NAME, "former": FORMER},
    )
    found: Positions = {}
    for row in rows:
        key = (row.source, row.partition)
        found[key] = max(row.position, found.get(key, 0))
    return found


# --- replaying ---------------------------------------------------------------------------------------------------

_READ = text(
    """SELECT string_agg(json_build_array(m.position, m.type, m.stream_id, m.data)::text, ',' ORDER BY m.position)
         FROM bus.mirror m JOIN bus.sources s USING (source, log_id)
        WHERE m.source = :source AND m.partition = :partition AND m.position > :after AND m.position <= :until
          AND m.type IS NOT NULL"""
)


def _chunks(engine: Engine, start: Positions, target: Positions) -> Iterator[tuple[Events, Positions]]:
    """The events after these positions, from all partitions alike; while one chunk is counted the next one is read."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx, ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(_read, tx, start, target)
        while (found := coming.result())[0]:
            coming = ahead.submit(_read, tx, found[1], target)
            yield found


def _read(tx: Connection, start: Positions, target: Positions) -> tuple[Events, Positions]:
    """The next events of every partition that has any, and the positions after them."""
    after = {key: min(until, start[key] + CHUNK) for key, until in target.items()}
    events = {
        (source, partition): tx.execute(
            _READ, {"source": source, "partition": partition, "after": start[source, partition], "until": until}
        ).scalar_one()
        for (source, partition), until in after.items()
        if until > start[source, partition]
    }
    return {key: f"[{found or ''}]" for key, found in events.items()}, start | after


def _replay_chunk(tx: Connection, replay: _Replay, target: Positions, directory: UnitDirectory) -> None:
    """Replay the next events of every partition into leaves and roll-ups, as the live projection does."""
    store.be_patient(tx)
    events, positions = _read(tx, replay.positions, target)
    tally = _tallied(replay, events)
    learn(tx, replay.slot, tally)
    _place_new(tx, replay.slot, tally, directory)
    rolling.add(replay.slot, tx, tally)
    replay.positions = positions


def _tallied(replay: _Replay, events: Events) -> Tally:
    tally = Tally(replay.kinds)
    try:
        n = 0
        for (source, _), found in events.items():
            n += _count(tally, source, orjson.loads(found), replay)
    except Exception as error:
        if transient(error):
            raise
        tally, n = Tally(replay.kinds), 0
        for key, found in events.items():
            n += _one_by_one(tally, key, orjson.loads(found), replay)
    replay.events += n
    replay.kinds |= tally.teams
    return tally


def _count(tally: Tally, source: str, events: Sequence[Any], replay: _Replay) -> int:
    if replay.stuck or any(type_ == PLACEHOLDER for _, type_, _, _ in events):
        raise LookupError
    used = USES[source]
    for _, type_, _, data in events:
        if type_ in used:
            count(tally, type_, data)
    return len(events)


def _one_by_one(tally: Tally, key: Partition, events: Sequence[Any], replay: _Replay) -> int:
    """As the live projection does it: what cannot be counted is parked, and the rest of its stream behind it."""
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
    return len(events)


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


def roll_up(engine: Engine, slot: Slot, directory: UnitDirectory, today: date) -> None:
    """Place every leaf on the maps and fill the roll-ups; nobody else writes to this slot yet."""
    tree = directory.refresh()
    named = text(" UNION ".join(f"SELECT unit FROM {slot.table(name)}" for name in ("leaf", "reach")))
    with engine.begin() as tx:
        store.be_patient(tx)
        leaves = list(tx.execute(named).scalars())
        for number, key in wanted_keys(tree, today).items():
            slot.set_map(tx, number, key, directory.position)
            slot.put_places(tx, number, {leaf: place(tree, leaf, key) for leaf in leaves})
        slot.analyze(tx)
    works = product((rolling.roll_up, rolling.roll_up_pairs), ROLLED_UP)
    filling.together(engine, [partial(work, slot=slot, number=number) for work, number in works])


def _switch(tx: Connection, replay: _Replay, directory: UnitDirectory, today: date) -> None:
    """Catch up with the live slot while it is held, and take its place."""
    # Cursors before the guard, as every projection takes them.
    store.be_patient(tx)
    target = _positions(tx, "FOR UPDATE")
    store.hold_alone(tx)
    while _behind(target, replay):
        _replay_chunk(tx, replay, target, directory)
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

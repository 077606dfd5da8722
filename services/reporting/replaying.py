"""Replays events of the mirror, chunk by chunk, for the slot that does not answer."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, text

from services.reporting import rolling, store
from services.reporting.domain import USES, Tally, count, teams_named
from services.reporting.placing import place
from services.reporting.projections import FORMER, NAME, SOURCES, settle
from services.reporting.store import ROLLED_UP, Slot
from shared.bus import PLACEHOLDER
from shared.subscription import UNPUBLISHABLE, describe, transient
from shared.unit_directory import UnitDirectory

CHUNK = 10_000
"""Positions of each partition per transaction."""

Partition = tuple[str, int]
Positions = dict[Partition, int]
Events = Mapping[Partition, str]
"""A text for each partition, a line of JSON for each event: reading row by row costs the driver more than counting, and
parsed all at once they take twice as long as one after the other."""
Parked = tuple[str, int, int, str, str]
"""source, partition, position, stream, error."""


def beginning() -> Positions:
    return {(source, partition): 0 for source, partitions in SOURCES.items() for partition in partitions}


@dataclass(slots=True)
class Replay:
    """How far a slot that does not answer has come, and what it could not count."""

    slot: Slot
    positions: Positions
    events: int = 0
    chunks: int = 0
    parked: list[Parked] = field(default_factory=list)
    stuck: set[tuple[str, str]] = field(default_factory=set)
    kinds: dict[str, str] = field(default_factory=dict)
    """Of the teams established so far."""
    began: float = field(default_factory=time.perf_counter)

    def behind(self, target: Mapping[Partition, int]) -> int:
        return sum(until - self.positions[key] for key, until in target.items())


def live_positions(tx: Connection, lock: str = "") -> Positions:
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


# --- reading -----------------------------------------------------------------------------------------------------

_READ = text(
    """SELECT string_agg(json_build_array(m.position, m.type, m.stream_id, m.data)::text, chr(10) ORDER BY m.position)
         FROM bus.mirror m JOIN bus.sources s USING (source, log_id)
        WHERE m.source = :source AND m.partition = :partition AND m.position > :after AND m.position <= :until
          AND m.type IS NOT NULL"""
)


def parsed(events: str) -> Iterator[Any]:
    """(position, type, stream, data)."""
    return map(orjson.loads, events.split("\n") if events else ())


def chunks(engine: Engine, start: Positions, target: Positions) -> Iterator[tuple[Events, Positions]]:
    """The events after these positions, from all partitions alike; while one chunk is counted the next one is read."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx, ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(_read, tx, start, target)
        while (found := coming.result())[0]:
            coming = ahead.submit(_read, tx, found[1], target)
            yield found


def _read(tx: Connection, start: Positions, target: Positions) -> tuple[Events, Positions]:
    """The next events of every partition that has any, and the positions after them."""
    after = {key: min(until, start[key] + CHUNK) for key, until in target.items()}
    events = {key: _between(tx, key, start[key], until) for key, until in after.items() if until > start[key]}
    return events, start | after


def _between(tx: Connection, key: Partition, after: int, until: int) -> str:
    which = {"source": key[0], "partition": key[1], "after": after, "until": until}
    return tx.execute(_READ, which).scalar_one() or ""


# --- replaying ---------------------------------------------------------------------------------------------------


def replay_chunk(tx: Connection, replay: Replay, target: Positions, directory: UnitDirectory) -> None:
    """Replay the next events of every partition into leaves and roll-ups, as the live projection does."""
    store.be_patient(tx)
    events, positions = _read(tx, replay.positions, target)
    _add(tx, replay, tallied(replay, events), directory)
    replay.positions = positions


def retry_parked(tx: Connection, replay: Replay, directory: UnitDirectory) -> None:
    """Try once more, in order, what the slot could not count; what still fails is parked as it was."""
    tried = sorted(replay.parked)
    replay.parked, replay.stuck = [], set()
    tally = Tally(replay.kinds)
    for source, partition, position, *_ in tried:
        event = _between(tx, (source, partition), position - 1, position)
        replay.events += _one_by_one(tally, (source, partition), parsed(event), replay)
    replay.kinds |= tally.teams
    _add(tx, replay, tally, directory)


def _add(tx: Connection, replay: Replay, tally: Tally, directory: UnitDirectory) -> None:
    settle(tx, replay.slot, tally)
    new, maps, tree = replay.slot.unplaced(tx, tally.leaves), replay.slot.maps(tx), directory.tree()
    for number in ROLLED_UP:
        replay.slot.put_places(tx, number, {leaf: place(tree, leaf, maps[number].key) for leaf in new})
    rolling.add(replay.slot, tx, tally)


def tallied(replay: Replay, events: Events) -> Tally:
    tally = Tally(replay.kinds)
    try:
        n = 0
        for (source, _), found in events.items():
            n += _count(tally, source, parsed(found), replay)
    except Exception as error:
        if transient(error):
            raise
        tally, n = Tally(replay.kinds), 0
        for key, found in events.items():
            n += _one_by_one(tally, key, parsed(found), replay)
    replay.events += n
    replay.kinds |= tally.teams
    return tally


def _count(tally: Tally, source: str, events: Iterator[Any], replay: Replay) -> int:
    if replay.stuck:
        raise LookupError
    used, n = USES[source], 0
    for _, type_, _, data in events:
        n += 1
        if type_ in used:
            count(tally, type_, data)
        elif type_ == PLACEHOLDER:
            raise LookupError
    return n


def _one_by_one(tally: Tally, key: Partition, events: Iterator[Any], replay: Replay) -> int:
    """As the live projection does it: what cannot be counted is parked, and the rest of its stream behind it."""
    n = 0
    for position, type_, stream, data in events:
        n += 1
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
    return n


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

"""Keeps the roll-ups on their maps: when units change, or today passes a change, leaves move to their new places."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine, text

from services.reporting import rolling, store
from services.reporting.placing import BEFORE_REFORM, Place, place
from services.reporting.store import MAP_BEFORE, MAP_TODAY, ROLLED_UP, Map, Slot
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree

_log = logging.getLogger(__name__)


RESTING = 4.0
"""While units keep changing, at most a fifth of the time goes into moving leaves."""


class Maps:
    """``settle()`` now and then (from one thread); ``directory`` must be this object's own.

    Many unit events between two calls cost one comparison of the leaves *with facts*, so a bulk import before the first
    visit costs nothing.
    """

    def __init__(
        self, engine: Engine, directory: UnitDirectory, today: Callable[[], date], resting: float = RESTING
    ) -> None:
        self._engine, self._directory, self._today, self._resting = engine, directory, today, resting
        self._rest_until = 0.0

    def settle(self) -> int:
        """Bring the live slot's maps up to the units known now; the number of leaves that moved."""
        if time.monotonic() < self._rest_until:
            return 0
        began = time.monotonic()
        try:
            return self._settle()
        finally:
            self._rest_until = time.monotonic() + self._resting * (time.monotonic() - began)

    def _settle(self) -> int:
        tree = self._directory.refresh()
        position = self._directory.position
        wanted = wanted_keys(tree, self._today())
        with self._engine.begin() as tx:
            store.be_patient(tx)
            try:
                slot = store.live(tx)
            except store.OtherTables:
                return 0
            maps = slot.maps(tx)
            if all(maps[n].key == wanted[n] and maps[n].tree_position >= position for n in ROLLED_UP):
                return 0
            # Comparing takes long and moving does not: while projections wait, only what came in between is looked at.
            foreseen = {number: _foreseen(tx, slot, maps[number], tree, key) for number, key in wanted.items()}
        with self._engine.begin() as tx:
            store.be_patient(tx)
            store.hold_alone(tx)
            leaves = settle(tx, store.live(tx), tree, position, wanted, foreseen)
        if leaves:
            _log.info("%s leaves moved on the maps of %s", leaves, ", ".join(map(str, wanted.values())))
        return leaves


def wanted_keys(tree: UnitTree, today: date) -> dict[int, date]:
    return {MAP_BEFORE: key_of(tree, BEFORE_REFORM), MAP_TODAY: key_of(tree, today)}


def key_of(tree: UnitTree, day: date) -> date:
    """The first day of the map that holds on ``day``; the day itself while no unit is known."""
    key = tree.map_key(day)
    return day if key == date.min else key


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The moves that a map needs, for as long as it is this map of this slot and has this many leaves."""

    slot: Slot
    map: Map
    leaves: int
    changes: Mapping[str, Place]


def _foreseen(tx: Connection, slot: Slot, on_map: Map, tree: UnitTree, key: date) -> Foreseen:
    stored = slot.places(tx, (on_map.number,))[on_map.number]
    now = {leaf: place(tree, leaf, key) for leaf in stored}
    return Foreseen(slot, on_map, len(stored), {leaf: new for leaf, new in now.items() if new != stored[leaf]})


def settle(
    tx: Connection,
    slot: Slot,
    tree: UnitTree,
    position: int,
    wanted: Mapping[int, date],
    foreseen: Mapping[int, Foreseen] | None = None,
) -> int:
    """Move every leaf of the slot whose place has changed; the number of leaves. The guard must be held alone."""
    maps = slot.maps(tx)
    moved = 0
    for number, key in wanted.items():
        if maps[number].tree_position > position or maps[number] == Map(number, key, position):
            continue  # another worker knew more, or as much
        plan = foreseen[number] if foreseen else None
        # Leaves are only ever added, and moved only together with the map's own row.
        if plan is None or (plan.slot, plan.map, plan.leaves) != (slot, maps[number], slot.leaves(tx, number)):
            plan = _foreseen(tx, slot, maps[number], tree, key)
        rolling.move(slot, tx, number, plan.changes)
        slot.set_map(tx, number, key, position)
        moved += len(plan.changes)
    slot.drop_maps(tx, "tree_position < :position", position=position)
    return moved


# --- maps somebody asks for --------------------------------------------------------------------------------------

KEPT = 16
"""Maps of other days that stay placed."""

_STEP = 2_000


class UnitsChanging(Exception):
    """The units kept changing while leaves were being placed."""


class OtherMaps:
    """Places the leaves on maps without roll-ups, once per map and state of the units."""

    def __init__(self, engine: Engine, directory: UnitDirectory) -> None:
        self._engine, self._directory = engine, directory
        self._one_at_a_time = threading.Lock()

    def add(self, key: date) -> None:
        """Place all leaves on the map that begins on ``key``; projections then keep it complete.

        Raises ``UnitsChanging``: try again.
        """
        with self._one_at_a_time:
            tree, position = self._directory.tree(), self._directory.position
            with self._engine.begin() as tx:
                slot = store.live(tx)
                if numbered(slot.maps(tx), key, position) is not None:
                    return
                number = tx.execute(text("SELECT nextval('read.map_numbers')")).scalar_one()
                leaves = list(slot.places(tx, (MAP_TODAY,))[MAP_TODAY])
            places = self._placed(tree, position, leaves, key)
            # Most of the work under the shared guard, and only what came in between while projections wait.
            with self._engine.begin() as tx:
                store.share(tx)
                slot.put_places(tx, number, places)
            with self._engine.begin() as tx:
                store.hold_alone(tx)
                if store.live(tx) != slot:
                    return  # switched meanwhile: the caller looks again
                now = slot.places(tx, (MAP_TODAY, number))
                late = now[MAP_TODAY].keys() - now[number].keys()
                slot.put_places(tx, number, {leaf: place(tree, leaf, key) for leaf in late})
                slot.set_map(tx, number, key, position)
                slot.drop_maps(tx, f"map <= (SELECT max(map) - {KEPT} FROM {slot.table('map')})")

    def _placed(self, tree: UnitTree, position: int, leaves: Sequence[str], key: date) -> dict[str, Place]:
        places: dict[str, Place] = {}
        for start in range(0, len(leaves), _STEP):
            if self._directory.position != position:
                raise UnitsChanging
            places |= {leaf: place(tree, leaf, key) for leaf in leaves[start : start + _STEP]}
            time.sleep(0)  # other requests of this process
        return places


def numbered(maps: Mapping[int, Map], key: date, position: int) -> int | None:
    """The map that begins on ``key``: one with roll-ups, else one placed with these units."""
    for number, each in sorted(maps.items()):
        if each.key == key and (number in ROLLED_UP or each.tree_position == position):
            return number
    return None

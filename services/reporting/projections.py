"""``figures@2``: public events → figures per unit and day, leaves and roll-ups in one transaction with the cursor."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection

from services.reporting import rolling, store
from services.reporting.domain import USES, Tally, count, records, teams_named
from services.reporting.placing import place
from services.reporting.store import Slot
from shared.log import Recorded
from shared.subscription import Halted
from shared.unit_directory import UnitDirectory

NAME = "figures@2"
FORMER = "figures@1"
"""Whose figures a database may still answer with, until those of this version are filled."""
SOURCES: Mapping[str, tuple[int, ...]] = {"teams": (0,), "visits": (0, 1, 2, 3), "training": (0,)}


class Figures:
    name = NAME
    sources: Mapping[str, Collection[int]] = SOURCES

    def __init__(self, directory: UnitDirectory) -> None:
        """``directory`` must be this projection's own: its tree is read under this object's lock."""
        self._directory = directory
        self._one_at_a_time = threading.Lock()

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        self.add(tx, batch, self.counted(batch))

    def counted(self, batch: Sequence[tuple[str, Recorded]]) -> Tally:
        """Without the registry's events, which are about teams whose kind the read model knows."""
        tally = Tally()
        for source, event in batch:
            if source != "teams":
                count(tally, event.type, event.data)
        return tally

    def add(self, tx: Connection, batch: Sequence[tuple[str, Recorded]], counted: Tally) -> None:
        if not any(event.type in USES.get(source, ()) for source, event in batch):
            return
        store.share(tx)
        try:
            slot = store.live(tx)
        except store.OtherTables:
            raise Halted("figures of an earlier version are live, these are not filled yet") from None
        tally = counted
        if of_teams := [event for source, event in batch if source == "teams"]:
            tally = _of_teams(tx, slot, of_teams)
            tally.add(counted)
        settle(tx, slot, tally)
        self._place(tx, slot, tally.leaves)
        rolling.add(slot, tx, tally)

    def _place(self, tx: Connection, slot: Slot, leaves: Collection[str]) -> None:
        """Store where new leaves stand, on all maps; if another worker is first, its placement counts."""
        new = slot.unplaced(tx, leaves)
        if not new:
            return
        maps = slot.maps(tx)
        with self._one_at_a_time:
            tree = self._directory.tree()
            if self._directory.position < max(each.tree_position for each in maps.values()):
                # Placed with less than a map knows already, a leaf would not be looked at again.
                tree = self._directory.refresh()
            for number, on_map in maps.items():
                slot.put_places(tx, number, {leaf: place(tree, leaf, on_map.key) for leaf in new})


def _of_teams(tx: Connection, slot: Slot, events: Sequence[Recorded]) -> Tally:
    named = {team for event in events for team in teams_named(event.type, event.data)}
    tally = Tally(slot.team_kinds(tx, named))
    for event in events:
        count(tally, event.type, event.data)
    return tally


def settle(tx: Connection, slot: Slot, tally: Tally) -> None:
    """Let the records of whatever was told learn it, and count what follows from it."""
    for phase in records.PHASES:
        known = slot.records(tx, records.told(tally, phase))
        slot.put_records(tx, records.settle(tally, phase, known))

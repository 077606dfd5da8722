"""Where a leaf's facts stand on a map. Pure.

A *leaf* is the unit a fact names. Figures are always summed from leaves: a split commune has several successors, so its
stored sums could not be shared out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.units import UnitTree

EVERYWHERE = "*"
"""The nation in roll-ups: every fact counts here, known place or not, so national totals are equal on all maps."""

BEFORE_REFORM = date(2025, 6, 30)
"""The last day of the 63 provinces, districts included."""

EARLIEST_MAP = date(2022, 1, 1)
"""The network begins in 2022; there are no units of earlier days."""


@dataclass(frozen=True, slots=True)
class Place:
    """``home`` is the unit of the map that holds the leaf's facts (None: not known yet), the others those above it.

    ``estimated``: a choice among several successors or predecessors, and which of the units rest on it is said of each;
    ``successor_unknown``: held at a coarser level.
    """

    home: str | None = None
    commune: str | None = None
    district: str | None = None
    province: str | None = None
    estimated: bool = False
    successor_unknown: bool = False
    home_uncertain: bool = False
    commune_uncertain: bool = False
    district_uncertain: bool = False
    province_uncertain: bool = False

    def uncertain(self, level: str) -> bool:
        """Whether the facts may belong to another unit of that level; to the nation they all do."""
        unit = "home" if level == "village" else level
        return bool(getattr(self, f"{unit}_uncertain", False))

    @property
    def above(self) -> tuple[str, ...]:
        """The units whose roll-ups the leaf's facts belong to, commune to nation."""
        known = [unit for unit in (self.commune, self.district, self.province) if unit is not None]
        return (*known, EVERYWHERE)


UNPLACED = Place()


def place(tree: UnitTree, leaf: str, map_day: date) -> Place:
    found = tree.place(leaf, map_day)
    if found is None:
        return UNPLACED
    levels: dict[str | None, str] = {tree.level(unit): unit for unit in tree.ancestors(found.unit_id, map_day)}
    units = (found.unit_id, levels.get("commune"), levels.get("district"), levels.get("province"))
    if not found.estimated:
        return Place(*units, successor_unknown=found.successor_unknown)
    return Place(*units, True, found.successor_unknown, *(unit in found.uncertain for unit in units))

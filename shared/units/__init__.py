"""Administrative units as dated facts: which units exist on a day, and where the facts of a former unit belong.

Every service folds the public unit events into its own ``UnitTree`` and asks it. All intervals are half-open: an
``effective`` day is the first day that counts. Events may be recorded in any order, long after they took effect, and
may name units not heard of yet; ``apply`` never fails, and queries answer ``None`` or nothing for what is unknown.
"""

from __future__ import annotations

from shared.units.levels import GSO, KINDS, LEVEL_NAMES, LEVELS, UNIT_EVENTS
from shared.units.names import Called
from shared.units.placing import Placement
from shared.units.tree import Part, UnitTree

__all__ = ["GSO", "KINDS", "LEVELS", "LEVEL_NAMES", "UNIT_EVENTS", "Called", "Part", "Placement", "UnitTree"]

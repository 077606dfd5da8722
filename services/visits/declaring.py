"""For which units numbers of households may be declared, whether one by one or by file."""

from __future__ import annotations

from datetime import date

from shared.decider import Rejected
from shared.units import UnitTree


def require_declarable(tree: UnitTree, unit_id: str, day: date) -> None:
    """Raises ``Rejected`` for a unit, which exists that day, that has no number of households of its own.

    Villages have; a commune only as long as nobody has registered its villages, or households would count twice.
    """
    level = tree.level(unit_id)
    if level not in ("village", "commune"):
        raise Rejected("households-level", "/unit_id")
    if level == "commune" and tree.children(unit_id, day):
        raise Rejected("households-of-villages", "/unit_id")

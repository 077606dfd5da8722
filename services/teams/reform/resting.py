"""What was recorded since and rests on units that only a reform has brought: it would rest on nothing without them.

The decisions about a unit know nothing of the teams that serve it, nor of the units within it, so this is asked of the
tables before anything is undone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from services.teams.domain.units import EstablishUnit, ReorganiseUnits
from services.teams.reform.census import Census
from services.teams.reform.orders import Order
from services.teams.reform.reconcile import expected
from shared.decider import Rejected
from shared.units import UnitTree

LAST = date(9999, 12, 30)


def resting(stored: Sequence[Order], tree: UnitTree, census: Census) -> Iterator[Rejected]:
    found = expected(stored)
    if not found.days:
        return
    changes = [c for o in stored if isinstance(o.command, ReorganiseUnits) for c in o.command.changes]
    born = {change.unit_id for change in changes if isinstance(change, EstablishUnit)}
    own = {change.unit_id for change in changes}
    for team, unit in census.ever_serving(born):
        if team not in found.teams:
            yield Rejected("reform-team-rests", "", team=team, unit=unit)
    for unit in sorted(born):
        for child in tree.children(unit, LAST):
            if _came(tree, child, min(found.days), child in own, found.days):
                yield Rejected("reform-unit-rests", "", unit=child, on=unit)
        for former in tree.predecessors(unit):
            if former not in own:
                yield Rejected("reform-unit-rests", "", unit=former, on=unit)


def _came(tree: UnitTree, unit: str, since: date, own: bool, days: set[date]) -> bool:
    """Whether the unit was established, or moved, by something else since then."""
    turns = {day for day in tree.turns(unit) if day >= since}
    return bool(turns - days if own else turns)

"""Names and sorts of what the read model counts: the ground that indicators stand on.

Every figure is additive over the units of a map. *Stocks* are asked as of a day, *flows* for a period; *distinct*
figures count each household, person or team once in the period (pairs of days, see ``domain.tally``); *quality* says of
how many facts the place is doubtful, or which could not be counted (``queries.parked``); *units* are counted on the map
asked for (``census``). A *keyed* stock or flow is the sum over the codes of an open list, and is told by code too.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from services.reporting.domain import FIRST, FLOWS, GAINED, KEYED_FLOWS, KEYED_STOCKS, STOCKS, TEAM
from services.reporting.domain.names import COVERED
from services.reporting.store import QUALITY


def column(figure: str) -> str:
    """Of the read model: a figure's own, or that of the stock whose changes it is the sum of."""
    return GAINED.get(figure, figure)


class Sort(Enum):
    STOCK = auto()
    FLOW = auto()
    DISTINCT = auto()
    QUALITY = auto()
    UNITS = auto()


REACHED: Mapping[str, str] = {f"reached_{kind}": kind for kind in FIRST}
"""Distinct figure → kind of who is counted."""
UNITS = frozenset(
    {"provinces", "provinces_with_team", "provinces_complete", "villages", "villages_with_team"}
    | {"communes", "communes_with_team", "communes_without_team", "communes_awaiting", "villages_without_team"}
    | {"homes", "homes_declared", "teams_awaiting"}
)
PARKED = "parked"
KEYED = frozenset({*KEYED_STOCKS, *KEYED_FLOWS})

SORTS: Mapping[str, Sort] = {
    **dict.fromkeys((*STOCKS, *KEYED_STOCKS), Sort.STOCK),
    **dict.fromkeys((*FLOWS, *GAINED, *KEYED_FLOWS), Sort.FLOW),
    **dict.fromkeys(REACHED, Sort.DISTINCT),
    **dict.fromkeys((*QUALITY, PARKED), Sort.QUALITY),
    **dict.fromkeys(UNITS, Sort.UNITS),
}
AS_OF_A_DAY = frozenset({Sort.STOCK, Sort.QUALITY, Sort.UNITS})

_OF_PLACES = {f"reached_{kind}" for kind in FIRST if kind != TEAM}
OF_EVENTS = frozenset(
    {"teams_commune", "teams_village", "seats", "visits", "people_taught", "attendances", "obligations_overdue"}
    | {*COVERED, *GAINED, *_OF_PLACES}
    | {name for name in FLOWS if name.startswith(("visits_", "taught_", "outreach_", "heads_"))}
    | {"platforms", "outcomes", "obstacles", "flags", "flags_open", "flags_confirmed"}
    | {name for name in KEYED_FLOWS if name.startswith(("outreach_", "attendances_"))}
)
"""Figures that single events add to; the others follow from the whole story of a team, an opinion, a certificate…"""

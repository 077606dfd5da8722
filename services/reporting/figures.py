"""Names and sorts of what the read model counts: the ground that indicators stand on.

Every figure is additive over units. *Stocks* are asked as of a day, *flows* for a period; *distinct* figures count each
household or person once in the period (pairs of days, see ``domain``); *quality* says of how many facts the place is
doubtful.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from services.reporting.domain import FIRST, FLOWS, STOCKS
from services.reporting.store import QUALITY


class Sort(Enum):
    STOCK = auto()
    FLOW = auto()
    DISTINCT = auto()
    QUALITY = auto()


REACHED: Mapping[str, str] = {f"reached_{kind}": kind for kind in FIRST}
"""Distinct figure → kind of who is counted."""

SORTS: Mapping[str, Sort] = {
    **dict.fromkeys(STOCKS, Sort.STOCK),
    **dict.fromkeys(FLOWS, Sort.FLOW),
    **dict.fromkeys(REACHED, Sort.DISTINCT),
    **dict.fromkeys(QUALITY, Sort.QUALITY),
}

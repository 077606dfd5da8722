"""Indicators as data: what a figure that people ask for is made of, called and worth, version by version.

``indicators.json`` holds the rows, this module their shape and what they have to keep to. A figure that the read model
gains becomes an indicator by a row there; nothing else changes.
"""

from __future__ import annotations

from services.reporting.indicators.catalogue import CATALOGUE, Catalogue, UnknownIndicator
from services.reporting.indicators.indicator import Group, Indicator, Unit
from services.reporting.indicators.values import Value, difference, value

__all__ = [
    "CATALOGUE",
    "Catalogue",
    "Group",
    "Indicator",
    "Unit",
    "UnknownIndicator",
    "Value",
    "difference",
    "value",
]

"""Visits, and places that change. Pure.

``reach`` and ``covered`` are the changes that an event caused in its place: a reader only adds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.reporting.domain import coverage, days
from services.reporting.domain.names import BANDS, KINDS
from services.reporting.domain.tally import AT, FACTS, Row, Tally

PLACE_EVENTS = (
    "PlaceMoved",
    "PlaceCorrected",
    "PlaceClosed",
    "PlaceReopened",
    "PlaceMerged",
    "PlaceAbsorbed",
    "PlaceSeparated",
    "PlaceRestored",
)
"""Whatever changes what places count, apart from visits."""

_VISITS, _TAUGHT = AT["visits"], AT["people_taught"]
_OF_KIND = {kind: AT[f"visits_{kind}"] for kind in KINDS}
_OF_BAND = {band: AT[f"taught_{band}"] for band in BANDS}


def recorded(tally: Tally, data: Mapping[str, Any]) -> None:
    row = tally.row(data["unit_id"], data["day"])
    row[FACTS] += 1
    _content(tally, row, data, data["unit_id"], data["day"], 1)
    _changes(tally, data, data["place_kind"])


def corrected(tally: Tally, data: Mapping[str, Any]) -> None:
    """A visit goes on counting in its unit, by what is known of it now."""
    unit = data["unit_id"]
    for content, n in ((data["before"], -1), (data["after"], 1)):
        _content(tally, tally.row(unit, content["day"]), content, unit, content["day"], n)
    tally.row(unit, data["after"]["day"])[FACTS] += 1
    _changes(tally, data, data["place_kind"])


def voided(tally: Tally, data: Mapping[str, Any]) -> None:
    row = tally.row(data["unit_id"], data["day"])
    row[FACTS] += 1
    _content(tally, row, data["before"], data["unit_id"], data["day"], -1)
    _changes(tally, data, data["place_kind"])


def place_changed(tally: Tally, data: Mapping[str, Any]) -> None:
    _changes(tally, data, data["kind"])


def _content(tally: Tally, row: Row, content: Mapping[str, Any], unit: str, day: str, n: int) -> None:
    row[_VISITS] += n
    kind = content["place_kind"]
    if kind in _OF_KIND:
        row[_OF_KIND[kind]] += n
    row[_TAUGHT] += n * content["people_taught"]
    for band, people in content["ages"].items():
        if band in _OF_BAND:
            row[_OF_BAND[band]] += n * people
    for figure in ("platforms", "outcomes", "flags"):
        for code in content[figure]:
            tally.key(unit, figure, code, day, n)
    if content["obstacle"] is not None:
        tally.key(unit, "obstacles", content["obstacle"], day, n)
    tally.tell("days", content["team_id"], (days.VISITS, (day, n)))


def _changes(tally: Tally, data: Mapping[str, Any], kind: str) -> None:
    for link in data["reach"]:
        of = link.get("place_kind", kind)
        if of in _OF_KIND:
            tally.reach(data["unit_id"], of, (link,))
    coverage.count(tally, data, kind)

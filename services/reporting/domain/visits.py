"""Visits, and places that change. Pure.

``reach`` and ``covered`` are the changes that an event caused in its place: a reader only adds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
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

LATE_DAYS = 7
"""A visit that was recorded more days after it was paid came late: phones are offline, but not for weeks."""
_VISITS, _TAUGHT, _LATE = AT["visits"], AT["people_taught"], AT["visits_late"]
_OF_KIND = {kind: AT[f"visits_{kind}"] for kind in KINDS}
_OF_BAND = {band: AT[f"taught_{band}"] for band in BANDS}


def recorded(tally: Tally, data: Mapping[str, Any]) -> None:
    row = tally.row(data["unit_id"], data["day"])
    row[FACTS] += 1
    _content(tally, row, data, data, 1)
    _changes(tally, data, data["place_kind"])


def corrected(tally: Tally, data: Mapping[str, Any]) -> None:
    """A visit goes on counting in its unit, by what is known of it now."""
    unit = data["unit_id"]
    for content, n in ((data["before"], -1), (data["after"], 1)):
        _content(tally, tally.row(unit, content["day"]), data, content, n)
    tally.row(unit, data["after"]["day"])[FACTS] += 1
    _changes(tally, data, data["place_kind"])


def voided(tally: Tally, data: Mapping[str, Any]) -> None:
    row = tally.row(data["unit_id"], data["day"])
    row[FACTS] += 1
    _content(tally, row, data, data["before"], -1)
    _changes(tally, data, data["place_kind"])


def flag_settled(tally: Tally, data: Mapping[str, Any]) -> None:
    """An open doubt is one less, or somebody thinks again."""
    unit, day, flag = data["unit_id"], data["day"], data["flag"]
    tally.row(unit, day)[FACTS] += 1
    _doubt(tally, unit, day, flag, data["was"], -1)
    _doubt(tally, unit, day, flag, data["how"], 1)


def place_changed(tally: Tally, data: Mapping[str, Any]) -> None:
    _changes(tally, data, data["kind"])


def _content(tally: Tally, row: Row, data: Mapping[str, Any], content: Mapping[str, Any], n: int) -> None:
    """``content``: of the visit that ``data`` tells of."""
    unit, day = data["unit_id"], content["day"]
    row[_VISITS] += n
    if _is_late(day, data.get("received_on")):
        row[_LATE] += n
    kind = content["place_kind"]
    if kind in _OF_KIND:
        row[_OF_KIND[kind]] += n
    row[_TAUGHT] += n * content["people_taught"]
    for band, people in content["ages"].items():
        if band in _OF_BAND:
            row[_OF_BAND[band]] += n * people
    for figure in ("platforms", "outcomes"):
        for code in content[figure]:
            tally.key(unit, figure, code, day, n)
    for flag in content["flags"]:
        tally.key(unit, "flags", flag, day, n)
        _doubt(tally, unit, day, flag, content.get("settled", {}).get(flag), n)
    if content["obstacle"] is not None:
        tally.key(unit, "obstacles", content["obstacle"], day, n)
    tally.tell("days", content["team_id"], (days.VISITS, (day, n)))


@lru_cache(4096)
def _is_late(day: str, received_on: str | None) -> bool:
    """Not if nothing is known: events of earlier versions do not say it."""
    if received_on is None or received_on <= day:
        return False
    return (date.fromisoformat(received_on) - date.fromisoformat(day)).days > LATE_DAYS


def _doubt(tally: Tally, unit: str, day: str, flag: str, how: str | None, n: int) -> None:
    """What became of it (None: it is open). Unfounded ones, and those that ended by themselves, count no more."""
    if how is None or how == "confirmed":
        tally.key(unit, "flags_confirmed" if how else "flags_open", flag, day, n)


def _changes(tally: Tally, data: Mapping[str, Any], kind: str) -> None:
    for link in data["reach"]:
        of = link.get("place_kind", kind)
        if of in _OF_KIND:
            tally.reach(data["unit_id"], of, (link,))
    coverage.count(tally, data, kind)

"""Places covered: where at least one person knows, understands or does. Pure.

``covered`` rows are the changes that an event caused in its place: the levels in ``from`` end and those in ``to``
begin. Somebody at a level is at all below it, too, so each entry counts in several columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.reporting.domain.names import ALL_SKILLS, BANDS, HOUSEHOLD, KINDS, LEVELS, SKILLS, covered
from services.reporting.domain.tally import AT, Tally

_Columns = Mapping[str, Mapping[str, tuple[int, ...]]]
"""Skill → level → the columns of it and of the levels below."""
_NOWHERE: Mapping[str, tuple[int, ...]] = dict.fromkeys(LEVELS, ())


def _columns(skills: Iterable[str], kind: str = HOUSEHOLD, band: str | None = None) -> _Columns:
    return {
        skill: {
            level: tuple(AT[covered(skill, below, kind=kind, band=band)] for below in LEVELS[: n + 1])
            for n, level in enumerate(LEVELS)
        }
        for skill in skills
    }


_OF_KIND = {kind: _columns((*SKILLS, ALL_SKILLS), kind) for kind in KINDS}
_OF_BAND = {band: _columns(SKILLS, band=band) for band in BANDS}


def count(tally: Tally, data: Mapping[str, Any], kind: str) -> None:
    """A row names its kind, unit and day where they are not the event's. Ages are counted in households only."""
    for row in data["covered"]:
        of, band = row.get("place_kind", kind), row.get("age_band")
        columns = _OF_KIND.get(of) if band is None else _OF_BAND.get(band) if of == HOUSEHOLD else None
        if columns is None:
            continue
        figures = tally.row(row.get("unit_id") or data["unit_id"], row.get("day") or data["day"])
        if "to" in row:
            for skill, level in row["to"].items():
                for at in columns.get(skill, _NOWHERE)[level]:
                    figures[at] += 1
        if "from" in row:
            for skill, level in row["from"].items():
                for at in columns.get(skill, _NOWHERE)[level]:
                    figures[at] -= 1

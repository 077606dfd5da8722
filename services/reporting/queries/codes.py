"""Entries of the catalogues as visits tells of them: names and pillars of the codes in an answer.

They lie among the records of the figures, so an answer and its names are of one state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import text

from services.reporting.indicators import Indicator
from services.reporting.indicators.codes import CATALOGUES, LISTS, Entries, Entry, list_of
from services.reporting.queries.standing import Snapshot


def entries(snap: Snapshot, near: Sequence[str], day: date, indicators: Sequence[Indicator]) -> Entries:
    """Those of the catalogues that these indicators are told by, as of a day.

    ``near``: the unit asked for, then those above it. Where several units have an entry of one code, the first of them
    says what it is; what none of them has is named by a unit elsewhere, which is below, or was here.
    """
    wanted = {LISTS.get(figure, "") for each in indicators if (figure := list_of(each))} & CATALOGUES
    found: dict[str, dict[str, Entry]] = {catalogue: {} for catalogue in wanted}
    if not wanted:
        return found
    statement = f"""SELECT id, known FROM {snap.slot.table("record")}
                     WHERE kind = 'catalogue' AND split_part(id, ':', 1) = ANY(:wanted)"""
    rank = {unit: n for n, unit in enumerate(near)}
    rows = [(*row.id.split(":", 2), row.known) for row in snap.tx.execute(text(statement), {"wanted": sorted(wanted)})]
    for catalogue, code, _, known in sorted(rows, key=lambda row: (rank.get(row[2], len(near)), row[2])):
        if code not in found[catalogue] and (words := _words(known, day)) is not None:
            names = {"vi": words["name_vi"], "en": words["name_en"]}
            found[catalogue][code] = Entry(names, words["pillars"])
    return found


def _words(known: Mapping[str, Any], day: date) -> Mapping[str, Any] | None:
    """Of a day; else the last ones before it, for codes that have ended; else the first ones after it."""
    said = sorted(((since, words) for since, words in known.items() if words is not None), key=itemgetter(0))
    before = [words for since, words in said if since <= day.isoformat()]
    return before[-1] if before else said[0][1] if said else None

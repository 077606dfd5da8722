"""Declared figures: one with its history, those of a unit, and side by side with what is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from services.reporting.domain.declared import (
    DeclaredEvent,
    Figure,
    FigureCorrected,
    FigureDeclared,
    FigureWithdrawn,
    Qualifier,
    declared_stream,
    holds,
)
from services.reporting.indicators import CATALOGUE, Indicator, Unit, difference, value
from services.reporting.indicators.values import plain, ratio
from services.reporting.messages import warning
from services.reporting.placing import EARLIEST_MAP
from services.reporting.queries.below import Behind, Row, lies_in, page
from services.reporting.queries.counting import counted
from services.reporting.queries.standing import Area, Shown
from services.reporting.sums import Window
from shared.codec import Codec, NothingChanged
from shared.log import Log, Recorded
from shared.problems import Problem

_LIST = """SELECT figure_id, unit_id, indicator, day, since, value, whole, qualifier, source, published_on, document_id,
              recorded_by, recorded_at
         FROM read.declared
        WHERE day BETWEEN :first AND :last AND (cast(:indicator AS text) IS NULL OR indicator = :indicator)
          AND (cast(:unit AS text) IS NULL OR unit_id = :unit)
          AND (cast(:after_day AS date) IS NULL OR (day, figure_id) > (:after_day, cast(:after_id AS uuid)))
        ORDER BY day, figure_id LIMIT :limit"""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which declared figures are asked for."""

    unit: str
    below: bool
    indicator: str | None
    first: date
    last: date
    behind: Behind | None
    limit: int


@dataclass(frozen=True, slots=True)
class History:
    """Everything said about a figure, with who recorded it and when."""

    events: tuple[tuple[Recorded, DeclaredEvent], ...]
    version: int

    @property
    def figure(self) -> Figure:
        return said(self.events[-1][1])

    @property
    def withdrawn(self) -> bool:
        return isinstance(self.events[-1][1], FigureWithdrawn)


class DeclaredQueries:
    def __init__(self, area: Area, log: Log, codec: Codec) -> None:
        self._area, self._log, self._codec = area, log, codec

    def history(self, figure_id: UUID) -> History:
        """Raises ``Problem`` for an id nothing was declared under."""
        stream = declared_stream(figure_id)
        stored = self._log.load({stream: 0})[stream]
        told = [(each, event) for each in stored if not isinstance(event := self._codec.decode(each), NothingChanged)]
        if not told:
            raise Problem("not-found", where="path")
        return History(tuple(told), stored[-1].version)

    def listed(self, chosen: Chosen) -> Document:
        """By day, the oldest first."""
        rows, following = self._page(chosen)
        return {"figures": [shown(row) for row in rows], "next": following}

    def _page(self, chosen: Chosen) -> tuple[list[Row], str | None]:
        asked = {"first": chosen.first, "last": chosen.last, "indicator": chosen.indicator}
        asked["unit"] = None if chosen.below else chosen.unit

        def read(behind: Behind | None, limit: int) -> list[Row]:
            day, identity = behind or (None, None)
            more = {"after_day": day, "after_id": identity, "limit": limit}
            with self._area.engine.connect() as tx:
                return [dict(row) for row in tx.execute(text(_LIST), asked | more).mappings()]

        inside = lies_in(self._area.tree, chosen.unit) if chosen.below else lambda row: True
        return page(read, inside, chosen.behind, chosen.limit, "figure_id")

    # --- side by side --------------------------------------------------------------------------------------------

    def reconciled(self, chosen: Chosen, map_day: date | None, locale: str) -> Document:
        """Each declared figure of the unit beside what is counted for its day on the map asked for, or of its day."""
        rows, following = self._page(chosen)
        return {
            "unit": self._area.unit(chosen.unit, self._area.shown(chosen.unit, map_day).map_day),
            "reconciled": [self._beside(row, map_day, locale) for row in rows],
            "next": following,
        }

    def _beside(self, row: Row, map_day: date | None, locale: str) -> Document:
        indicator = CATALOGUE.latest[row["indicator"]]
        where = self._area.shown(row["unit_id"], max(map_day or row["day"], EARLIEST_MAP))
        answer = {
            "declared": shown(row),
            "indicator": indicator.code,
            "indicator_version": indicator.version,
            "map": where.asked_day,
        }
        if indicator.numerator is None:
            nothing = {"derived": None, "difference": None, "holds": None}
            return answer | nothing | {"warnings": [warning("not_derived", locale)]}
        return answer | self._derived(indicator, where, row, locale)

    def _derived(self, indicator: Indicator, where: Shown, row: Row, locale: str) -> Document:
        window = Window(row["since"] or EARLIEST_MAP, row["day"], row["day"])
        with self._area.snapshot({where.key}) as snap:
            standing = snap.standing(where)
            sums = counted(self._area, snap, where, standing, window, indicator.figures)[where.unit]
            derived, declared = value(indicator, sums.figures), _number(row["value"])
            number = plain(derived)
            known = number is not None
            return {
                "derived": derived,
                "difference": difference(derived, declared),
                "holds": holds(Qualifier(row["qualifier"]), declared, number) if number is not None else None,
                "warnings": [
                    *self._area.warnings(where, snap.progress, locale),
                    *([] if known else [warning("not_derived", locale)]),
                ],
            } | snap.progress.document()

    # --- two of them ---------------------------------------------------------------------------------------------

    def ratio(self, of: UUID, over: UUID, locale: str) -> Document:
        """One declared figure over another of the same unit; where their days differ that is said with it."""
        a, b = self._standing(of, "/of"), self._standing(over, "/over")
        if a.unit_id != b.unit_id:
            raise Problem("ratio-of-two-units", "/over", where="query")
        warnings = []
        if (a.since, a.day) != (b.since, b.day):
            days = {"day": a.day.isoformat(), "other": b.day.isoformat()}
            warnings.append(warning("dates_differ", locale, **days))
        if a.qualifier is not Qualifier.EXACT or b.qualifier is not Qualifier.EXACT:
            warnings.append(warning("not_exact", locale))
        return {
            "of": {"figure_id": of, **_told(a)},
            "over": {"figure_id": over, **_told(b)},
            "ratio": {"value": ratio(Unit.RATIO, a.value, b.value), "numerator": a.value, "denominator": b.value},
            "same_day": (a.since, a.day) == (b.since, b.day),
            "warnings": warnings,
        }

    def _standing(self, figure_id: UUID, at: str) -> Figure:
        try:
            history = self.history(figure_id)
        except Problem:
            raise Problem("unknown-figure", at, where="query") from None
        if history.withdrawn:
            raise Problem("figure-withdrawn", at, where="query")
        return history.figure


def said(event: DeclaredEvent) -> Figure:
    match event:
        case FigureDeclared():
            return event.figure
        case FigureCorrected():
            return event.after
        case FigureWithdrawn():
            return event.before


def shown(row: Row) -> Document:
    """A row of ``read.declared``; a part of a whole of the same day with its share."""
    answer = {name: row[name] for name in row if name not in ("value", "whole")}
    answer |= {"value": _number(row["value"]), "of": row["whole"]}
    if row["whole"] is not None:
        percent = ratio(Unit.PERCENT, answer["value"], row["whole"])
        answer["share"] = {"value": percent, "numerator": answer["value"], "denominator": row["whole"]}
    return answer


def detailed(figure_id: UUID, history: History) -> Document:
    told = {FigureDeclared: "declared", FigureCorrected: "corrected", FigureWithdrawn: "withdrawn"}
    steps = [
        {
            "told": told[type(event)],
            "by": stored.metadata["actor"],
            "at": stored.recorded_at,
            "reason": getattr(event, "reason", None),
            "figure": _told(said(event)),
        }
        for stored, event in history.events
    ]
    state = "withdrawn" if history.withdrawn else "standing"
    return {"figure_id": figure_id, "state": state, **_told(history.figure), "history": steps}


def _told(figure: Figure) -> Mapping[str, Any]:
    told: Document = msgspec.to_builtins(figure)
    return told


def _number(value: Any) -> int | float:
    return int(value) if value == int(value) else float(value)

"""The catalogues in memory, for whoever takes visits in: which codes may be named for a unit on a day."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Any

from sqlalchemy import Engine, text

from services.visits.domain.catalogue import CatalogueKind
from shared.unit_directory import UnitDirectory

_KEPT_DAYS = 50_000
_CHANGES = text("SELECT coalesce(sum(times), 0) FROM read.catalogue")
_ALL = text("SELECT kind, unit_id, code, since, words FROM read.catalogue ORDER BY kind, unit_id, code, since")


@dataclass(frozen=True, slots=True)
class Span:
    """An entry as it stands from ``since`` until the day before ``until`` (None: for the time being)."""

    kind: CatalogueKind
    code: str
    unit_id: str
    words: dict[str, Any]
    since: date
    until: date | None


class Catalogue:
    """At most ``max_age`` seconds behind ``read.catalogue``; a look-up costs about a microsecond."""

    def __init__(self, engine: Engine, units: UnitDirectory, max_age: float = 1.0) -> None:
        self._engine, self._units, self._max_age = engine, units, max_age
        self._spans: list[Span] = []
        self._changes = -1
        self._checked = float("-inf")
        self._position = -1
        self._codes: dict[tuple[CatalogueKind, str, date], frozenset[str]] = {}
        self._lock = threading.Lock()

    def unknown(self, kind: CatalogueKind, codes: Collection[str], unit_id: str, day: date) -> set[str]:
        """Those of the codes that no entry has on that day, neither the nation's nor one of the unit's province."""
        if not codes:
            return set()
        self._refresh()
        key = (kind, unit_id, day)
        known = self._codes.get(key)
        if known is None:
            if len(self._codes) >= _KEPT_DAYS:
                self._codes = {}
            known = self._codes[key] = frozenset(span.code for span in self._standing(unit_id, day, kind))
        return set(codes) - known

    def standing(self, unit_id: str | None, day: date, kind: CatalogueKind | None = None) -> list[Span]:
        """Entries of the day: those of the nation and of the unit's province; without a unit, all."""
        self._refresh()
        return list(self._standing(unit_id, day, kind))

    def _standing(self, unit_id: str | None, day: date, kind: CatalogueKind | None) -> Iterator[Span]:
        areas = None if unit_id is None else self._areas(unit_id, day)
        for span in self._spans:
            if (
                span.since <= day
                and (span.until is None or day < span.until)
                and kind in (None, span.kind)
                and (areas is None or span.unit_id in areas)
            ):
                yield span

    def _areas(self, unit_id: str, day: date) -> tuple[str, ...]:
        tree = self._units.tree()
        placed = tree.place(unit_id, day)
        return tree.ancestors(placed.unit_id, day) if placed else ()

    def _refresh(self) -> None:
        if time.monotonic() - self._checked >= self._max_age and self._lock.acquire(blocking=self._changes < 0):
            try:
                self._read()
            finally:
                self._lock.release()
        self._units.tree()
        if self._units.position != self._position:
            self._position, self._codes = self._units.position, {}

    def _read(self) -> None:
        with self._engine.connect() as connection:
            changes = connection.execute(_CHANGES).scalar_one()
            if changes != self._changes:
                rows = connection.execute(_ALL).all()
                self._spans, self._changes, self._codes = _spans(rows), changes, {}
        self._checked = time.monotonic()


def _spans(rows: Collection[Any]) -> list[Span]:
    spans: list[Span] = []
    for row, after in zip_longest(rows, list(rows)[1:]):
        same = after is not None and (after.kind, after.unit_id, after.code) == (row.kind, row.unit_id, row.code)
        if row.words is not None:
            until = after.since if after is not None and same else None
            spans.append(Span(CatalogueKind(row.kind), row.code, row.unit_id, row.words, row.since, until))
    return spans

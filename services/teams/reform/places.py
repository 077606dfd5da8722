"""Where the rows of a reform's file stood, kept so that a finding names its cell after the file is gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from services.teams.reform.found import Flaw
from services.teams.reform.sheet import AREAS, LINKS, Area, Line, area_of, line_of
from shared.sheets import Book, Finding, letters

SHEETS = {sheet.key: sheet for sheet in (LINKS, AREAS)}
PLACE, LINE, AREA = "place", "line", "area"


@dataclass(frozen=True, slots=True)
class Places:
    """``layout``: sheet key → its name and its columns (key → [index, header]); ``rows``: index → (sheet key, row)."""

    layout: Mapping[str, Any]
    rows: Mapping[int, tuple[str, int]]

    def finding(self, flaw: Flaw) -> Finding:
        key, number = self.rows.get(flaw.index, (LINKS.key, 0))
        layout = self.layout.get(key, {"name": "", "columns": {}})
        params = self._params(flaw.params)
        if not flaw.column:
            return Finding(flaw.code, layout["name"], number, params=params)
        if flaw.column not in layout["columns"]:
            header = SHEETS[key].by_key[flaw.column].vi
            return Finding(flaw.code, layout["name"], number, header=header, params=params)
        index, header = layout["columns"][flaw.column]
        return Finding(flaw.code, layout["name"], number, letters(index), header, params)

    def numbered(self, item: dict[str, Any]) -> dict[str, Any]:
        """An item of a preview whose ``row`` is an index: people know it by its number."""
        return {**item, "row": self.rows.get(item["row"], ("", None))[1]} if "row" in item else item

    def _params(self, params: Mapping[str, Any]) -> dict[str, object]:
        """``other`` is the index of another row: people know it by its number."""
        if "other" in params:
            return {**params, "other": self.rows.get(params["other"], ("", 0))[1]}
        return dict(params)


def places_of(book: Book) -> Places:
    layout = {
        key: {"name": found.name, "columns": {column: list(place) for column, place in found.columns.items()}}
        for key, found in book.layouts.items()
    }
    return Places(layout, {row.index: (row.sheet, row.number) for row in book.rows})


def read(book: Book) -> tuple[list[Line], list[Area]]:
    """The good rows."""
    lines = [line_of(row.index, row.values) for row in book.of(LINKS.key) if row.good]
    return lines, [area_of(row.index, row.values) for row in book.of(AREAS.key) if row.good]


# --- kept ---------------------------------------------------------------------------------------------------------


def kept(lines: Iterable[Line], areas: Iterable[Area], places: Places) -> Iterator[dict[str, Any]]:
    for line in lines:
        yield {PLACE: list(places.rows[line.index]), LINE: msgspec.to_builtins(line)}
    for area in areas:
        yield {PLACE: list(places.rows[area.index]), AREA: msgspec.to_builtins(area)}


def restored(items: Iterable[Mapping[str, Any]], layout: Mapping[str, Any]) -> tuple[list[Line], list[Area], Places]:
    found = list(items)
    lines = [msgspec.convert(item[LINE], Line) for item in found if LINE in item]
    areas = [msgspec.convert(item[AREA], Area) for item in found if AREA in item]
    said: Sequence[Line | Area] = [*lines, *areas]
    rows = {each.index: (item[PLACE][0], item[PLACE][1]) for each, item in zip(said, found, strict=True)}
    return lines, areas, Places(layout, rows)

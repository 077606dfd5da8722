"""An answer of the reports laid out as a table: heading, columns, rows, notes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import Any

from services.reporting.exports.parts import most_codes, parts
from services.reporting.exports.words import issuing_body, measure, shown_day, shown_number, words
from services.reporting.indicators import Indicator, Unit
from services.reporting.indicators.values import plain

Cell = str | int | float | date | None
Document = Mapping[str, Any]


class Kind(Enum):
    TEXT = auto()
    COUNT = auto()
    RATIO = auto()
    PERCENT = auto()
    DAY = auto()

    @property
    def is_number(self) -> bool:
        return self in (Kind.COUNT, Kind.RATIO, Kind.PERCENT)


KINDS = {Unit.COUNT: Kind.COUNT, Unit.DAYS: Kind.COUNT, Unit.RATIO: Kind.RATIO, Unit.PERCENT: Kind.PERCENT}


@dataclass(frozen=True, slots=True)
class Column:
    header: str
    kind: Kind
    width: int = 14


@dataclass(frozen=True, slots=True)
class Row:
    """``kinds``: where the cells are of other kinds than their columns. A percentage is told as 72.5, not as 0.725."""

    cells: Sequence[Cell]
    kinds: Sequence[Kind] = ()
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """``body``: the superior body and the one that issues; ``lines``: what is said under the title."""

    body: tuple[str, str]
    place: str
    today: date
    title: str
    lines: Sequence[str]
    columns: Sequence[Column]
    rows: Sequence[Row]
    notes: Sequence[str]
    locale: str

    @property
    def wide(self) -> bool:
        return sum(column.width for column in self.columns) > 95


def table_of(answer: Document, indicators: Sequence[Indicator], today: date, locale: str) -> Table:
    """``answer``: of ``Reports.answer``, whole."""
    laid = _Laid(answer, indicators, locale)
    if "units" in answer:
        columns, rows = laid.unit_columns(), list(laid.unit_rows())
    elif "periods" in answer:
        columns, rows = laid.period_columns(), list(laid.period_rows())
    else:
        columns, rows = laid.total_columns(), list(laid.total_rows())
    unit = answer["unit"]
    name = unit["name"] or unit["id"]
    place = "Hà Nội" if unit["level"] == "nation" else _without_kind(name, unit["kind"])
    title = words("title", locale, unit=name)
    return Table(issuing_body(unit), place, today, title, laid.lines(), columns, rows, laid.notes(), locale)


def _without_kind(name: str, kind: str | None) -> str:
    """``Ninh Bình`` of ``Tỉnh Ninh Bình``: the place that a document is dated at."""
    return name[len(kind) + 1 :] if kind and name.lower().startswith(f"{kind} ") else name


def estimated(warnings: Iterable[Document]) -> int | None:
    """How many facts of a row may belong to another unit; None where all are certain."""
    return next((each["facts"] for each in warnings if each["code"] == "estimated"), None)


class _Laid:
    def __init__(self, answer: Document, indicators: Sequence[Indicator], locale: str) -> None:
        self._answer, self._indicators, self._locale = answer, indicators, locale
        self._compared = "previous" in answer
        self._parts = {each.code: parts(answer, each, locale, most_codes(answer, indicators)) for each in indicators}

    def _words(self, name: str, **params: object) -> str:
        return words(name, self._locale, **params)

    def _name(self, indicator: Indicator) -> str:
        return indicator.name.en if self._locale == "en" else indicator.name.vi

    def lines(self) -> list[str]:
        answer = self._answer
        period = answer["period"]
        first, last = shown_day(period["from"]), shown_day(period["to"])
        place = self._words("map", map=shown_day(answer["map_of_figures"]))
        return [
            self._words("days", first=first, last=last),
            f"{self._words('as_of', as_of=shown_day(answer['as_of']))}, {place}",
        ]

    def notes(self) -> list[str]:
        """Warnings, then what the figures rest on, so that anybody can ask again."""
        answer = self._answer
        found = [str(warning["detail"]) for warning in answer["warnings"]]
        if answer["unit"]["simulated"]:
            found.append(self._words("simulated"))
        if any(estimated(row["warnings"]) for row in answer.get("units", ())):
            found.append(self._words("estimated_note"))
        versions = ", ".join(f"{code}@{version}" for code, version in answer["indicators"].items())
        positions = ", ".join(
            f"{source}:{partition}:{position}"
            for source, partitions in answer["positions"].items()
            for partition, position in partitions.items()
        )
        return [*found, self._words("versions", versions=versions), self._words("positions", positions=positions)]

    # --- one unit, a row per indicator ---------------------------------------------------------------------------

    def total_columns(self) -> list[Column]:
        columns = [
            Column(self._words("number"), Kind.COUNT, 6),
            Column(self._words("indicator"), Kind.TEXT, 44),
            Column(self._words("measure"), Kind.TEXT, 12),
            Column(self._words("value"), Kind.COUNT),
            Column(self._words("made_of"), Kind.TEXT, 22),
        ]
        if self._compared:
            columns += [Column(self._words(name), Kind.COUNT) for name in ("before", "change")]
        return columns

    def total_rows(self) -> Iterator[Row]:
        figures, before = self._answer["figures"], self._answer.get("previous")
        for n, each in enumerate(self._indicators, 1):
            value, kind = figures[each.code], KINDS[each.unit]
            cells: list[Cell] = [n, self._name(each), measure(each.unit, self._locale), plain(value)]
            cells.append(self._made_of(value))
            kinds = [Kind.COUNT, Kind.TEXT, Kind.TEXT, kind, Kind.TEXT]
            if before is not None:
                cells += [plain(before["figures"][each.code]), before["difference"][each.code]]
                kinds += [kind, kind]
            yield Row(cells, kinds)
            yield from self._part_rows(each)

    def _part_rows(self, indicator: Indicator) -> Iterator[Row]:
        """A line of its own, without a number, for every code and pillar."""
        name, unit = self._name(indicator), measure(indicator.unit, self._locale)
        kinds = [Kind.TEXT, Kind.TEXT, Kind.TEXT, Kind.COUNT, Kind.TEXT, Kind.COUNT, Kind.COUNT]
        values = self._part_values(indicator, self._answer["figures"], self._answer.get("previous"))
        for part, (n, *compared) in zip(self._parts[indicator.code], values, strict=True):
            yield Row([None, f"{name}: {part.name}", unit, n, None, *compared], kinds)

    def _part_values(self, indicator: Indicator, figures: Document, before: Document | None) -> Iterator[list[Cell]]:
        """Of each part: how many, and if that is asked for how many before, and the change."""
        for part in self._parts[indicator.code]:
            n = part.of(figures[indicator.code])
            then = part.of(before["figures"][indicator.code]) if before else None
            yield [n, then, None if then is None else n - then] if self._compared else [n]

    def _made_of(self, value: Any) -> str | None:
        """A ratio is never printed bare."""
        if not isinstance(value, dict) or "denominator" not in value:
            return None
        denominator = value["denominator"]
        if isinstance(denominator, str):
            return f"{shown_number(value['numerator'], self._locale)} / {self._words('unknown')}"
        return " / ".join(shown_number(n, self._locale) for n in (value["numerator"], denominator))

    # --- a row per unit or period --------------------------------------------------------------------------------

    def _value_columns(self) -> Iterator[Column]:
        """A ratio has what it is made of beside it, an open list its codes and pillars."""
        for each in self._indicators:
            name, kind = self._name(each), KINDS[each.unit]
            yield Column(f"{name} (%)" if each.unit is Unit.PERCENT else name, kind)
            if each.is_ratio:
                yield Column(f"{name}: {self._words('made_of').lower()}", Kind.TEXT, 18)
            yield from self._compared_columns(name, kind)
            for part in self._parts[each.code]:
                yield Column(f"{name}: {part.name}", kind)
                yield from self._compared_columns(f"{name}: {part.name}", kind)

    def _compared_columns(self, name: str, kind: Kind) -> Iterator[Column]:
        for word in ("before", "change") if self._compared else ():
            yield Column(f"{name}: {self._words(word).lower()}", kind)

    def _values(self, figures: Document, before: Document | None) -> Iterator[Cell]:
        for each in self._indicators:
            value = figures[each.code]
            yield plain(value)
            if each.is_ratio:
                yield self._made_of(value)
            if self._compared:
                yield plain(before["figures"][each.code]) if before else None
                yield before["difference"][each.code] if before else None
            for values in self._part_values(each, figures, before):
                yield from values

    def unit_columns(self) -> list[Column]:
        return [
            Column(self._words("number"), Kind.COUNT, 6),
            Column(self._words("code"), Kind.TEXT, 9),
            Column(self._words("unit"), Kind.TEXT, 30),
            Column(self._words("rank"), Kind.COUNT, 9),
            *self._value_columns(),
            Column(self._words("estimated"), Kind.COUNT, 12),
        ]

    def unit_rows(self) -> Iterator[Row]:
        answer = self._answer
        for n, row in enumerate(answer["units"], 1):
            unit = row["unit"]
            head = [n, unit["code"], unit["name"] or unit["id"], row["rank"]]
            yield Row([*head, *self._values(row["figures"], row.get("previous")), estimated(row["warnings"])])
        if answer["remainder"]:
            left = self._values(answer["remainder"]["figures"], None)
            yield Row([None, None, self._words("remainder"), None, *left, None])
        total = self._values(answer["figures"], answer.get("previous"))
        cells = [None, None, self._words("total"), None, *total, estimated(answer["warnings"])]
        yield Row(cells, strong=True)

    def period_columns(self) -> list[Column]:
        return [
            Column(self._words("period"), Kind.TEXT, 12),
            Column(self._words("from"), Kind.DAY, 12),
            Column(self._words("to"), Kind.DAY, 12),
            *self._value_columns(),
        ]

    def period_rows(self) -> Iterator[Row]:
        for row in self._answer["periods"]:
            yield Row([row["period"], row["from"], row["to"], *self._values(row["figures"], row.get("previous"))])
        period = self._answer["period"]
        total = self._values(self._answer["figures"], self._answer.get("previous"))
        yield Row([self._words("total"), period["from"], period["to"], *total], strong=True)

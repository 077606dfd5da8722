"""The main page of a unit: from an answer of the reports to what the template shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from services.reporting.exports import parts
from services.reporting.exports.table import estimated
from services.reporting.exports.words import shown_number
from services.reporting.figures import OF_EVENTS
from services.reporting.indicators import CATALOGUE, Group, Indicator, Unit
from services.reporting.indicators.values import plain
from services.reporting.pages import figures, shapes
from services.reporting.pages.classes import Classes, classes
from services.reporting.pages.figures import SKILL_CODES, TILES
from services.reporting.pages.links import Link, Links
from services.reporting.pages.view import Showing
from services.reporting.queries.reports import MOST_UNITS, Reports
from services.reporting.queries.standing import Shown
from services.reporting.schemas.reports import Page, Question, Settled, Way
from shared.vietnamese import sort_key

Document = dict[str, Any]
COLUMNS = (
    "households_reached",
    "visits",
    "people_taught",
    "covered_public_services",
    "teams",
    "seats",
    "people_trained",
)

MOST_CODES = 15
"""Of an open list; the others share a line."""
CHOSEN_COVERAGE = {"households", *(f"{what}_{skill}" for what in ("covered", "coverage") for skill in figures.SKILLS)}


@dataclass(frozen=True, slots=True)
class Part:
    """One province on the map, ``here``: the one that the page is about."""

    name: str
    href: str | None
    text: str
    shade: str
    shapes: Sequence[str]
    here: bool


class Dashboard(Links):
    """One page in the making."""

    def __init__(self, reports: Reports, showing: Showing, shown: Shown, roots: frozenset[str], locale: str) -> None:
        super().__init__(reports.area.tree, showing, shown, roots, locale)
        self._reports = reports
        extra = () if showing.indicator.code in COLUMNS else (showing.indicator.code,)
        self.columns: tuple[str, ...] = (*extra, *COLUMNS)
        self.answer = self._asked(
            Way.UNIT, (*self.columns, *TILES, *figures.BESIDE.values(), *SKILL_CODES), previous=True
        )
        self.series = self._asked(showing.step, (showing.indicator.code, *TILES), previous=False)

    def _asked(self, by: Any, codes: Sequence[str], *, previous: bool) -> Document:
        showing = self.showing
        sort = showing.sort(self.columns)
        order = None if sort.removeprefix("-") == "name" else sort.removeprefix("-")
        page = Page(None, order, sort.startswith("-"), 0, MOST_UNITS) if by is Way.UNIT else Page()
        question = Question(
            CATALOGUE.chosen(codes),
            first=showing.first,
            last=showing.last,
            map_day=showing.view.map_day,
            by=by,
            calendar=showing.calendar,
            previous=previous,
            page=page,
        )
        asked: Settled = question.settled(showing.today)
        return self._reports.answer(self.shown, asked, self.locale)

    # --- where this is -------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return str(self.answer["unit"]["name"] or self.answer["unit"]["id"])

    @property
    def level(self) -> str:
        return self.shown.level

    def successors(self) -> list[tuple[Link, str]]:
        """Of a unit that is not on the map asked for: where its area is, and how much of it."""
        found = []
        for part in self.answer.get("successors", ()):
            href = self.link(unit=part["id"], sort=None) if self.may_see(part["id"]) else None
            share = "" if not part["leaves_of"] or part["leaves"] == part["leaves_of"] else self._share(part)
            found.append((Link(part["name"] or part["id"], href), share))
        return found

    def _share(self, part: Document) -> str:
        return self._say("part_of", leaves=part["leaves"], of=part["leaves_of"])

    # --- figures -------------------------------------------------------------------------------------------------

    def tiles(self) -> Iterator[figures.Tile]:
        for code in TILES:
            points = figures.comparable([row["figures"][code] for row in self.series["periods"]])
            yield figures.tile(code, self.answer, points, self.locale)

    @staticmethod
    def has_events(code: str) -> bool:
        return OF_EVENTS.issuperset(CATALOGUE.latest[code].numerator or ("",))

    def skills(self) -> list[figures.Skill]:
        return figures.skills(self.answer["figures"], self.locale)

    @property
    def is_empty(self) -> bool:
        """Nothing was ever counted here."""
        worth = [plain(value) for value in self.answer["figures"].values()]
        return not any(worth) and not any(plain(row["figures"][c]) for row in self.series["periods"] for c in TILES)

    @property
    def choice(self) -> str:
        """Where on the page the indicator is chosen: above what it colours."""
        return "#map" if self.level == "nation" else "#trend-title"

    @property
    def about(self) -> str:
        """What the chosen indicator counts."""
        about = self.showing.indicator.about
        return about.en if self.locale == "en" else about.vi

    def number(self, value: Any, code: str) -> str:
        """As in the column of the units."""
        return figures.shown(value, CATALOGUE.latest[code], self.locale, self._places[code])

    @cached_property
    def _places(self) -> dict[str, int]:
        rows = [*(row["figures"] for row in self.rows()), self.answer["figures"]]
        return {code: figures.places(row[code] for row in rows) for code in self.columns}

    def column_name(self, code: str) -> str:
        return figures.name_of(CATALOGUE.latest[code], self.locale)

    def points(self) -> Iterator[tuple[str, Document, str, float | None]]:
        """(name of the period, its row, value as text, value) of the chosen indicator."""
        indicator, rows = self.showing.indicator, self.series["periods"]
        places = figures.places(row["figures"][indicator.code] for row in rows)
        for row in rows:
            value = row["figures"][indicator.code]
            name = figures.period_name(row, self.showing.step, self.locale)
            yield name, row, figures.shown(value, indicator, self.locale, places), plain(value)

    @property
    def trend_is_line(self) -> bool:
        """Of what there is on a day; what happens in a period has bars."""
        return figures.is_stock(self.showing.indicator)

    def choices(self) -> dict[str, list[Indicator]]:
        """Group → its indicators that are counted; of coverage, which has hundreds, those of whole households, and the
        one that is shown. The address takes any of them."""
        found: dict[str, list[Indicator]] = {}
        for each in CATALOGUE.latest.values():
            told = each.group != Group.COVERAGE or each.code in CHOSEN_COVERAGE or each is self.showing.indicator
            if told and each.numerator and not (each.is_ratio and each.denominator is None):
                found.setdefault(each.group, []).append(each)
        return found

    def level_links(self) -> list[tuple[str, str, bool]]:
        """Of an indicator of coverage: the same at each level."""
        now = self.showing.indicator.code
        return [
            (self._say(level), self.link(indicator=CATALOGUE.latest[code]) + self.choice, code == now)
            for level, code in figures.at_levels(now).items()
        ]

    def topic(self, code: str) -> str:
        """Of a note: one of the skills, or a word of the locality."""
        return self._say(code) if code in figures.SKILLS else code.replace("_", " ")

    def lists(self) -> dict[str, list[tuple[str, str, float, str | None]]]:
        """Of an indicator of an open list, by code and by pillar: (name, number as text, its share of the largest in
        per cent, address of the events behind it)."""
        indicator, found = self.showing.indicator, defaultdict[str, dict[parts.Part, int]](dict)
        for part in parts.parts(self.answer, indicator, self.locale, MOST_CODES):
            if (n := part.of(self.answer["figures"][indicator.code])) > 0:
                found[part.by][part] = n
        return {by: [self._line(part, n, max(of.values())) for part, n in of.items()] for by, of in found.items()}

    def _line(self, part: parts.Part, n: int, top: int) -> tuple[str, str, float, str | None]:
        alone = part.by == "by" and len(part.keys) == 1 and self.has_events(self.showing.indicator.code)
        events = self.showing.events(self.locale, part.keys[0]) if alone else None
        return part.name, shown_number(n, self.locale), round(100 * n / top, 2), events

    # --- units below ---------------------------------------------------------------------------------------------

    def rows(self) -> list[Document]:
        return list(self.answer["units"])

    @property
    def remainder(self) -> Document | None:
        """The figures that stand at none of the units, if the table has any."""
        left = (self.answer.get("remainder") or {}).get("figures")
        return left if left and any(plain(left[code]) for code in self.columns) else None

    @property
    def estimated(self) -> bool:
        """Whether figures of the table are an estimate in part."""
        told = (self.answer["warnings"], *(row["warnings"] for row in self.answer["units"]))
        return any(estimated(warnings) for warnings in told)

    def bars(self) -> dict[str, float]:
        """Unit → what it has of the chosen indicator, in per cent of the most that any has."""
        rows, code = self.answer["units"], self.showing.indicator.code
        worth = figures.comparable([row["figures"][code] for row in rows])
        top = max(worth, default=0)
        widths = [round(100 * max(n, 0) / top, 2) if top > 0 else 0 for n in worth]
        return {row["unit"]["id"]: width for row, width in zip(rows, widths, strict=True)}

    def sorting(self, code: str) -> tuple[str, str]:
        """The link of a column's header, and how the table is sorted by it now: ascending, descending or none."""
        now = self.showing.sort(self.columns)
        if now.removeprefix("-") == code:
            return self.link(sort=code if now.startswith("-") else f"-{code}"), (
                "descending" if now.startswith("-") else "ascending"
            )
        return self.link(sort=code if code == "name" else f"-{code}"), "none"

    def kin(self, unit: str) -> str:
        """What the reform made of it: the provinces it was formed of, or the one it is part of today."""
        tree, today = self.tree, self.showing.today
        if self.shown.level != "nation":
            return ""
        former = [each for each in tree.predecessors(unit) if tree.level(each) == "province"]
        if len(former) > 1:
            return self._say("formed_of", units=", ".join(self._sorted_names(former)))
        if not tree.exists(unit, today) and (placed := tree.place(unit, today)) is not None:
            return self._say("went_to", units=self.unit_name(placed.unit_id, today))
        return ""

    def _sorted_names(self, units: Sequence[str]) -> list[str]:
        names = [self.tree.name(unit, shapes.DRAWN) or unit for unit in units]
        return sorted(names, key=sort_key)

    # --- the map -------------------------------------------------------------------------------------------------

    def country(self) -> Country:
        """Coloured for the nation; else where the unit is, without the figures of others."""
        ancestors = self.tree.ancestors(self.shown.unit, self.shown.map_day)
        provinces = shapes.on_map(self.tree, self._nation(), self.shown.map_day)
        code = self.showing.indicator.code
        coloured = self.level == "nation"
        rows = {row["unit"]["id"]: row for row in self.answer["units"]} if coloured else {}
        worth = {unit: plain(row["figures"][code]) for unit, row in rows.items()}
        found = classes(worth.values())
        parts = [
            self._part(unit, of, found.shade(worth.get(unit)) if coloured else "", unit in ancestors, rows.get(unit))
            for unit, of in provinces.items()
        ]
        taken = {shape for of in provinces.values() for shape in of}
        rest = [shape for shape in shapes.SHAPES if shape not in taken]
        return Country(parts, rest, found, coloured)

    def _part(self, unit: str, of: Sequence[str], shade: str, here: bool, row: Document | None) -> Part:
        name, code, text = self.unit_name(unit, self.shown.map_day), self.showing.indicator.code, ""
        if row is not None:
            text = ("≈ " if estimated(row["warnings"]) else "") + self.number(row["figures"][code], code)
        href = self.link(unit=unit, sort=None) if self.may_see(unit) else None
        return Part(name, href, text, shade, of, here)

    def legend(self, found: Classes) -> Iterator[tuple[str, str]]:
        """(shade, text) from the palest up."""
        unit = CATALOGUE.latest[self.showing.indicator.code].unit
        sign = " %" if unit is Unit.PERCENT else ""
        if found.unknown:
            yield "qx", self._say("unknown")
        if found.zero:
            yield "q0", f"0{sign}"
        for low, high in found.spans:
            text = shown_number(low, self.locale)
            yield found.shade(high), (text if low == high else f"{text} – {shown_number(high, self.locale)}") + sign


@dataclass(frozen=True, slots=True)
class Country:
    """``rest``: shapes that belong to no unit known here."""

    parts: Sequence[Part]
    rest: Sequence[str]
    classes: Classes
    coloured: bool

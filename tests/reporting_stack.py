"""The read model of reporting as its processes hold it, in one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Engine, text

from services.reporting import store
from services.reporting.indicators import CATALOGUE
from services.reporting.maps import Maps
from services.reporting.projections import Figures
from services.reporting.queries.reports import Reports
from services.reporting.queries.standing import Area
from services.reporting.schemas.reports import Question
from shared.db import engine
from shared.memory import MemoryLog
from shared.subscription import Subscription
from shared.unit_directory import UnitDirectory, Units
from shared.units import UnitTree
from tests.reporting_kit import MirrorWriter

TODAY = date(2026, 11, 21)
EVER = date(2022, 1, 1)


@dataclass
class Stack:
    """What the processes hold, in one."""

    engine: Engine
    mirror: MirrorWriter
    today: date = TODAY

    def __post_init__(self) -> None:
        self.maps = Maps(self.engine, UnitDirectory(self.engine, 0), lambda: self.today, resting=0)
        area = Area(self.engine, UnitDirectory(self.engine, 0), lambda: self.today, self.engine)
        url = self.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.reports = Reports(area, engine(url, name="test questions", pool_size=4, questions=True))

    def subscription(self, limit: int = 500) -> Subscription:
        return Subscription(Figures(UnitDirectory(self.engine, 0)), self.engine, MemoryLog(), limit=limit)

    def units(self) -> None:
        units = Subscription(Units(), self.engine, MemoryLog())
        while units.step():
            pass

    def figures(self, limit: int = 500) -> None:
        subscription = self.subscription(limit)
        while subscription.step():
            pass

    def answer(self, unit: str, map_day: date | None = None, **question: Any) -> dict[str, Any]:
        asked = Question(CATALOGUE.chosen(question.pop("names", ())), map_day=map_day, **question)
        return self.reports.answer(self.reports.area.shown(unit, map_day), asked.settled(self.today), "en")

    def figures_of(self, unit: str, map_day: date | None, **question: Any) -> dict[str, int]:
        """Without the ratios."""
        figures = self.answer(unit, map_day, **question)["figures"]
        return {name: n for name, n in figures.items() if isinstance(n, int)}

    def tables(self) -> dict[str, list[Any]]:
        """Everything but rows of zeros."""
        kept = {}
        for name in store.TABLES:
            with self.engine.connect() as tx:
                rows = [tuple(row) for row in tx.execute(text(f"SELECT * FROM read.{name}"))]
            numbers = {"leaf": 2, "rollup": 3, "rollup_months": 3}.get(name)
            if numbers:
                rows = [(*row[:numbers], *(n or 0 for n in row[numbers:])) for row in rows if any(row[numbers:])]
            if "reach" in name:
                rows = [row for row in rows if row[2]]  # n, after the two days
            kept[name] = sorted(rows, key=repr)
        return kept


def tree_of(events: list[Any]) -> UnitTree:
    tree = UnitTree()
    for event in events:
        tree.apply(*event)
    return tree


def codes(answer: dict[str, Any]) -> set[str]:
    return {warning["code"] for warning in answer["warnings"]}

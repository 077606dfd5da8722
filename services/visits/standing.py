"""Which unit of a day a reported one is: phones keep old lists of units, come late after a reform, or send codes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple, Protocol

from services.visits.domain import Flag
from shared.access import Actor
from shared.problems import Problem
from shared.units import UnitTree


class Row(Protocol):
    """A row of a batch or a line of a file: what was loaded of it, or the problem with it."""

    @property
    def index(self) -> int: ...
    @property
    def loaded(self) -> Any: ...
    @property
    def problem(self) -> Problem | None: ...
    def refuse(self, problem: Problem) -> None: ...


class Stand(NamedTuple):
    """``unit_id``: the unit of that day. ``holds``: units that are not there on that day and whose facts it holds.
    ``higher``: it is only a higher unit than the one reported. ``sure``: not that, and nothing had to be chosen."""

    unit_id: str
    holds: tuple[str, ...] = ()
    sure: bool = True
    higher: bool = False

    def with_doubts(self, doubts: tuple[Flag, ...]) -> tuple[Flag, ...]:
        return doubts if self.sure else (Flag.UNIT_DIFFERS, *doubts)


class Standing:
    """One request's view of the units. Phones send a hundred visits of one village on one day: ask the tree once."""

    def __init__(self, tree: UnitTree, actor: Actor, today: date) -> None:
        self._tree, self._units, self._today = tree, actor.units, today
        self._known: dict[tuple[str, date], Stand | str] = {}

    def of(self, named: str, day: date, at: str = "/unit_id") -> Stand | Problem:
        """The unit of that day, named by its id or its code of any day; or why the caller may not report for it.

        A unit that is no more by then is the one that took it over, one that came later the one it came from. Of
        several it is the one that the caller answers for, if there is only one, else the main one.
        """
        key = (named, day)
        if key not in self._known:
            self._known[key] = self._find(named, day)
        found = self._known[key]
        return found if isinstance(found, Stand) else Problem(found, at, day=day.isoformat())

    def require(self, named: str, day: date, at: str = "/unit_id") -> Stand:
        """As ``of``; raises the ``Problem``."""
        found = self.of(named, day, at)
        if isinstance(found, Problem):
            raise found
        return found

    def anywhere(self, named: str, day: date, at: str = "/unit_id") -> Stand:
        """The unit of that day, whoever answers for it: of several the main one, never a higher one."""
        unit_id = self._known_as(named, day)
        found = self._placed(unit_id, day) if unit_id else "unknown-unit"
        if isinstance(found, Stand) and not found.higher:
            return found
        raise Problem("unit-not-on-day" if isinstance(found, Stand) else found, at, day=day.isoformat())

    def same(self, named: str, day: date, at: str = "/unit_id") -> str:
        """As ``anywhere``, if it is the very area of the one named: only then their totals are the same."""
        unit_id = self.anywhere(named, day, at).unit_id
        parts = self._tree.former_unit_on_map(self._known_as(named, day) or named, day)
        if [part.unit_id for part in parts if part.whole] != [unit_id] or len(parts) > 1:
            raise Problem("unit-not-on-day", at, day=day.isoformat())
        return unit_id

    def answers(self, unit_id: str, day: date) -> bool:
        """Whether the caller does. For a unit that is no more today so does whoever answers for where its facts stand
        by now."""
        covers = self._tree.covers
        if covers(self._units, unit_id, day):
            return True
        return not self._tree.exists(unit_id, self._today) and covers(self._units, unit_id, self._today)

    def of_rows(self, rows: Iterable[Row]) -> list[tuple[Row, Stand]]:
        """The good rows with their units; refuses those that the caller may not report."""
        good = []
        for row in rows:
            if row.problem is not None:
                continue
            stand = self.of(row.loaded.unit_id, row.loaded.day)
            if isinstance(stand, Problem):
                row.refuse(stand)
            else:
                good.append((row, stand))
        return good

    def _find(self, named: str, day: date) -> Stand | str:
        unit_id = self._known_as(named, day)
        if unit_id is None:
            return "unknown-unit"
        found = self._placed(unit_id, day)
        if not isinstance(found, Stand):
            return found
        if found.unit_id == unit_id:
            return found if self.answers(unit_id, day) else "forbidden-unit"
        parts = [] if found.sure else self._tree.former_unit_on_map(unit_id, day)
        own = [part.unit_id for part in parts if self.answers(part.unit_id, day)]
        if len(own) == 1:
            return self._stand(own[0], day)
        may = self.answers(found.unit_id, day) or self._tree.covers(self._units, unit_id, self._today)
        return found if may else "forbidden-unit"

    def _known_as(self, named: str, day: date) -> str | None:
        return named if named in self._tree else self._tree.by_code_of_any_day(named, day)

    def _placed(self, unit_id: str, day: date) -> Stand | str:
        tree = self._tree
        if tree.exists(unit_id, day):
            return self._stand(unit_id, day)
        placed = tree.place(unit_id, day)
        if placed is None:
            return "unit-not-on-day"
        higher = tree.level(placed.unit_id) != tree.level(unit_id)
        return self._stand(placed.unit_id, day, placed.unit_id not in placed.uncertain and not higher, higher)

    def _stand(self, unit_id: str, day: date, sure: bool = True, higher: bool = False) -> Stand:
        return Stand(unit_id, self._tree.held(unit_id, day), sure, higher)

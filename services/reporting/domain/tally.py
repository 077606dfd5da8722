"""Numbers on their way into the read model. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from services.reporting.domain.names import FIGURES, FIRST

AT = {name: at for at, name in enumerate(FIGURES)}
"""Column → its number in a row."""
FACTS = AT["facts"]
_FIRST_AT = {kind: AT[name] for kind, name in FIRST.items()}

Row = defaultdict[int, int]
"""Number of a column → n, for the few columns that change."""


class UnknownTeam(LookupError):
    """An event about a team that was never established here: its kind, and so its column, is unknown."""


Key = tuple[str, str]
"""Kind and id of what a record is kept of (``records``)."""
Known = dict[str, Any]
"""What is known of it: JSON."""


class Tally:
    """Changes per unit and day, which callers add to. Days are ISO texts as in the events.

    Who was reached in a period is not additive over days, so it is kept as pairs: ``n`` were met on ``day`` and last
    before on ``previous_day``; a period counts the pairs whose day lies in it and whose previous day lies before it, so
    each of them exactly once. Those never met before are plain flows.
    """

    __slots__ = ("figures", "keyed", "kinds", "reached", "teams", "told")

    def __init__(self, kinds: Mapping[str, str] | None = None) -> None:
        self.figures: dict[tuple[str, str], Row] = {}
        self.reached: dict[tuple[str, str, str, str], int] = {}
        """(unit, kind of who was met, day, previous day) → n"""
        self.keyed: dict[tuple[str, str, str, str], int] = {}
        """(unit, figure, key, day) → n"""
        self.told: dict[Key, list[Any]] = {}
        """What records are to learn, in order."""
        self.teams: dict[str, str] = {}
        """Kinds of teams established in what was counted."""
        self.kinds = kinds if kinds is not None else {}
        """Kinds of teams established before."""

    def row(self, unit: str, day: str) -> Row:
        """The numbers of one unit and day."""
        key = (unit, day)
        row = self.figures.get(key)
        if row is None:
            if type(unit) is not str or type(day) is not str or not unit:
                raise TypeError("a fact needs a unit and a day")
            row = self.figures[key] = defaultdict(int)
        return row

    def reach(self, unit: str, kind: str, links: Iterable[Mapping[str, Any]]) -> None:
        """Links of chains of days; a link may belong to another unit than the event's and then names it."""
        for link in links:
            where, day, previous, n = link.get("unit_id", unit), link["day"], link["previous_day"], link["n"]
            if previous is None:
                self.row(where, day)[_FIRST_AT[kind]] += n
            else:
                key = (where, kind, day, previous)
                self.reached[key] = self.reached.get(key, 0) + n

    def key(self, unit: str, figure: str, key: str, day: str, n: int) -> None:
        at = (unit, figure, key, day)
        self.keyed[at] = self.keyed.get(at, 0) + n

    def tell(self, kind: str, subject: str, what: Any) -> None:
        self.told.setdefault((kind, subject), []).append(what)

    def kind(self, team: str) -> str:
        if team in self.teams:
            return self.teams[team]
        if team in self.kinds:
            return self.kinds[team]
        raise UnknownTeam(team)

    def add(self, other: Tally) -> None:
        for (unit, day), more in other.figures.items():
            row = self.row(unit, day)
            for at, n in more.items():
                row[at] += n
        for mine, theirs in ((self.reached, other.reached), (self.keyed, other.keyed)):
            for key, n in theirs.items():
                mine[key] = mine.get(key, 0) + n
        for subject, told in other.told.items():
            self.told.setdefault(subject, []).extend(told)
        self.teams |= other.teams

    @property
    def leaves(self) -> set[str]:
        """The units named by the facts themselves: villages, or communes for what belongs to a whole commune."""
        tall = {each[0] for numbers in (self.reached, self.keyed) for each, n in numbers.items() if n}
        return tall | {unit for (unit, _), row in self.figures.items() if any(row.values())}

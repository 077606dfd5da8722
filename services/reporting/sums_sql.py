"""The SQL of sums: rows of roll-ups where a map has them, else of leaves through their placement."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.reporting.domain import FIRST, FLOWS, GAINED, KEYED_STOCKS, STOCKS
from services.reporting.figures import KEYED, REACHED, column
from services.reporting.store import DOUBTS, ROLLED_UP, Slot

COLUMN = {"village": "home", "commune": "commune", "district": "district", "province": "province"}
"""Level → the column of a placement."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which columns and kinds have to be read for some figures."""

    stocks: tuple[str, ...]
    flows: tuple[str, ...]
    kinds: tuple[str, ...]
    keyed: tuple[str, ...]

    @classmethod
    def of(cls, figures: Iterable[str]) -> Wanted:
        names = set(figures)
        kinds = tuple(kind for name, kind in REACHED.items() if name in names)
        names |= {FIRST[kind] for kind in kinds}
        stocks, flows = ([name for name in known if name in names] for known in (STOCKS, (*FLOWS, *GAINED)))
        return cls(tuple(stocks), tuple(flows), kinds, tuple(sorted(names & KEYED)))

    @property
    def figures(self) -> tuple[str, ...]:
        return (*self.stocks, *self.flows, *(f"reached_{kind}" for kind in self.kinds), *self.keyed, *DOUBTS)


@dataclass(frozen=True, slots=True)
class Standing:
    """Units of one level on one placed map."""

    slot: Slot
    map: int
    level: str
    units: tuple[str, ...]


def open_lists(wanted: Wanted) -> dict[str, list[str]]:
    """Parameters of what is kept in rows rather than columns."""
    stocks = [name for name in wanted.keyed if name in KEYED_STOCKS]
    flows = [name for name in wanted.keyed if name not in KEYED_STOCKS]
    return {"kinds": list(wanted.kinds), "keyed_stocks": stocks, "keyed_flows": flows}


_PAIRS = "f.kind, f.day, f.previous_day, f.n"
BUCKET = "width_bucket(day, cast(:firsts AS date[]))"


def bucketed(where: Standing, wanted: Wanted) -> str:
    sums = [
        *(f"sum({name}) FILTER (WHERE day <= :as_of) AS {name}" for name in wanted.stocks),
        *(f"sum({column(name)}) AS {name}" for name in (*wanted.flows, *DOUBTS)),
    ]
    source = _figure_rows(where, _columns(wanted))
    return f"SELECT {BUCKET} AS bucket, {', '.join(sums)} FROM {source} WHERE day <= :last GROUP BY 1"


def bucketed_reach(where: Standing) -> str:
    met_before = _met_before(where, f"{BUCKET} AS bucket", BUCKET)
    return f"SELECT bucket, kind, sum(n) AS n FROM ({met_before}) met GROUP BY 1, 2"


def bucketed_keyed(where: Standing, wanted: Wanted) -> str:
    codes = _codes(where, wanted, "least(cast(:last AS date), cast(:as_of AS date))")
    return f"SELECT {BUCKET} AS bucket, figure, code, sum(n) AS n FROM {codes} GROUP BY 1, 2, 3"


def in_all(where: Standing, wanted: Wanted) -> str:
    """A row for each unit: the sums of its figures and, as one JSON object, who was reached."""
    if not wanted.kinds:
        return _figures(where, wanted)
    return f"""SELECT * FROM ({_figures(where, wanted)}) figures FULL JOIN (
                   SELECT unit, json_object_agg(kind, n) AS reached FROM ({_reached(where)}) kinds GROUP BY unit
               ) reached USING (unit)"""


def _figures(where: Standing, wanted: Wanted) -> str:
    sums = [
        *(f"sum({name}) FILTER (WHERE day <= :as_of) AS {name}" for name in wanted.stocks),
        *(f"sum({column(name)}) FILTER (WHERE day BETWEEN :first AND :last) AS {name}" for name in wanted.flows),
        *(f"sum({name}) AS {name}" for name in DOUBTS),
    ]
    source = _figure_rows(where, _columns(wanted))
    return f"SELECT unit, {', '.join(sums)} FROM {source} WHERE day <= :until GROUP BY unit"


def _columns(wanted: Wanted) -> Iterable[str]:
    return dict.fromkeys((*map(column, (*wanted.stocks, *wanted.flows)), *DOUBTS))


def _reached(where: Standing) -> str:
    return f"SELECT unit, kind, sum(n) AS n FROM ({_met_before(where, 'unit', '1')}) met GROUP BY 1, 2"


def _met_before(where: Standing, by: str, period: str) -> str:
    """Who was met in each period, and before on a day earlier than its first; ``period`` numbers it. By month where a
    table says so, and day by day what lies between the nearer end of the first day's month and that day."""

    def met(table: str, n: str, before: str) -> str:
        return f"""SELECT {by}, kind, sum({n}) AS n FROM {table}
                    WHERE kind = ANY(:kinds) AND day BETWEEN :first AND :last AND {before} GROUP BY 1, 2"""

    def of_period(name: str) -> str:
        return f"(cast(:{name} AS date[]))[{period}]"

    by_day = _source(where, "reach", _PAIRS)
    if not _has_months(where):
        return met(by_day, "n", f"previous_day < {of_period('firsts')}")
    months = _rollup(where, "rollup_reach_months")
    days = f"""previous_day >= {of_period("days_from")} AND previous_day < {of_period("days_until")}
               AND EXISTS (SELECT FROM {months} WHERE kind = ANY(:kinds) AND day BETWEEN :first AND :last
                                                  AND previous_month = ANY(cast(:cut_months AS date[])))"""
    by_month = met(months, "n", f"previous_month < {of_period('months_until')}")
    return f"{by_month} UNION ALL {met(by_day, f'(cast(:signs AS int[]))[{period}] * n', days)}"


def months_and_days(firsts: Sequence[date]) -> dict[str, list[Any]]:
    """Parameters of ``_met_before`` for periods with these first days."""
    names = ("firsts", "months_until", "days_from", "days_until", "signs")
    rows = [(first, *_nearer_end(first)) for first in firsts]
    cut = [first.replace(day=1) for first in firsts if first.day > 1]
    return {"cut_months": cut, **{name: [row[n] for row in rows] for n, name in enumerate(names)}}


def _nearer_end(first: date) -> tuple[date, date, date, int]:
    """Of the day's month: up to which day whole months are taken, and the days from and until which single ones are
    then added (1), or taken off again (-1)."""
    month = first.replace(day=1)
    following = (month + timedelta(days=31)).replace(day=1)
    if first - month <= following - first:
        return month, month, first, 1
    return following, first, following, -1


def split_months(firsts: Iterable[date], lasts: Iterable[date]) -> list[date]:
    """The months, by their first days, that something begins or ends within: of those single days are read."""
    cut = {first.replace(day=1) for first in firsts if first.day > 1}
    return sorted(cut | {last.replace(day=1) for last in lasts if last.day < monthrange(last.year, last.month)[1]})


def keyed(where: Standing, wanted: Wanted) -> str:
    return f"SELECT unit, figure, code, sum(n) AS n FROM {_codes(where, wanted, ':as_of')} GROUP BY 1, 2, 3"


def _codes(where: Standing, wanted: Wanted, as_of: str) -> str:
    """The wanted figures of open lists, by code: stocks up to a day, flows of the period."""
    days = "day BETWEEN :first AND :last"
    if open_lists(wanted)["keyed_stocks"]:
        days = "day <= greatest(cast(:last AS date), cast(:as_of AS date))"
    return f"""(SELECT unit, day, split_part(each.key, ':', 1) AS figure,
                       substr(each.key, strpos(each.key, ':') + 1) AS code, each.value::int AS n
                  FROM {_figure_rows(where, ["keyed"])} CROSS JOIN jsonb_each(keyed) AS each
                 WHERE {days}) codes
                WHERE (figure = ANY(:keyed_stocks) AND day <= {as_of})
                   OR (figure = ANY(:keyed_flows) AND day BETWEEN :first AND :last)"""


def _facts_if(condition: str, name: str) -> str:
    return f"CASE WHEN {condition} THEN f.facts ELSE 0 END AS {name}"


_OF_LEAVES = {
    "estimated": _facts_if("p.estimated", "estimated"),
    "successor_unknown": _facts_if("p.successor_unknown", "successor_unknown"),
    "unplaced": _facts_if("p.home IS NULL", "unplaced"),
}
"""Quality is said by a leaf's placement ``p``; everything else stands in its own row ``f``."""


def _figure_rows(where: Standing, columns: Iterable[str]) -> str:
    """Figures by day; of wide units whole months stand on their first days, where nothing begins or ends within.

    ``OFFSET 0`` has each month's days looked up by themselves: by its guess of how many there are, the planner would
    read every day there ever was.
    """
    if not _has_months(where):
        of_leaves = _OF_LEAVES | {"uncertain": _facts_if(f"p.{COLUMN[where.level]}_uncertain", "uncertain")}
        return _source(where, "leaf", ", ".join(of_leaves.get(name, f"f.{name}") for name in ("day", *columns)))
    listed = ", ".join(columns)
    return f"""(SELECT unit, month AS day, {listed} FROM {where.slot.table("rollup_months")}
                 WHERE map = :map AND unit = ANY(:units) AND month <> ALL(cast(:split AS date[]))
                 UNION ALL
                SELECT unit, day, {listed} FROM unnest(cast(:split AS date[])) AS split (month)
                 CROSS JOIN LATERAL (SELECT * FROM {where.slot.table("rollup")} WHERE map = :map AND unit = ANY(:units)
                                        AND day >= month AND day < (month + interval '1 month')::date
                                     OFFSET 0) of_month) s"""


def _source(where: Standing, table: str, columns: str) -> str:
    """Rows of the wanted units: roll-ups where the map has them, else leaves ``f`` through their placement."""
    if _rolled_up(where):
        return _rollup(where, _ROLLUPS[table])
    column = f"p.{COLUMN[where.level]}"
    return f"""(SELECT {column} AS unit, {columns}
                  FROM {where.slot.table("placement")} p JOIN {where.slot.table(table)} f ON f.unit = p.leaf
                 WHERE p.map = :map AND {column} = ANY(:units)) s"""


def _rolled_up(where: Standing) -> bool:
    return where.map in ROLLED_UP and where.level != "village"


def _has_months(where: Standing) -> bool:
    return where.map in ROLLED_UP and where.level in ("province", "nation")


def _rollup(where: Standing, table: str) -> str:
    return f"(SELECT * FROM {where.slot.table(table)} WHERE map = :map AND unit = ANY(:units)) s"


_ROLLUPS = {"leaf": "rollup", "reach": "rollup_reach"}

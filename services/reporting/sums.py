"""SQL sums over the read model: of one or several units, on one map, in one transaction, of the figures wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from services.reporting import sums_sql
from services.reporting.domain import FIRST, KEYED_STOCKS
from services.reporting.placing import EVERYWHERE
from services.reporting.store import DOUBTS, MAP_TODAY, ROLLED_UP, UNCERTAIN, Slot
from services.reporting.sums_sql import Standing, Wanted

_statement = lru_cache(maxsize=200)(text)
"""Hundreds of columns are long to read for what is said in the same words again and again."""


@dataclass(frozen=True, slots=True)
class Window:
    """``first``–``last``: the period of flows and distinct figures, both days included; stocks are as of ``as_of``."""

    first: date
    last: date
    as_of: date

    @property
    def until(self) -> date:
        """The last day looked at: quality is of all facts up to it."""
        return max(self.last, self.as_of)


@dataclass(slots=True)
class Sums:
    """The wanted figures of one unit; of a keyed one also each code, as ``platforms:vneid``."""

    figures: dict[str, int] = field(default_factory=dict)

    @classmethod
    def zero(cls, wanted: Wanted) -> Sums:
        return cls(dict.fromkeys(wanted.figures, 0))

    def add(self, other: Sums) -> None:
        for name, n in other.figures.items():
            self.figures[name] = self.figures.get(name, 0) + n

    def minus(self, others: Collection[Sums]) -> Sums:
        """What is left of these without the others: every figure but ``uncertain`` is additive over units."""
        additive = {name: n for name, n in self.figures.items() if name != UNCERTAIN}
        return Sums({name: n - sum(other.figures.get(name, 0) for other in others) for name, n in additive.items()})

    def add_keyed(self, figure: str, key: str, n: int) -> None:
        for name in (figure, f"{figure}:{key}"):
            self.figures[name] = self.figures.get(name, 0) + n

    def met_first(self, wanted: Wanted) -> None:
        """Add those who were never met before to those who were, but not in the period."""
        for kind in wanted.kinds:
            self.figures[f"reached_{kind}"] += self.figures[FIRST[kind]]

    def __bool__(self) -> bool:
        return any(self.figures.values())


def summed(tx: Connection, where: Standing, window: Window, wanted: Wanted) -> dict[str, Sums]:
    """The sums of every unit asked for."""
    if where.level == "nation":
        return {where.units[0]: _national(tx, where, window, wanted)}
    return _summed(tx, where, window, wanted)


def _national(tx: Connection, where: Standing, window: Window, wanted: Wanted) -> Sums:
    """The nation's sums are the same on every map, only how well the leaves are placed is not."""
    sums = _summed(tx, _everywhere(where), window, wanted)[EVERYWHERE]
    if where.map not in ROLLED_UP:
        sums.figures |= dict.fromkeys(DOUBTS, 0) | _doubtful(tx, where, window.until, [date.min]).get(1, {})
    return sums


def _doubtful(tx: Connection, where: Standing, until: date, firsts: Sequence[date]) -> dict[int, dict[str, int]]:
    """How many of the nation's facts are placed doubtfully on a map without roll-ups, by bucket of days."""
    statement = f"""SELECT {sums_sql.BUCKET} AS bucket, sum(f.facts) FILTER (WHERE p.estimated) AS estimated,
                           0 AS uncertain,
                           sum(f.facts) FILTER (WHERE p.successor_unknown) AS successor_unknown,
                           sum(f.facts) FILTER (WHERE p.home IS NULL) AS unplaced
                      FROM {where.slot.table("placement")} p JOIN {where.slot.table("leaf")} f ON f.unit = p.leaf
                     WHERE p.map = :map AND f.day <= :until
                       AND (p.estimated OR p.successor_unknown OR p.home IS NULL)
                     GROUP BY 1"""
    parameters = {"map": where.map, "until": until, "firsts": list(firsts)}
    rows = tx.execute(text(statement), parameters).mappings()
    return {row["bucket"]: {name: int(row[name] or 0) for name in DOUBTS} for row in rows}


def _everywhere(where: Standing) -> Standing:
    return replace(where, map=where.map if where.map in ROLLED_UP else MAP_TODAY, units=(EVERYWHERE,))


def _summed(tx: Connection, where: Standing, window: Window, wanted: Wanted) -> dict[str, Sums]:
    found = {unit: Sums.zero(wanted) for unit in where.units}
    parameters = {
        "map": where.map,
        "units": list(where.units),
        "first": window.first,
        "last": window.last,
        "as_of": window.as_of,
        "until": window.until,
        "split": sums_sql.split_months((window.first,), (window.last, window.as_of)),
        **sums_sql.months_and_days((window.first,)),
        **sums_sql.open_lists(wanted),
    }
    columns = (*wanted.stocks, *wanted.flows, *DOUBTS)
    for row in tx.execute(_statement(sums_sql.in_all(where, wanted)), parameters).mappings():
        reached = (row["reached"] or {}) if wanted.kinds else {}
        found[row["unit"]].figures |= {name: int(row[name] or 0) for name in columns}
        found[row["unit"]].figures |= {f"reached_{kind}": n for kind, n in reached.items()}
    if wanted.keyed:
        for unit, figure, key, n in tx.execute(_statement(sums_sql.keyed(where, wanted)), parameters):
            found[unit].add_keyed(figure, key, int(n))
    for sums in found.values():
        sums.met_first(wanted)
    return found


def series(tx: Connection, where: Standing, firsts: Sequence[date], window: Window, wanted: Wanted) -> list[Sums]:
    """The sums of one unit in each of the periods that begin on ``firsts`` and follow one another up to the window's
    last day: stocks as of the period's end (never later than ``as_of``), flows and distinct figures within it.
    """
    asked = where
    if where.level == "nation":
        where = _everywhere(where)
    found = [Sums.zero(wanted) for _ in firsts]
    parameters = {
        "map": where.map,
        "units": list(where.units),
        "first": firsts[0],
        "last": window.last,
        "as_of": window.as_of,
        "split": sums_sql.split_months(firsts, (window.last, window.as_of)),
        **sums_sql.months_and_days(firsts),
        **sums_sql.open_lists(wanted),
    }
    standing = dict.fromkeys((*wanted.stocks, *DOUBTS), 0)
    for number, row in _by_bucket(tx, sums_sql.bucketed(where, wanted), parameters, len(firsts)):
        for name in standing:
            standing[name] += int(row[name] or 0) if row else 0
        if number:
            found[number - 1].figures |= standing
            found[number - 1].figures |= {name: int(row[name] or 0) for name in wanted.flows} if row else {}
    if wanted.kinds:
        for number, kind, n in tx.execute(_statement(sums_sql.bucketed_reach(where)), parameters):
            found[number - 1].figures[f"reached_{kind}"] = int(n)
    if wanted.keyed:
        _add_keyed(found, tx.execute(_statement(sums_sql.bucketed_keyed(where, wanted)), parameters))
    for sums in found:
        sums.met_first(wanted)
    if asked.level == "nation" and asked.map not in ROLLED_UP:
        doubtful, so_far = _doubtful(tx, asked, window.last, firsts), dict.fromkeys(DOUBTS, 0)
        for number in range(len(found) + 1):
            so_far = {name: n + doubtful.get(number, {}).get(name, 0) for name, n in so_far.items()}
            if number:
                found[number - 1].figures |= so_far
    return found


def _add_keyed(found: Sequence[Sums], rows: Iterable[Any]) -> None:
    """Flows count in their period; stocks in it and in all that follow."""
    for number, figure, key, n in rows:
        stock = figure in KEYED_STOCKS
        for sums in found[max(0, number - 1) :] if stock else found[number - 1 : number]:
            sums.add_keyed(figure, key, int(n))


def _by_bucket(
    tx: Connection, statement: str, parameters: dict[str, Any], last: int
) -> Iterator[tuple[int, RowMapping | None]]:
    """Every bucket in order, 0 being all that lies before the first period; None where nothing happened."""
    rows = {row["bucket"]: row for row in tx.execute(_statement(statement), parameters).mappings()}
    for number in range(last + 1):
        yield number, rows.get(number)


# --- leaves ------------------------------------------------------------------------------------------------------


def leaves(tx: Connection, where: Standing) -> list[str] | None:
    """The leaves that stand at or below the units; None for the nation: all of them, placed or not."""
    if where.level == "nation":
        return None
    statement = f"""SELECT leaf FROM {where.slot.table("placement")} p
                     WHERE p.map = :map AND p.{sums_sql.COLUMN[where.level]} = ANY(:units)"""
    return list(tx.execute(text(statement), {"map": where.map, "units": list(where.units)}).scalars())


def uncertain_leaves(tx: Connection, where: Standing, until: date) -> dict[str, int]:
    """Of the leaves at or below the units that may belong elsewhere: how many facts each has up to that day."""
    column = sums_sql.COLUMN[where.level]
    statement = f"""SELECT p.leaf, sum(f.facts)
                      FROM {where.slot.table("placement")} p JOIN {where.slot.table("leaf")} f ON f.unit = p.leaf
                     WHERE p.map = :map AND p.{column} = ANY(:units) AND p.{column}_uncertain AND f.day <= :until
                     GROUP BY p.leaf"""
    asked = {"map": where.map, "units": list(where.units), "until": until}
    return {leaf: int(n) for leaf, n in tx.execute(text(statement), asked)}


def spread(
    tx: Connection, slot: Slot, former: tuple[int, str, str], onto: int
) -> list[tuple[tuple[str | None, ...], int]]:
    """Where a former unit's leaves stand on another map: ((home, commune, district, province), leaves).

    ``former`` is (map, level, unit).
    """
    number, level, unit = former
    condition = "true" if level == "nation" else f"a.{sums_sql.COLUMN[level]} = :unit"
    rows = tx.execute(
        text(
            f"""SELECT b.home, b.commune, b.district, b.province, count(*) AS leaves
                  FROM {slot.table("placement")} a JOIN {slot.table("placement")} b ON b.map = :onto AND b.leaf = a.leaf
                 WHERE a.map = :map AND {condition} GROUP BY 1, 2, 3, 4"""
        ),
        {"map": number, "unit": unit, "onto": onto},
    )
    return [((r.home, r.commune, r.district, r.province), r.leaves) for r in rows]

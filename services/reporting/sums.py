"""SQL sums over the read model: of one or several units, on one map, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from services.reporting.domain import FIRST, FLOWS, HOUSEHOLD, PERSON, STOCKS
from services.reporting.placing import EVERYWHERE
from services.reporting.schemas import Settled
from services.reporting.store import MAP_TODAY, QUALITY, ROLLED_UP, Slot

_COLUMN = {"village": "home", "commune": "commune", "district": "district", "province": "province"}


@dataclass(slots=True)
class Sums:
    """The numbers of one unit: stocks as of the day asked for, flows of the period, quality of all of it."""

    figures: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*STOCKS, *FLOWS, *QUALITY), 0))
    reached: dict[str, int] = field(default_factory=lambda: dict.fromkeys((HOUSEHOLD, PERSON), 0))

    def minus(self, others: Collection[Sums]) -> Sums:
        """What is left of these without the others: every number here is additive over units."""
        return Sums(
            {name: n - sum(other.figures[name] for other in others) for name, n in self.figures.items()},
            {kind: n - sum(other.reached[kind] for other in others) for kind, n in self.reached.items()},
        )

    def __bool__(self) -> bool:
        return any(self.figures.values()) or any(self.reached.values())


@dataclass(frozen=True, slots=True)
class Standing:
    """Units of one level on one placed map."""

    slot: Slot
    map: int
    level: str
    units: tuple[str, ...]


def summed(tx: Connection, where: Standing, asked: Settled) -> dict[str, Sums]:
    """The sums of every unit asked for."""
    if where.level == "nation":
        return {where.units[0]: _national(tx, where, asked)}
    return _summed(tx, where, asked)


def _national(tx: Connection, where: Standing, asked: Settled) -> Sums:
    """The nation's sums are the same on every map, only how well the leaves are placed is not."""
    rolled_up = replace(where, map=where.map if where.map in ROLLED_UP else MAP_TODAY, units=(EVERYWHERE,))
    sums = _summed(tx, rolled_up, asked)[EVERYWHERE]
    if where.map not in ROLLED_UP:
        row = tx.execute(
            text(
                f"""SELECT coalesce(sum(f.facts) FILTER (WHERE p.estimated), 0) AS estimated,
                           coalesce(sum(f.facts) FILTER (WHERE p.successor_unknown), 0) AS successor_unknown,
                           coalesce(sum(f.facts) FILTER (WHERE p.home IS NULL), 0) AS unplaced
                      FROM {where.slot.table("placement")} p JOIN {where.slot.table("leaf")} f ON f.unit = p.leaf
                     WHERE p.map = :map AND f.day <= :until
                       AND (p.estimated OR p.successor_unknown OR p.home IS NULL)"""
            ),
            {"map": where.map, "until": max(asked.last, asked.as_of)},
        ).mappings()
        sums.figures |= {name: int(n) for name, n in row.one().items()}
    return sums


def _summed(tx: Connection, where: Standing, asked: Settled) -> dict[str, Sums]:
    found = {unit: Sums() for unit in where.units}
    parameters = {
        "map": where.map,
        "units": list(where.units),
        "first": asked.first,
        "last": asked.last,
        "as_of": asked.as_of,
        "until": max(asked.last, asked.as_of),
        "kinds": [HOUSEHOLD, PERSON],
    }
    for row in tx.execute(text(_figures(where)), parameters).mappings():
        found[row["unit"]].figures = {name: int(row[name] or 0) for name in (*STOCKS, *FLOWS, *QUALITY)}
    for unit, kind, n in tx.execute(text(_reached(where)), parameters):
        found[unit].reached[kind] = int(n)
    for sums in found.values():
        for kind, column in FIRST.items():
            sums.reached[kind] += sums.figures[column]
    return found


def series(tx: Connection, where: Standing, firsts: Sequence[date], asked: Settled) -> list[Sums]:
    """The sums of one unit in each of the periods that begin on ``firsts`` and follow one another up to the question's
    last day: stocks as of the period's end, flows and distinct figures within it. Quality is of the whole only.
    """
    if where.level == "nation":
        where = replace(where, map=where.map if where.map in ROLLED_UP else MAP_TODAY, units=(EVERYWHERE,))
    found = [Sums() for _ in firsts]
    parameters = {
        "map": where.map,
        "units": list(where.units),
        "firsts": list(firsts),
        "first": firsts[0],
        "last": asked.last,
        "as_of": asked.as_of,
        "kinds": [HOUSEHOLD, PERSON],
    }
    standing = dict.fromkeys(STOCKS, 0)
    for number, row in _by_bucket(tx, _bucketed(where), parameters, len(firsts)):
        for name in STOCKS:
            standing[name] += int(row[name] or 0) if row else 0
        if number:
            found[number - 1].figures |= standing
            found[number - 1].figures |= {name: int(row[name] or 0) for name in FLOWS} if row else {}
    for number, kind, n in tx.execute(text(_bucketed_reach(where)), parameters):
        found[number - 1].reached[kind] = int(n)
    for sums in found:
        for kind, column in FIRST.items():
            sums.reached[kind] += sums.figures[column]
    return found


def _by_bucket(
    tx: Connection, statement: str, parameters: dict[str, Any], last: int
) -> Iterator[tuple[int, RowMapping | None]]:
    """Every bucket in order, 0 being all that lies before the first period; None where nothing happened."""
    rows = {row["bucket"]: row for row in tx.execute(text(statement), parameters).mappings()}
    for number in range(last + 1):
        yield number, rows.get(number)


_BUCKET = "width_bucket(day, cast(:firsts AS date[]))"


def _bucketed(where: Standing) -> str:
    sums = [
        *(f"sum({name}) FILTER (WHERE day <= :as_of) AS {name}" for name in STOCKS),
        *(f"sum({name}) AS {name}" for name in FLOWS),
    ]
    source = _source(where, "rollup", "leaf")
    return f"SELECT {_BUCKET} AS bucket, {', '.join(sums)} FROM {source} WHERE day <= :last GROUP BY 1"


def _bucketed_reach(where: Standing) -> str:
    return f"""SELECT {_BUCKET} AS bucket, kind, sum(n) AS n FROM {_source(where, "rollup_reach", "reach")}
                WHERE kind = ANY(:kinds) AND day BETWEEN :first AND :last
                  AND previous_day < (cast(:firsts AS date[]))[{_BUCKET}]
                GROUP BY 1, 2"""


def _figures(where: Standing) -> str:
    sums = [
        *(f"sum({name}) FILTER (WHERE day <= :as_of) AS {name}" for name in STOCKS),
        *(f"sum({name}) FILTER (WHERE day BETWEEN :first AND :last) AS {name}" for name in FLOWS),
        *(f"sum({name}) AS {name}" for name in QUALITY),
    ]
    return f"SELECT unit, {', '.join(sums)} FROM {_source(where, 'rollup', 'leaf')} WHERE day <= :until GROUP BY unit"


def _reached(where: Standing) -> str:
    return f"""SELECT unit, kind, sum(n) AS n FROM {_source(where, "rollup_reach", "reach")}
                WHERE kind = ANY(:kinds) AND day BETWEEN :first AND :last AND previous_day < :first
                GROUP BY unit, kind"""


_OF_LEAVES = {
    "leaf": ", ".join(
        (
            *(f"f.{name}" for name in ("day", *STOCKS, *FLOWS)),
            "CASE WHEN p.estimated THEN f.facts ELSE 0 END AS estimated",
            "CASE WHEN p.successor_unknown THEN f.facts ELSE 0 END AS successor_unknown",
            "CASE WHEN p.home IS NULL THEN f.facts ELSE 0 END AS unplaced",
        )
    ),
    "reach": "f.kind, f.day, f.previous_day, f.n",
}


def _source(where: Standing, rollup: str, leaf: str) -> str:
    """Rows of the wanted units: roll-ups where the map has them, else leaves through their placement."""
    if where.map in ROLLED_UP and where.level != "village":
        return f"(SELECT * FROM {where.slot.table(rollup)} WHERE map = :map AND unit = ANY(:units)) s"
    column = f"p.{_COLUMN[where.level]}"
    return f"""(SELECT {column} AS unit, {_OF_LEAVES[leaf]}
                  FROM {where.slot.table("placement")} p JOIN {where.slot.table(leaf)} f ON f.unit = p.leaf
                 WHERE p.map = :map AND {column} = ANY(:units)) s"""


def spread(
    tx: Connection, slot: Slot, former: tuple[int, str, str], onto: int
) -> list[tuple[tuple[str | None, ...], int]]:
    """Where a former unit's leaves stand on another map: ((home, commune, district, province), leaves).

    ``former`` is (map, level, unit).
    """
    number, level, unit = former
    condition = "true" if level == "nation" else f"a.{_COLUMN[level]} = :unit"
    rows = tx.execute(
        text(
            f"""SELECT b.home, b.commune, b.district, b.province, count(*) AS leaves
                  FROM {slot.table("placement")} a JOIN {slot.table("placement")} b ON b.map = :onto AND b.leaf = a.leaf
                 WHERE a.map = :map AND {condition} GROUP BY 1, 2, 3, 4"""
        ),
        {"map": number, "unit": unit, "onto": onto},
    )
    return [((r.home, r.commune, r.district, r.province), r.leaves) for r in rows]

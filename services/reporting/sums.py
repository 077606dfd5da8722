"""SQL sums over the read model: of one or several units, on one map, in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from services.reporting.domain import FIRST, FLOWS, HOUSEHOLD, PERSON, STOCKS
from services.reporting.placing import EVERYWHERE
from services.reporting.schemas import Settled
from services.reporting.store import QUALITY, ROLLED_UP, Slot

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
    """Each unit's sums; the nation's id becomes ``*`` and comes back as given."""
    units = (EVERYWHERE,) if where.level == "nation" else where.units
    found = {unit: Sums() for unit in units}
    parameters = {
        "map": where.map,
        "units": list(units),
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
    return {where.units[0]: found[EVERYWHERE]} if where.level == "nation" else found


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


def _source(where: Standing, rollup: str, leaf: str) -> str:
    """Rows of the wanted units: roll-ups where the map has them, else leaves through their placement."""
    if where.map in ROLLED_UP and where.level != "village":
        return f"(SELECT * FROM {where.slot.table(rollup)} WHERE map = :map AND unit = ANY(:units)) s"
    placement = where.slot.table("placement")
    if where.level == "nation":
        unit, condition = f"'{EVERYWHERE}'", "true"
    else:
        unit, condition = f"p.{_COLUMN[where.level]}", f"p.{_COLUMN[where.level]} = ANY(:units)"
    quality = (
        ""
        if leaf == "reach"
        else """, CASE WHEN p.estimated THEN f.facts ELSE 0 END AS estimated,
                  CASE WHEN p.successor_unknown THEN f.facts ELSE 0 END AS successor_unknown,
                  CASE WHEN p.home IS NULL THEN f.facts ELSE 0 END AS unplaced"""
    )
    columns = (
        "f.kind, f.day, f.previous_day, f.n"
        if leaf == "reach"
        else ", ".join(f"f.{c}" for c in ("day", *STOCKS, *FLOWS))
    )
    return f"""(SELECT {unit} AS unit, {columns}{quality} 
                  FROM {placement} p JOIN {where.slot.table(leaf)} f ON f.unit = p.leaf
                 WHERE p.map = :map AND {condition}) s"""


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

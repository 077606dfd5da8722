"""Adds to leaves and roll-ups, in one statement for each table, and moves leaves between the units above them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from services.reporting.arrays import arrays, plain, texts
from services.reporting.domain import FIGURES, Tally
from services.reporting.domain.tally import FACTS, Row
from services.reporting.placing import EVERYWHERE, Place
from services.reporting.store import QUALITY, ROLLED_UP, Slot


@dataclass(frozen=True, slots=True)
class Tall:
    """A table with a row per unit and key, and its roll-up: the columns of the key, with their types, before ``n``."""

    name: str
    columns: Mapping[str, str]

    @property
    def rollup(self) -> str:
        return f"rollup_{self.name}"

    @property
    def key(self) -> str:
        return ", ".join(self.columns)


REACH = Tall("reach", {"kind": "text", "day": "date", "previous_day": "date"})
KEYED = Tall("keyed", {"figure": "text", "key": "text", "day": "date"})


def add(slot: Slot, tx: Connection, tally: Tally, *, roll_up: bool = True) -> None:
    """Add to the leaves, and to the roll-ups of the units above them; every leaf must be placed before.

    Rows are written in key order: two projections then wait for each other instead of deadlocking.
    """
    _add_figures(slot, tx, tally.figures, roll_up)
    _add_tall(slot, tx, REACH, tally.reached, roll_up)
    _add_tall(slot, tx, KEYED, tally.keyed, roll_up)


def _add_figures(slot: Slot, tx: Connection, rows: Mapping[tuple[str, str], Row], roll_up: bool) -> None:
    keys = sorted(key for key, row in rows.items() if any(row.values()))
    if not keys:
        return
    used = _columns([rows[key] for key in keys])
    names = ", ".join(used)
    changes = f"changes (unit, day, {names}) AS (SELECT * FROM unnest({arrays('text', 'date', *['int'] * len(used))}))"
    leaves = f"""INSERT INTO {slot.table("leaf")} AS t (unit, day, {names}) SELECT * FROM changes
                 ON CONFLICT (unit, day) DO UPDATE SET {_plus(used)}"""
    if roll_up:
        sums = ", ".join(f"sum(c.{name})" for name in used)
        statement = f"""WITH {changes}, leaves AS ({leaves})
            INSERT INTO {slot.table("rollup")} AS t (map, unit, day, {names}, {", ".join(QUALITY)})
            SELECT p.map, above.unit, c.day, {sums}, {_quality("c")} FROM changes c {_placed(slot, "c")}
             WHERE above.unit IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            ON CONFLICT (map, unit, day) DO UPDATE SET {_plus((*used, *QUALITY))}"""
    else:
        statement = f"WITH {changes} {leaves}"
    units, days = zip(*keys, strict=True)
    tx.exec_driver_sql(statement, (texts(units), *map(plain, (days, *used.values()))))


def _columns(rows: Sequence[Row]) -> dict[str, list[object]]:
    """The columns that these rows change, each whole. ``facts`` is always there, for the roll-ups' quality."""
    found: dict[int, list[object]] = {FACTS: ["NULL"] * len(rows)}
    for i, row in enumerate(rows):
        for at, n in row.items():
            if n:
                column = found.get(at)
                if column is None:
                    column = found[at] = ["NULL"] * len(rows)
                column[i] = n
    return {FIGURES[at]: found[at] for at in sorted(found)}


def _add_tall(
    slot: Slot, tx: Connection, table: Tall, rows: Mapping[tuple[str, str, str, str], int], roll_up: bool
) -> None:
    keys = sorted(key for key, n in rows.items() if n)
    if not keys:
        return
    key = table.key
    changes = f"changes (unit, {key}, n) AS (SELECT * FROM unnest({arrays('text', *table.columns.values(), 'int')}))"
    leaves = f"""INSERT INTO {slot.table(table.name)} AS t (unit, {key}, n) SELECT * FROM changes
                 ON CONFLICT (unit, {key}) DO UPDATE SET n = t.n + excluded.n"""
    if roll_up:
        statement = f"""WITH {changes}, leaves AS ({leaves})
            INSERT INTO {slot.table(table.rollup)} AS t (map, unit, {key}, n)
            SELECT p.map, above.unit, {key}, sum(c.n) FROM changes c {_placed(slot, "c")}
             WHERE above.unit IS NOT NULL GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
            ON CONFLICT (map, unit, {key}) DO UPDATE SET n = t.n + excluded.n"""
    else:
        statement = f"WITH {changes} {leaves}"
    columns = [
        texts(values) if type_ == "text" else plain(values)
        for type_, values in zip(("text", *table.columns.values()), zip(*keys, strict=True), strict=True)
    ]
    tx.exec_driver_sql(statement, (*columns, plain(rows[each] for each in keys)))


# --- moving ------------------------------------------------------------------------------------------------------


def move(slot: Slot, tx: Connection, number: int, places: Mapping[str, Place]) -> None:
    """Take leaves' figures out of the roll-ups of their stored places, store these places, and add the figures there.

    The guard must be held alone, else figures that arrive meanwhile go astray.
    """
    if places:
        _shift(slot, tx, number, list(places), -1)
        slot.put_places(tx, number, places, move=True)
        _shift(slot, tx, number, list(places), 1)


def roll_up(slot: Slot, tx: Connection, number: int) -> None:
    """Fill the (empty) roll-ups of a map from all leaves, placed before."""
    _shift(slot, tx, number, None, 1)


def _shift(slot: Slot, tx: Connection, number: int, leaves: list[str] | None, sign: int) -> None:
    columns = (*FIGURES, *QUALITY)
    some = f"p.map = {number}" + ("" if leaves is None else " AND p.leaf = ANY(%s::text[])")
    parameters = () if leaves is None else (texts(leaves),)
    placed = f"{slot.table('placement')} p {_ABOVE}"
    sums = ", ".join(f"{sign} * sum(f.{name})" for name in FIGURES)
    tx.exec_driver_sql(
        f"""INSERT INTO {slot.table("rollup")} AS t (map, unit, day, {", ".join(columns)})
            SELECT {number}, above.unit, f.day, {sums}, {_quality("f", sign)}
              FROM {placed} JOIN {slot.table("leaf")} f ON f.unit = p.leaf WHERE {some} AND above.unit IS NOT NULL
             GROUP BY above.unit, f.day
            {"" if leaves is None else f"ON CONFLICT (map, unit, day) DO UPDATE SET {_plus(columns)}"}""",
        parameters,
    )
    for table in (REACH, KEYED):
        key = table.key
        tx.exec_driver_sql(
            f"""INSERT INTO {slot.table(table.rollup)} AS t (map, unit, {key}, n)
                SELECT {number}, above.unit, {key}, {sign} * sum(r.n)
                  FROM {placed} JOIN {slot.table(table.name)} r ON r.unit = p.leaf
                 WHERE {some} AND above.unit IS NOT NULL
                 GROUP BY above.unit, {key}
                {"" if leaves is None else f"ON CONFLICT (map, unit, {key}) DO UPDATE SET n = t.n + excluded.n"}""",
            parameters,
        )


# --- SQL ---------------------------------------------------------------------------------------------------------

_ABOVE = f"""CROSS JOIN LATERAL (VALUES (p.commune), (p.district), (p.province), ('{EVERYWHERE}')) AS above (unit)"""


def _placed(slot: Slot, changes: str) -> str:
    """Joins changes of leaves with every unit above them, on both maps."""
    return f"""JOIN {slot.table("placement")} p ON p.leaf = {changes}.unit AND p.map IN {ROLLED_UP} {_ABOVE}"""


def _quality(facts: str, sign: int = 1) -> str:
    conditions = ("p.estimated", "p.successor_unknown", "p.home IS NULL")
    return ", ".join(f"{sign} * sum({facts}.facts) FILTER (WHERE {each})" for each in conditions)


def _plus(columns: Iterable[str]) -> str:
    return ", ".join(f"{c} = coalesce(t.{c} + excluded.{c}, t.{c}, excluded.{c})" for c in columns)

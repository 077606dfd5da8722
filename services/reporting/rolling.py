"""Adds to leaves and roll-ups, in one statement for each table, and moves leaves between the units above them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import orjson
from sqlalchemy import Connection

from services.reporting.arrays import arrays, plain, texts
from services.reporting.domain import FIGURES, Tally
from services.reporting.domain.tally import FACTS, Row
from services.reporting.placing import EVERYWHERE, Place
from services.reporting.store import DOUBTS, QUALITY, ROLLED_UP, UNCERTAIN, Slot

UnitDay = tuple[str, str]
Codes = dict[str, int]
"""Figures of open lists, each named with its code: ``platforms:vneid``."""


def add(slot: Slot, tx: Connection, tally: Tally) -> None:
    """Add to the leaves, and to the roll-ups of the units above them; every leaf must be placed before.

    Rows are written in key order: two projections then wait for each other instead of deadlocking.
    """
    _add_figures(slot, tx, *changed(tally))
    _add_reach(slot, tx, tally.reached)


def changed(tally: Tally) -> tuple[list[UnitDay], dict[UnitDay, Row], dict[UnitDay, Codes]]:
    """The rows of leaves that a tally changes, in key order: their columns, and their figures of open lists."""
    rows = {key: row for key, row in tally.figures.items() if any(row.values())}
    codes: defaultdict[UnitDay, Codes] = defaultdict(dict)
    for (unit, figure, code, day), n in tally.keyed.items():
        if n:
            codes[unit, day][f"{figure}:{code}"] = n
    return sorted(rows.keys() | codes.keys()), rows, codes


_named = {FACTS}
"""The columns that this process has ever changed. Every statement names them all: it soon is always the same one, which
PostgreSQL has planned already. ``facts`` is there for the roll-ups' quality."""


def _add_figures(
    slot: Slot, tx: Connection, keys: Sequence[UnitDay], rows: Mapping[UnitDay, Row], codes: Mapping[UnitDay, Codes]
) -> None:
    if not keys:
        return
    _named.update(at for row in rows.values() for at, n in row.items() if n)
    named = sorted(_named)
    names = [FIGURES[at] for at in named]
    listed = ", ".join(names)
    types = arrays("text", "date", *["int"] * len(names), "jsonb")
    units, days = zip(*keys, strict=True)
    tx.exec_driver_sql(
        f"""WITH {_above(slot, _CHANGED)}, changes (unit, day, {listed}, keyed) AS (SELECT * FROM unnest({types})),
            leaves AS (
                INSERT INTO {slot.table("leaf")} AS t (unit, day, {listed}, keyed) SELECT * FROM changes
                ON CONFLICT (unit, day) DO UPDATE SET {_plus(names)}),
            {_rolled_up(slot, "changes", names)}""",
        (texts(set(units)), texts(units), plain(days), *_columns(keys, rows, named), texts(_json(keys, codes))),
    )


def _columns(keys: Sequence[UnitDay], rows: Mapping[UnitDay, Row], named: Sequence[int]) -> Iterator[str | None]:
    """Each column as an array, None for one that does not change."""
    columns: dict[int, list[object]] = {}
    for i, key in enumerate(keys):
        for at, n in rows.get(key, {}).items():
            if n:
                if at not in columns:
                    columns[at] = ["NULL"] * len(keys)
                columns[at][i] = n
    for at in named:
        yield plain(columns[at]) if at in columns else None


def _json(keys: Sequence[UnitDay], codes: Mapping[UnitDay, Codes]) -> Iterator[str | None]:
    for key in keys:
        yield orjson.dumps(codes[key]).decode() if key in codes else None


def _add_reach(slot: Slot, tx: Connection, reached: Mapping[tuple[str, str, str, str], int]) -> None:
    keys = sorted(key for key, n in reached.items() if n)
    if not keys:
        return
    pair = "kind, day, previous_day"
    units, kinds, days, previous = zip(*keys, strict=True)
    tx.exec_driver_sql(
        f"""WITH {_above(slot, _CHANGED)}, changes (unit, {pair}, n) AS (
                SELECT * FROM unnest({arrays("text", "text", "date", "date", "int")})),
            leaves AS (
                INSERT INTO {slot.table("reach")} AS t (unit, {pair}, n) SELECT * FROM changes
                ON CONFLICT (unit, {pair}) DO UPDATE SET n = t.n + excluded.n),
            {_pairs_rolled_up(slot, "changes")}""",
        (
            texts(set(units)),
            texts(units),
            texts(kinds),
            plain(days),
            plain(previous),
            plain(reached[key] for key in keys),
        ),
    )


# --- moving ------------------------------------------------------------------------------------------------------


def move(slot: Slot, tx: Connection, number: int, places: Mapping[str, Place]) -> None:
    """Take leaves' figures out of the roll-ups of their stored places, store these places, and add the figures there.

    The guard must be held alone, else figures that arrive meanwhile go astray.
    """
    if places:
        _shift(slot, tx, number, texts(places), -1)
        slot.put_places(tx, number, places, move=True)
        _shift(slot, tx, number, texts(places), 1)


def _shift(slot: Slot, tx: Connection, number: int, leaves: str, sign: int) -> None:
    above = _above(slot, f"p.map = {number} AND p.leaf = ANY(%s::text[])")
    tx.exec_driver_sql(f"WITH {above}, {_rolled_up(slot, slot.table('leaf'), FIGURES, sign)}", (leaves,))
    tx.exec_driver_sql(f"WITH {above}, {_pairs_rolled_up(slot, slot.table('reach'), sign)}", (leaves,))


def roll_up(tx: Connection, slot: Slot, number: int) -> None:
    """Fill the (empty) figures of a map, all leaves being placed: communes from leaves, what is above from what is
    right below it."""
    figures = used(tx, slot.table("leaf"))
    columns, quality = ", ".join(figures), ", ".join(QUALITY)
    doubtful = ", ".join(f"CASE WHEN p.{name} THEN f.facts END AS {name}" for name in QUALITY)
    sums = ", ".join(f"sum({name})" for name in (*figures, *QUALITY))
    for parts in _parts(slot, number):
        tx.exec_driver_sql(
            f"""WITH {parts}, rows AS NOT MATERIALIZED (
                    SELECT p.unit, f.day, {columns}, {doubtful}, f.keyed
                      FROM {slot.table("leaf")} f JOIN leaves p ON p.leaf = f.unit
                     UNION ALL
                    SELECT p.unit, f.day, {columns}, {quality}, f.keyed
                      FROM {slot.table("rollup")} f JOIN parts p ON p.part = f.unit WHERE f.map = {number})
                INSERT INTO {slot.table("rollup")} (map, unit, day, {columns}, {quality}, {UNCERTAIN}, keyed)
                SELECT {number}, sums.*, uncertain.facts, codes.keyed FROM (
                    SELECT unit, day, {sums} FROM rows GROUP BY 1, 2) sums
                LEFT JOIN (
                    SELECT d.unit, f.day, sum(f.facts) AS facts
                      FROM {slot.table("leaf")} f JOIN doubtful d ON d.leaf = f.unit GROUP BY 1, 2) uncertain
                    USING (unit, day)
                LEFT JOIN ({_codes("rows", "unit, day")}) codes USING (unit, day)
                ORDER BY 1, 2, 3"""
        )
    tx.exec_driver_sql(
        f"""WITH rows AS MATERIALIZED (
                SELECT map, unit, {_month("day")} AS month, {columns}, {quality}, {UNCERTAIN}, keyed
                  FROM {slot.table("rollup")}
                 WHERE map = {number} AND unit IN ({_wide(slot, number)}))
            INSERT INTO {slot.table("rollup_months")} (map, unit, month, {columns}, {quality}, {UNCERTAIN}, keyed)
            SELECT sums.*, codes.keyed FROM (
                SELECT map, unit, month, {sums}, sum({UNCERTAIN}) FROM rows GROUP BY 1, 2, 3) sums
              LEFT JOIN ({_codes("rows", "map, unit, month")}) codes USING (map, unit, month)
             ORDER BY 1, 2, 3"""
    )


def used(tx: Connection, table: str) -> list[str]:
    """The figures that any row has something in: there are many kinds of places, and not all are visited."""
    counts = ", ".join(f"count({name})" for name in FIGURES)
    row = tx.exec_driver_sql(f"SELECT {counts} FROM {table}").one()
    return [name for name, n in zip(FIGURES, row, strict=True) if n or name == FIGURES[FACTS]]


def roll_up_pairs(tx: Connection, slot: Slot, number: int) -> None:
    """As ``roll_up``, of who was reached."""
    for parts in _parts(slot, number):
        tx.exec_driver_sql(
            f"""WITH {parts}, rows AS (
                    SELECT p.unit, f.kind, f.day, f.previous_day, f.n
                      FROM {slot.table("reach")} f JOIN leaves p ON p.leaf = f.unit
                     UNION ALL
                    SELECT p.unit, f.kind, f.day, f.previous_day, f.n
                      FROM {slot.table("rollup_reach")} f JOIN parts p ON p.part = f.unit WHERE f.map = {number})
                INSERT INTO {slot.table("rollup_reach")} (map, unit, kind, day, previous_day, n)
                SELECT {number}, unit, kind, day, previous_day, sum(n) FROM rows GROUP BY 1, 2, 3, 4, 5
                 ORDER BY 1, 2, 3, 4, 5"""
        )
    tx.exec_driver_sql(
        f"""INSERT INTO {slot.table("rollup_reach_months")} (map, unit, kind, day, previous_month, n)
            SELECT map, unit, kind, day, {_month("previous_day")}, sum(n) FROM {slot.table("rollup_reach")}
             WHERE map = {number} AND unit IN ({_wide(slot, number)})
             GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"""
    )


def _wide(slot: Slot, number: int) -> str:
    """Selects the units of a map that have months."""
    return f"""SELECT wide.unit FROM {slot.table("placement")} p
                CROSS JOIN LATERAL (VALUES ({"), (".join(_WIDE_LEVELS)})) AS wide (unit) WHERE p.map = {number}"""


def _parts(slot: Slot, number: int) -> Iterator[str]:
    """For each level, finest first: its units with the ``parts`` right below them that have roll-ups already, the
    ``leaves`` that stand in no such part, and all leaves that are ``doubtful`` at this level."""
    finer = "NULL::text"
    for level, uncertain in _LEVELS.items():
        placed = f"""(SELECT leaf, {level} AS unit, {finer} AS part, estimated, successor_unknown,
                             p.home IS NULL AS unplaced
                        FROM {slot.table("placement")} p WHERE map = {number} AND {level} IS NOT NULL) placed"""
        yield f"""parts AS MATERIALIZED (SELECT DISTINCT unit, part FROM {placed} WHERE part IS NOT NULL),
                  leaves AS MATERIALIZED (SELECT * FROM {placed} WHERE part IS NULL),
                  doubtful AS MATERIALIZED (SELECT leaf, {level} AS unit FROM {slot.table("placement")} p
                                             WHERE map = {number} AND {uncertain})"""
        finer = f"coalesce({level}, {finer})"


# --- SQL ---------------------------------------------------------------------------------------------------------

_WIDE_LEVELS = ("p.province", f"'{EVERYWHERE}'")
"""Those that are asked most and have most of everything: their figures and pairs of days are summed by month, too."""
_LEVELS = {level: f"{level}_uncertain" for level in ("p.commune", "p.district", "p.province")} | {
    f"'{EVERYWHERE}'": "false"
}
"""Level → whether it is uncertain that a leaf belongs to its unit there."""
_CHANGED = f"p.map IN {ROLLED_UP} AND p.leaf = ANY(%s::text[])"


def _above(slot: Slot, some: str) -> str:
    """Leaves with every unit above them, looked up once and first, whatever the planner expects of it."""
    levels = "), (".join(f"{level}, {level in _WIDE_LEVELS}, {uncertain}" for level, uncertain in _LEVELS.items())
    return f"""above AS MATERIALIZED (
        SELECT p.leaf, p.map, above.*, p.estimated, p.successor_unknown, p.home IS NULL AS unplaced
          FROM {slot.table("placement")} p CROSS JOIN LATERAL (VALUES ({levels})) AS above (unit, wide, {UNCERTAIN})
         WHERE above.unit IS NOT NULL AND {some})"""


def _rolled_up(slot: Slot, of: str, names: Iterable[str], sign: int = 1) -> str:
    """Adds the figures of leaves (columns, quality, open lists) to those of every unit above them; of wide units also
    by month."""
    columns = (*names, *DOUBTS)
    listed, row = ", ".join(columns), "map, unit, wide, day"
    sums = ", ".join(f"{sign} * sum(f.{name}) AS {name}" for name in names)
    quality = ", ".join(f"{sign} * sum(f.facts) FILTER (WHERE a.{name}) AS {name}" for name in DOUBTS)
    totals = ", ".join(f"sum({name})" for name in columns)
    return f"""sums AS (
            SELECT a.map, a.unit, a.wide, f.day, {sums}, {quality}
              FROM {of} f JOIN above a ON a.leaf = f.unit GROUP BY 1, 2, 3, 4),
        codes AS ({_codes(f"{of} f JOIN above a ON a.leaf = f.unit", "a.map, a.unit, a.wide, f.day", sign)}),
        rows AS MATERIALIZED (
            SELECT {row}, {_month("day")} AS month, {listed}, keyed FROM sums LEFT JOIN codes USING ({row})),
        months AS (
            INSERT INTO {slot.table("rollup_months")} AS t (map, unit, month, {listed}, keyed)
            SELECT sums.*, codes.keyed FROM (
                SELECT map, unit, month, {totals} FROM rows WHERE wide GROUP BY 1, 2, 3) sums
              LEFT JOIN ({_codes("(SELECT * FROM rows WHERE wide) f", "map, unit, month")}) codes
             USING (map, unit, month) ORDER BY 1, 2, 3
            ON CONFLICT (map, unit, month) DO UPDATE SET {_plus(columns)})
        INSERT INTO {slot.table("rollup")} AS t (map, unit, day, {listed}, keyed)
        SELECT map, unit, day, {listed}, keyed FROM rows ORDER BY 1, 2, 3
        ON CONFLICT (map, unit, day) DO UPDATE SET {_plus(columns)}"""


def _codes(of: str, row: str, sign: int = 1) -> str:
    """Selects the figures of open lists, summed over whatever belongs to a row."""
    names = ", ".join(name.split(".")[-1] for name in row.split(", "))
    return f"""SELECT {names}, jsonb_object_agg(name, n) AS keyed FROM (
                SELECT {row}, code.key AS name, {sign} * sum(code.value::int) AS n
                  FROM {of} CROSS JOIN jsonb_each(keyed) AS code
                 GROUP BY {row}, code.key HAVING sum(code.value::int) <> 0) each
             GROUP BY {names}"""


def _month(day: str) -> str:
    return f"date_trunc('month', {day}::timestamp)::date"


def _pairs_rolled_up(slot: Slot, of: str, sign: int = 1) -> str:
    """Adds pairs of days of leaves to those of every unit above them; of wide units also by month."""
    return f"""pairs AS MATERIALIZED (
            SELECT a.map, a.unit, a.wide, f.kind, f.day, f.previous_day, {sign} * sum(f.n) AS n
              FROM {of} f JOIN above a ON a.leaf = f.unit GROUP BY 1, 2, 3, 4, 5, 6),
        months AS (
            INSERT INTO {slot.table("rollup_reach_months")} AS t (map, unit, kind, day, previous_month, n)
            SELECT map, unit, kind, day, {_month("previous_day")}, sum(n) FROM pairs WHERE wide
             GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
            ON CONFLICT (map, unit, kind, day, previous_month) DO UPDATE SET n = t.n + excluded.n)
        INSERT INTO {slot.table("rollup_reach")} AS t (map, unit, kind, day, previous_day, n)
        SELECT map, unit, kind, day, previous_day, n FROM pairs ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (map, unit, kind, day, previous_day) DO UPDATE SET n = t.n + excluded.n"""


def _plus(columns: Iterable[str]) -> str:
    """Adds a row to the one that is there, its open lists too."""
    sums = {name: f"t.{name} + excluded.{name}" for name in columns} | {
        "keyed": "read.keyed_plus(t.keyed, excluded.keyed)"
    }
    return ", ".join(f"{name} = coalesce({both}, t.{name}, excluded.{name})" for name, both in sums.items())

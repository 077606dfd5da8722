"""Fills an empty slot in bulk: what each chunk of the log comes to is piled up, and summed and sorted once at the end.

Nothing is looked up, updated or rolled up meanwhile, and records – teams, people, opinions … – learn all they were told
at once. Piles are not logged: a rebuild that breaks off begins anew. Only whoever rebuilds writes to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import orjson
from sqlalchemy import Connection, Engine, text

from services.reporting import store
from services.reporting.domain import FIGURES, Tally, records
from services.reporting.domain.records import Kind
from services.reporting.rolling import changed, used
from services.reporting.store import Slot

SUBJECTS = 5_000
"""So many records learn at a time."""
AT_ONCE = 2
"""Connections; whoever reads needs the other cores."""

Work = Callable[[Connection], None]
"""Something done in a transaction of its own."""


def begin(tx: Connection) -> Slot:
    """The slot that does not answer, emptied; and no piles."""
    slot = store.spare(tx)
    slot.clear(tx)
    clear(tx)
    return slot


def pile(tx: Connection, tally: Tally, number: int) -> None:
    """``number`` grows from chunk to chunk: records learn in this order."""
    keys, rows, codes = changed(tally)
    named = sorted({at for row in rows.values() for at, n in row.items() if n})
    place = {at: n for n, at in enumerate(named, 2)}

    def leaf(key: tuple[str, str]) -> Sequence[object]:
        row: list[object] = [*key, *[None] * len(named), orjson.dumps(codes[key]).decode() if key in codes else None]
        for at, n in rows.get(key, {}).items():
            if n:
                row[place[at]] = n
        return row

    _copy(tx, "read.pile_leaf", ("unit", "day", *(FIGURES[at] for at in named), "keyed"), map(leaf, keys))
    pairs = ((*pair, n) for pair, n in tally.reached.items() if n)
    _copy(tx, "read.pile_reach", ("unit", "kind", "day", "previous_day", "n"), pairs)
    told = ((*subject, number, orjson.dumps(what)[1:-1].decode()) for subject, what in tally.told.items())
    _copy(tx, "read.pile_told", ("kind", "id", "number", "told"), told)


def _copy(tx: Connection, table: str, columns: Iterable[str], rows: Iterable[Sequence[object]]) -> None:
    connection = tx.connection.driver_connection
    assert connection is not None
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as lines:
        for row in rows:
            lines.write_row(row)


def learn(engine: Engine, slot: Slot, number: int) -> None:
    """Every record learns what it was told, and what it counts goes onto the piles."""
    with engine.begin() as tx:
        store.be_patient(tx)
        for phase in records.PHASES:
            _learn(tx, slot, phase, number)
        tx.execute(text("ANALYZE read.pile_leaf (unit, day), read.pile_reach"))


def sums(slot: Slot) -> list[Work]:
    """What has to be done to sum the piles up; it may all be done at once."""
    halves = (partial(_sum_leaves, slot=slot, half=half) for half in ("unit < '8'", "unit >= '8'"))
    return [*halves, partial(_sum_pairs, slot=slot)]


def leaves(tx: Connection) -> list[str]:
    """The units that piles name."""
    return list(tx.execute(text("SELECT unit FROM read.pile_leaf UNION SELECT unit FROM read.pile_reach")).scalars())


def clear(tx: Connection) -> None:
    tx.execute(text("TRUNCATE read.pile_leaf, read.pile_reach, read.pile_told"))


def together(engine: Engine, works: Sequence[Work]) -> None:
    """Each in a transaction of its own, at once: PostgreSQL gives a statement that writes one core only."""

    def alone(work: Work) -> None:
        with engine.begin() as tx:
            store.be_patient(tx)
            work(tx)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(alone, works))


def _learn(tx: Connection, slot: Slot, phase: Mapping[str, Kind], number: int) -> None:
    piled = text(
        """SELECT kind, id, string_agg(told, ',' ORDER BY number) FROM read.pile_told WHERE kind = ANY(:kinds)
            GROUP BY kind, id ORDER BY kind, id"""
    ).execution_options(yield_per=SUBJECTS)
    for subjects in tx.execute(piled, {"kinds": list(phase)}).partitions():
        tally = Tally()
        for kind, subject, told in subjects:
            tally.told[kind, subject] = orjson.loads(f"[{told}]")
        known = records.settle(tally, phase, {})
        rows = ((*key, orjson.dumps(each).decode()) for key, each in known.items())
        _copy(tx, slot.table("record"), ("kind", "id", "known"), rows)
        pile(tx, tally, number)


def _sum_leaves(tx: Connection, slot: Slot, half: str) -> None:
    """``half`` of the units: ids are spread evenly over their first digits."""
    figures = used(tx, "read.pile_leaf")
    sums = ", ".join(f"sum({name})" for name in figures)
    tx.exec_driver_sql(
        f"""INSERT INTO {slot.table("leaf")} (unit, day, {", ".join(figures)}, keyed)
            SELECT sums.*, codes.keyed FROM (
                SELECT unit, day, {sums} FROM read.pile_leaf WHERE {half} GROUP BY 1, 2) sums
            LEFT JOIN (
                SELECT unit, day, jsonb_object_agg(name, n) AS keyed FROM (
                    SELECT unit, day, code.key AS name, sum(code.value::int) AS n
                      FROM read.pile_leaf CROSS JOIN jsonb_each(keyed) AS code WHERE {half}
                     GROUP BY 1, 2, 3 HAVING sum(code.value::int) <> 0) each
                 GROUP BY 1, 2) codes USING (unit, day)
            ORDER BY 1, 2"""
    )


def _sum_pairs(tx: Connection, slot: Slot) -> None:
    tx.exec_driver_sql(
        f"""INSERT INTO {slot.table("reach")} (unit, kind, day, previous_day, n)
            SELECT unit, kind, day, previous_day, sum(n) FROM read.pile_reach
             GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0 ORDER BY 1, 2, 3, 4"""
    )

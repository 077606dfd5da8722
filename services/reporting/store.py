"""The read model in PostgreSQL: leaves, roll-ups, and where leaves stand on maps.

Figures are nullable: a day of a unit has few of them, and one that is not there costs a bit.

There are two slots of the same tables; ``read.figures_live`` names the one that answers, the other is for rebuilding.
Everybody who writes holds ``GUARD``: projections share it, whoever moves leaves between units or switches slots holds
it alone. So a projection never rolls up along a placement that is just being changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import Connection, text

from services.reporting.arrays import arrays, plain, texts
from services.reporting.domain.tally import Key, Known
from services.reporting.placing import Place

SLOTS = ("2a", "2b")
COUNTS = 3
"""Grows with the set of figures: a slot filled by code that counted less is rebuilt (``upgrade.py``)."""
GUARD = 0x7461_0001
MAP_BEFORE, MAP_TODAY = 0, 1
ROLLED_UP = (MAP_BEFORE, MAP_TODAY)
"""The maps with roll-ups; higher numbers are maps somebody asked for, placed but summed from leaves."""
QUALITY = ("estimated", "successor_unknown", "unplaced")
"""Of how many facts the place is doubtful, whichever of the units above them is."""
UNCERTAIN = "uncertain"
"""Of how many facts it is not certain that they belong to this very unit: so it does not add up over units."""
DOUBTS = (*QUALITY, UNCERTAIN)
TABLES = ("leaf", "reach", "record", "placement", "rollup", "rollup_months", "rollup_reach", "rollup_reach_months")
_UNITS = ("home", "commune", "district", "province")
PLACE = (*_UNITS, "estimated", "successor_unknown", *(f"{unit}_uncertain" for unit in _UNITS))
_place_row = attrgetter(*PLACE)

Places = Mapping[int, Mapping[str, Place]]
"""Map → leaf → place."""


@dataclass(frozen=True, slots=True)
class Map:
    """A hierarchy that leaves are placed on: its first day, and the last unit event that was known."""

    number: int
    key: date
    tree_position: int


def share(tx: Connection) -> None:
    tx.execute(text(f"SELECT pg_advisory_xact_lock_shared({GUARD})"))


def hold_alone(tx: Connection) -> None:
    tx.execute(text(f"SELECT pg_advisory_xact_lock({GUARD})"))


def be_patient(tx: Connection) -> None:
    """For work on all leaves: the server's usual limits of a transaction are made for batches."""
    tx.execute(text("SET LOCAL statement_timeout = '30min'"))
    tx.execute(text("SET LOCAL work_mem = '128MB'"))
    tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = '5min'"))


class OtherTables(Exception):
    """The live figures are those of an earlier version, in tables that this code does not know."""


def live(tx: Connection) -> Slot:
    """The slot that answers. Writers take the guard in a statement before. Raises ``OtherTables``."""
    return named(_live(tx))


def named(name: str) -> Slot:
    """Raises ``OtherTables``."""
    if name not in SLOTS:
        raise OtherTables(name)
    return Slot(name)


def spare(tx: Connection) -> Slot:
    """The slot to fill: the one that does not answer."""
    name = _live(tx)
    return Slot(name).other if name in SLOTS else Slot(SLOTS[0])


def _live(tx: Connection) -> str:
    return str(tx.execute(text("SELECT slot FROM read.figures_live")).scalar_one())


def counts(tx: Connection) -> int:
    """Which set of figures the live slot holds."""
    return int(tx.execute(text("SELECT counts FROM read.figures_live")).scalar_one())


def switch(tx: Connection, slot: Slot) -> None:
    tx.execute(
        text("UPDATE read.figures_live SET slot = :slot, counts = :counts, since = now()"),
        {"slot": slot.name, "counts": COUNTS},
    )


@dataclass(frozen=True, slots=True)
class Slot:
    name: str

    @property
    def other(self) -> Slot:
        return Slot(next(name for name in SLOTS if name != self.name))

    def table(self, name: str) -> str:
        return f"read.{name}_{self.name}"

    # --- records -------------------------------------------------------------------------------------------------

    def records(self, tx: Connection, keys: Sequence[Key]) -> dict[Key, Known]:
        """What is known of these subjects, locked until the end of the transaction; new ones are made.

        Keys are sorted, and those that are there are locked before new ones are made: two projections then wait for
        each other instead of deadlocking.
        """
        found = self._lock(tx, keys)
        new = [key for key in keys if key not in found]
        if new:
            tx.exec_driver_sql(
                f"""INSERT INTO {self.table("record")} (kind, id) SELECT * FROM unnest({arrays("text", "text")})
                    ON CONFLICT DO NOTHING""",
                tuple(map(texts, zip(*new, strict=True))),
            )
            found |= self._lock(tx, new)
        return found

    def _lock(self, tx: Connection, keys: Sequence[Key]) -> dict[Key, Known]:
        if not keys:
            return {}
        rows = tx.exec_driver_sql(
            f"""SELECT r.kind, r.id, r.known::text FROM {self.table("record")} r
                  JOIN unnest({arrays("text", "text")}) AS k (kind, id) ON (r.kind, r.id) = (k.kind, k.id)
                 ORDER BY r.kind, r.id FOR UPDATE OF r""",
            tuple(map(texts, zip(*keys, strict=True))),
        )
        return {(kind, subject): orjson.loads(known) for kind, subject, known in rows}

    def team_kinds(self, tx: Connection, teams: Collection[str] | None = None) -> dict[str, str]:
        """Of these teams, or of all that are known."""
        if teams is not None and not teams:
            return {}
        condition = "" if teams is None else " AND id = ANY(:teams)"
        statement = text(
            f"""SELECT id, known ->> 'kind' AS kind FROM {self.table("record")}
                 WHERE kind = 'team' AND known ->> 'kind' IS NOT NULL{condition}"""
        )
        return {team: kind for team, kind in tx.execute(statement, {"teams": list(teams or ())})}

    def put_records(self, tx: Connection, known: Mapping[Key, Known]) -> None:
        if known:
            kinds, subjects = zip(*known, strict=True)
            contents = [orjson.dumps(each).decode() for each in known.values()]
            tx.exec_driver_sql(
                f"""UPDATE {self.table("record")} r SET known = n.known
                      FROM unnest({arrays("text", "text", "jsonb")}) AS n (kind, id, known)
                     WHERE (r.kind, r.id) = (n.kind, n.id)""",
                (texts(kinds), texts(subjects), texts(contents)),
            )

    # --- maps and placements -------------------------------------------------------------------------------------

    def maps(self, tx: Connection) -> dict[int, Map]:
        rows = tx.execute(text(f"SELECT map, key, tree_position FROM {self.table('map')}"))
        return {row.map: Map(*row) for row in rows}

    def places(self, tx: Connection, numbers: Collection[int], leaves: Collection[str] | None = None) -> Places:
        """Stored placements on these maps, of these leaves or of all."""
        condition = "" if leaves is None else " AND leaf = ANY(:leaves)"
        statement = text(
            f"SELECT map, leaf, {', '.join(PLACE)} FROM {self.table('placement')} WHERE map = ANY(:maps){condition}"
        )
        found: dict[int, dict[str, Place]] = {number: {} for number in numbers}
        for number, leaf, *where in tx.execute(statement, {"maps": list(numbers), "leaves": list(leaves or ())}):
            found[number][leaf] = Place(*where)
        return found

    def leaves(self, tx: Connection, number: int) -> int:
        """How many leaves stand on a map."""
        statement = text(f"SELECT count(*) FROM {self.table('placement')} WHERE map = :map")
        return int(tx.execute(statement, {"map": number}).scalar_one())

    def unplaced(self, tx: Connection, leaves: Iterable[str]) -> list[str]:
        """Those of the leaves that have no place on today's map, hence on none."""
        return list(
            tx.exec_driver_sql(
                f"""SELECT l.leaf FROM unnest(%s::text[]) AS l (leaf) WHERE NOT EXISTS
                        (SELECT FROM {self.table("placement")} p WHERE p.map = {MAP_TODAY} AND p.leaf = l.leaf)""",
                (texts(leaves),),
            ).scalars()
        )

    def put_places(self, tx: Connection, number: int, places: Mapping[str, Place], *, move: bool = False) -> None:
        """Store placements; those that are there already stay, or with ``move`` are replaced (guard held alone)."""
        if not places:
            return
        conflict = f"UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in PLACE)}" if move else "NOTHING"
        leaves = sorted(places)
        columns = list(zip(*(_place_row(places[leaf]) for leaf in leaves), strict=True))
        units, doubts = columns[: len(_UNITS)], columns[len(_UNITS) :]
        tx.exec_driver_sql(
            f"""INSERT INTO {self.table("placement")} (map, leaf, {", ".join(PLACE)})
                SELECT %s, * FROM unnest({arrays("text", *["text"] * len(units), *["bool"] * len(doubts))})
                ON CONFLICT (map, leaf) DO {conflict}""",
            (number, texts(leaves), *map(texts, units), *map(plain, doubts)),
        )

    def set_map(self, tx: Connection, number: int, key: date, tree_position: int) -> None:
        tx.execute(
            text(
                f"""INSERT INTO {self.table("map")} VALUES (:map, :key, :position) ON CONFLICT (map)
                    DO UPDATE SET key = excluded.key, tree_position = excluded.tree_position, used_at = now()"""
            ),
            {"map": number, "key": key, "position": tree_position},
        )

    def drop_maps(self, tx: Connection, condition: str, **parameters: Any) -> None:
        """Forget maps that somebody asked for, and placements that belong to no map."""
        tx.execute(text(f"DELETE FROM {self.table('map')} WHERE map > {MAP_TODAY} AND {condition}"), parameters)
        tx.execute(
            text(
                f"""DELETE FROM {self.table("placement")} p WHERE map > {MAP_TODAY}
                       AND NOT EXISTS (SELECT FROM {self.table("map")} m WHERE m.map = p.map)"""
            )
        )

    def analyze(self, tx: Connection) -> None:
        """Let the planner know how many leaves and days there are."""
        tx.execute(text(f"ANALYZE {self.table('leaf')} (unit, day), {self.table('reach')}, {self.table('placement')}"))

    def clear(self, tx: Connection) -> None:
        """Empty it; so there is no going back to it (``resting``)."""
        tx.execute(text("DELETE FROM read.resting WHERE slot = :slot"), {"slot": self.name})
        tx.execute(text(f"TRUNCATE {', '.join(self.table(name) for name in TABLES)}"))
        self.drop_maps(tx, "true")

"""The read model in PostgreSQL: leaves, roll-ups, and where leaves stand on maps.

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

from sqlalchemy import Connection, text

from services.reporting.domain import FIGURES, Tally
from services.reporting.placing import EVERYWHERE, Place

SLOTS = ("1a", "1b")
GUARD = 0x7461_0001
MAP_BEFORE, MAP_TODAY = 0, 1
ROLLED_UP = (MAP_BEFORE, MAP_TODAY)
"""The maps with roll-ups; higher numbers are maps somebody asked for, placed but summed from leaves."""
QUALITY = ("estimated", "successor_unknown", "unplaced")
TABLES = ("leaf", "reach", "team", "placement", "rollup", "rollup_reach")
PLACE = ("home", "commune", "district", "province", "estimated", "successor_unknown")
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
    tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = '5min'"))


def live(tx: Connection) -> Slot:
    """The slot that answers. Writers take the guard in a statement before."""
    return Slot(tx.execute(text("SELECT slot FROM read.figures_live")).scalar_one())


@dataclass(frozen=True, slots=True)
class Slot:
    name: str

    @property
    def other(self) -> Slot:
        return Slot(next(name for name in SLOTS if name != self.name))

    def table(self, name: str) -> str:
        return f"read.{name}_{self.name}"

    # --- facts ---------------------------------------------------------------------------------------------------

    def add(self, tx: Connection, tally: Tally, *, roll_up: bool = True) -> None:
        """Add to the leaves, and to the roll-ups of the units above them; every leaf must be placed before.

        Rows are written in key order: two projections then wait for each other instead of deadlocking.
        """
        self._add_figures(tx, tally.figures, roll_up)
        self._add_reached(tx, {key: n for key, n in tally.reached.items() if n}, roll_up)
        if tally.teams:
            rows = [{"team": t, "kind": kind, "unit": unit} for t, (kind, unit) in sorted(tally.teams.items())]
            tx.execute(
                text(
                    f"""INSERT INTO {self.table("team")} VALUES (:team, :kind, :unit)
                        ON CONFLICT (team_id) DO UPDATE SET kind = excluded.kind, unit = excluded.unit"""
                ),
                rows,
            )

    def _add_figures(self, tx: Connection, rows: Mapping[tuple[str, str], Sequence[int]], roll_up: bool) -> None:
        keys = sorted(rows)
        if not keys:
            return
        columns = zip(FIGURES, zip(*(rows[key] for key in keys), strict=True), strict=True)
        # Most batches change few columns. ``facts`` stays, for the roll-ups' quality.
        used = {name: numbers for name, numbers in columns if name == "facts" or any(numbers)}
        names = ", ".join(used)
        changes = (
            f"changes (unit, day, {names}) AS (SELECT * FROM unnest({_arrays('text', 'date', *['int'] * len(used))}))"
        )
        leaves = f"""INSERT INTO {self.table("leaf")} AS t (unit, day, {names}) SELECT * FROM changes
                     ON CONFLICT (unit, day) DO UPDATE SET {_plus(used)}"""
        if roll_up:
            sums = ", ".join(f"sum(c.{name})" for name in used)
            statement = f"""WITH {changes}, leaves AS ({leaves})
                INSERT INTO {self.table("rollup")} AS t (map, unit, day, {names}, {", ".join(QUALITY)})
                SELECT p.map, above.unit, c.day, {sums}, {_quality("c")} FROM changes c {self._placed("c")}
                 WHERE above.unit IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
                ON CONFLICT (map, unit, day) DO UPDATE SET {_plus((*used, *QUALITY))}"""
        else:
            statement = f"WITH {changes} {leaves}"
        units, days = zip(*keys, strict=True)
        tx.exec_driver_sql(statement, (_texts(units), *map(_plain, (days, *used.values()))))

    def _add_reached(self, tx: Connection, reached: Mapping[tuple[str, str, str, str], int], roll_up: bool) -> None:
        keys = sorted(reached)
        if not keys:
            return
        names = "kind, day, previous_day"
        arrays = _arrays("text", "text", "date", "date", "int")
        changes = f"changes (unit, {names}, n) AS (SELECT * FROM unnest({arrays}))"
        leaves = f"""INSERT INTO {self.table("reach")} AS t (unit, {names}, n) SELECT * FROM changes
                     ON CONFLICT (unit, {names}) DO UPDATE SET n = t.n + excluded.n"""
        if roll_up:
            statement = f"""WITH {changes}, leaves AS ({leaves})
                INSERT INTO {self.table("rollup_reach")} AS t (map, unit, {names}, n)
                SELECT p.map, above.unit, {names}, sum(c.n) FROM changes c {self._placed("c")}
                 WHERE above.unit IS NOT NULL GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
                ON CONFLICT (map, unit, {names}) DO UPDATE SET n = t.n + excluded.n"""
        else:
            statement = f"WITH {changes} {leaves}"
        units, kinds, days, previous = zip(*keys, strict=True)
        numbers = [reached[key] for key in keys]
        tx.exec_driver_sql(statement, (_texts(units), _texts(kinds), _plain(days), _plain(previous), _plain(numbers)))

    def _placed(self, changes: str) -> str:
        """Joins changes of leaves with every unit above them, on both maps."""
        return f"""JOIN {self.table("placement")} p ON p.leaf = {changes}.unit AND p.map IN {ROLLED_UP} {_ABOVE}"""

    def team_kinds(self, tx: Connection, teams: Collection[str]) -> dict[str, str]:
        if not teams:
            return {}
        statement = text(f"SELECT team_id, kind FROM {self.table('team')} WHERE team_id = ANY(:teams)")
        return {team: kind for team, kind in tx.execute(statement, {"teams": list(teams)})}

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
                (_texts(leaves),),
            ).scalars()
        )

    def put_places(self, tx: Connection, number: int, places: Mapping[str, Place], *, move: bool = False) -> None:
        """Store placements; those that are there already stay, or with ``move`` are replaced (guard held alone)."""
        if not places:
            return
        conflict = f"UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in PLACE)}" if move else "NOTHING"
        leaves = sorted(places)
        *above, estimated, unknown = zip(*(_place_row(places[leaf]) for leaf in leaves), strict=True)
        tx.exec_driver_sql(
            f"""INSERT INTO {self.table("placement")} (map, leaf, {", ".join(PLACE)})
                SELECT %s, * FROM unnest({_arrays(*["text"] * 5, "bool", "bool")})
                ON CONFLICT (map, leaf) DO {conflict}""",
            (number, *map(_texts, (leaves, *above)), _plain(estimated), _plain(unknown)),
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

    def clear(self, tx: Connection) -> None:
        tx.execute(text(f"TRUNCATE {', '.join(self.table(name) for name in TABLES)}"))
        self.drop_maps(tx, "true")


# --- SQL ---------------------------------------------------------------------------------------------------------

_ABOVE = f"""CROSS JOIN LATERAL (VALUES (p.commune), (p.district), (p.province), ('{EVERYWHERE}')) AS above (unit)"""


def _quality(facts: str, sign: str = "1") -> str:
    conditions = ("p.estimated", "p.successor_unknown", "p.home IS NULL")
    return ", ".join(f"coalesce(sum({sign} * {facts}.facts) FILTER (WHERE {each}), 0)" for each in conditions)


def _plus(columns: Iterable[str]) -> str:
    return ", ".join(f"{c} = t.{c} + excluded.{c}" for c in columns)


# Arrays as PostgreSQL writes them: several times faster than converting element by element in the driver.


def _arrays(*types: str) -> str:
    return ", ".join(f"%s::{each}[]" for each in types)


def _plain(values: Iterable[object]) -> str:
    """Numbers, days or truth values."""
    return f"{{{','.join(map(str, values))}}}"


def _texts(values: Iterable[str | None]) -> str:
    return f"{{{','.join('NULL' if value is None else _quoted(value) for value in values)}}}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


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
    parameters = () if leaves is None else (_texts(leaves),)
    placed = f"{slot.table('placement')} p {_ABOVE}"
    sums = ", ".join(f"sum({sign} * f.{name})" for name in FIGURES)
    tx.exec_driver_sql(
        f"""INSERT INTO {slot.table("rollup")} AS t (map, unit, day, {", ".join(columns)})
            SELECT {number}, above.unit, f.day, {sums}, {_quality("f", str(sign))}
              FROM {placed} JOIN {slot.table("leaf")} f ON f.unit = p.leaf WHERE {some} AND above.unit IS NOT NULL
             GROUP BY above.unit, f.day
            ON CONFLICT (map, unit, day) DO UPDATE SET {_plus(columns)}""",
        parameters,
    )
    tx.exec_driver_sql(
        f"""INSERT INTO {slot.table("rollup_reach")} AS t (map, unit, kind, day, previous_day, n)
            SELECT {number}, above.unit, r.kind, r.day, r.previous_day, sum({sign} * r.n)
              FROM {placed} JOIN {slot.table("reach")} r ON r.unit = p.leaf WHERE {some} AND above.unit IS NOT NULL
             GROUP BY above.unit, r.kind, r.day, r.previous_day
            ON CONFLICT (map, unit, kind, day, previous_day) DO UPDATE SET n = t.n + excluded.n""",
        parameters,
    )

"""The read model in PostgreSQL: leaves, roll-ups, and where leaves stand on maps.

There are two slots of the same tables; ``read.figures_live`` names the one that answers, the other is for rebuilding.
Everybody who writes holds ``GUARD``: projections share it, whoever moves leaves between units or switches slots holds
it alone. So a projection never rolls up along a placement that is just being changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from services.reporting.domain import FIGURES, Tally
from services.reporting.placing import Place

SLOTS = ("1a", "1b")
GUARD = 0x7461_0001
MAP_BEFORE, MAP_TODAY = 0, 1
ROLLED_UP = (MAP_BEFORE, MAP_TODAY)
"""The maps with roll-ups; higher numbers are maps somebody asked for, placed but summed from leaves."""
QUALITY = ("estimated", "successor_unknown", "unplaced")
TABLES = ("leaf", "reach", "team", "placement", "rollup", "rollup_reach")
PLACE = ("home", "commune", "district", "province", "estimated", "successor_unknown")

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

    def add_leaves(self, tx: Connection, tally: Tally) -> None:
        """Add to the leaves, in key order: two projections then wait for each other instead of deadlocking."""
        _upsert(tx, self.table("leaf"), _LEAF_KEY, FIGURES, tally.figures)
        _upsert(tx, self.table("reach"), _REACH_KEY, ("n",), {key: [n] for key, n in tally.reached.items() if n})
        if tally.teams:
            rows = [{"team": t, "kind": kind, "unit": unit} for t, (kind, unit) in sorted(tally.teams.items())]
            tx.execute(
                text(
                    f"""INSERT INTO {self.table("team")} VALUES (:team, :kind, :unit)
                        ON CONFLICT (team_id) DO UPDATE SET kind = excluded.kind, unit = excluded.unit"""
                ),
                rows,
            )

    def add_rollups(self, tx: Connection, tally: Tally, places: Places) -> None:
        figures, reached = rolled_up(tally, places)
        _upsert(tx, self.table("rollup"), _ROLLUP_KEY, (*FIGURES, *QUALITY), figures)
        _upsert(tx, self.table("rollup_reach"), _ROLLUP_REACH_KEY, ("n",), {k: [n] for k, n in reached.items() if n})

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

    def put_places(self, tx: Connection, number: int, places: Mapping[str, Place], *, move: bool = False) -> None:
        """Store placements; those that are there already stay, or with ``move`` are replaced (guard held alone)."""
        if not places:
            return
        conflict = f"UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in PLACE)}" if move else "NOTHING"
        leaves = sorted(places)
        columns = [list(column) for column in zip(*(astuple(places[leaf]) for leaf in leaves), strict=True)]
        tx.exec_driver_sql(
            f"""INSERT INTO {self.table("placement")} (map, leaf, {", ".join(PLACE)})
                SELECT %s, * FROM unnest({", ".join(["%s::text[]"] * 5)}, %s::bool[], %s::bool[])
                ON CONFLICT (map, leaf) DO {conflict}""",
            (number, leaves, *columns),
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


# --- adding up ---------------------------------------------------------------------------------------------------


def rolled_up(tally: Tally, places: Places) -> tuple[dict[tuple[str, ...], list[int]], dict[tuple[str, ...], int]]:
    """The tally per unit above its leaves, on every map: keys begin with the map's number."""
    figures: dict[tuple[Any, ...], list[int]] = {}
    reached: dict[tuple[Any, ...], int] = {}
    width, facts = len(FIGURES) + len(QUALITY), FIGURES.index("facts")
    changes = [
        (unit, day, [(at, n) for at, n in enumerate(row) if n], row[facts])
        for (unit, day), row in tally.figures.items()
    ]
    for number, on_map in places.items():
        for leaf, day, changed, n in changes:
            place = on_map[leaf]
            quality = _quality(place, n)
            for unit in place.above:
                row = figures.get((number, unit, day))
                if row is None:
                    row = figures[number, unit, day] = [0] * width
                for at, more in changed:
                    row[at] += more
                for at, more in quality:
                    row[at] += more
        for (leaf, kind, day, previous), n in tally.reached.items():
            for unit in on_map[leaf].above:
                key = (number, unit, kind, day, previous)
                reached[key] = reached.get(key, 0) + n
    return figures, reached


def _quality(place: Place, facts: int) -> list[tuple[int, int]]:
    flags = (place.estimated, place.successor_unknown, place.home is None)
    return [(len(FIGURES) + at, facts) for at, flag in enumerate(flags) if flag and facts]


_LEAF_KEY = {"unit": "text", "day": "date"}
_REACH_KEY = {"unit": "text", "kind": "text", "day": "date", "previous_day": "date"}
_ROLLUP_KEY = {"map": "int", **_LEAF_KEY}
_ROLLUP_REACH_KEY = {"map": "int", **_REACH_KEY}


def _upsert(
    tx: Connection,
    table: str,
    key: Mapping[str, str],
    columns: Sequence[str],
    rows: Mapping[Any, Sequence[int]],
) -> None:
    """Add numbers to rows, making missing ones. Columns without any change are left out: most batches use few."""
    keys = sorted(rows)
    if not keys:
        return
    every = list(zip(*(rows[each] for each in keys), strict=True))
    used = {name: list(numbers) for name, numbers in zip(columns, every, strict=True) if any(numbers)}
    if not used:
        return
    names = (*key, *used)
    casts = [*(f"%s::{kind}[]" for kind in key.values()), *("%s::bigint[]" for _ in used)]
    tx.exec_driver_sql(
        f"""INSERT INTO {table} AS t ({", ".join(names)}) SELECT * FROM unnest({", ".join(casts)})
            ON CONFLICT ({", ".join(key)}) DO UPDATE SET {", ".join(f"{c} = t.{c} + excluded.{c}" for c in used)}""",
        (*(list(column) for column in zip(*keys, strict=True)), *used.values()),
    )


# --- moving ------------------------------------------------------------------------------------------------------


def moved(slot: Slot, tx: Connection, number: int, changes: Iterable[tuple[str, Place, Place]]) -> None:
    """Take leaves' figures out of the roll-ups of their old places and add them to those of the new ones.

    The guard must be held alone, else figures that arrive meanwhile go astray.
    """
    rows = [
        (leaf, unit, sign, *(sign * flag for flag in (p.estimated, p.successor_unknown, p.home is None)))
        for leaf, old, new in changes
        for p, sign in ((old, -1), (new, 1))
        for unit in p.above
    ]
    if rows:
        _move(slot, tx, number, rows)


def roll_up(slot: Slot, tx: Connection, number: int, places: Mapping[str, Place]) -> None:
    """Fill the (empty) roll-ups of a map from the leaves."""
    moved_in = [
        (leaf, unit, 1, *(int(flag) for flag in (p.estimated, p.successor_unknown, p.home is None)))
        for leaf, p in places.items()
        for unit in p.above
    ]
    if moved_in:
        _move(slot, tx, number, moved_in)


def _move(slot: Slot, tx: Connection, number: int, rows: list[tuple[Any, ...]]) -> None:
    shifts = [list(column) for column in zip(*rows, strict=True)]
    source = """unnest(%s::text[], %s::text[], %s::int[], %s::int[], %s::int[], %s::int[])
                AS m (leaf, unit, sign, estimated, successor_unknown, unplaced)"""
    columns = (*FIGURES, *QUALITY)
    sums = [*(f"sum(m.sign * f.{c})" for c in FIGURES), *(f"sum(m.{c} * f.facts)" for c in QUALITY)]
    tx.exec_driver_sql(
        f"""INSERT INTO {slot.table("rollup")} AS t (map, unit, day, {", ".join(columns)})
            SELECT {number}, m.unit, f.day, {", ".join(sums)}
              FROM {source} JOIN {slot.table("leaf")} f ON f.unit = m.leaf
            GROUP BY m.unit, f.day
            ON CONFLICT (map, unit, day) DO UPDATE SET {", ".join(f"{c} = t.{c} + excluded.{c}" for c in columns)}""",
        tuple(shifts),
    )
    tx.exec_driver_sql(
        f"""INSERT INTO {slot.table("rollup_reach")} AS t (map, unit, kind, day, previous_day, n)
            SELECT {number}, m.unit, r.kind, r.day, r.previous_day, sum(m.sign * r.n)
              FROM {source} JOIN {slot.table("reach")} r ON r.unit = m.leaf
            GROUP BY m.unit, r.kind, r.day, r.previous_day
            ON CONFLICT (map, unit, kind, day, previous_day) DO UPDATE SET n = t.n + excluded.n""",
        tuple(shifts),
    )

"""The read model itself, column by column: what no report shows yet is checked, too.

Sums over the days of a unit's roll-ups, on the map before the reform and on today's, against the count made anew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from ops.verify.difference import Difference
from ops.verify.source import Source
from shared.units import UnitTree

BEFORE, TODAY = 0, 1
EVERYWHERE = "*"
ROLLED_UP = ("commune", "district", "province")
STOCKS = (
    *("covered_", "teams_commune", "teams_village", "once_", "seats", "leaders", "deputies", "members", "serving_"),
    *("warnings", "regulations", "plans", "households_", "opinions_open", "certificates_"),
)
"""How names of figures begin that are asked as of a date; the others are of a period."""
NOT_FIGURES = {"map", "unit", "day", "facts", "estimated", "uncertain", "successor_unknown", "unplaced", "keyed"}
FIRST = "first_"
"""Columns of those met for the first time: together with the pairs of days they are those met in a period."""


def check(
    reporting: Source,
    tree: UnitTree,
    today: date,
    first: date,
    last: date,
    map_day: date,
    expected: Mapping[str, Counter[str]],
) -> int:
    """Raises ``Difference``; the number of figures compared."""
    number = TODAY if map_day == today else BEFORE
    columns = [
        name
        for (name,) in reporting.all(
            "SELECT column_name FROM information_schema.columns WHERE (table_schema, table_name) = ('read', 'rollup')"
        )
        if name not in NOT_FIGURES
    ]
    told = _figures(reporting, columns, number, first, last)
    for unit, kind, n in reporting.all(_MET, number, first, last, first):
        told.setdefault(unit, Counter())[f"met_{kind}"] += n
    for unit, name, n in reporting.all(_KEYED, number, last, list(KEYED_STOCKS), first):
        told.setdefault(unit, Counter())[name] += n
    told = {unit: figures for unit, figures in told.items() if any(figures.values())}
    for unit_id in (told.keys() - {EVERYWHERE}) | expected.keys():
        level = tree.level(unit_id)
        if level == "village":
            continue  # not rolled up; the reports tell
        held = told.get(EVERYWHERE if level == "nation" else unit_id, Counter())
        name = tree.full_name(unit_id, map_day) or unit_id
        _same(f"{name} ({unit_id}) {first}…{last} on the map of {map_day}", held, expected.get(unit_id, Counter()))
    return len(columns) * len(told)


def check_doubts(reporting: Source, tree: UnitTree, number: int, map_day: date) -> int:
    """How many facts stand doubtfully where they do, by what is known of the units. Raises ``Difference``; the number
    of units compared."""
    names = ("estimated", "uncertain", "successor_unknown", "unplaced")
    sums = ", ".join(f"coalesce(sum({name}), 0)::int" for name in names)
    rows = reporting.all(f"SELECT unit, {sums} FROM read.rollup WHERE map = %s GROUP BY unit", number)
    told = {unit: Counter(dict(zip(names, numbers, strict=True))) for unit, *numbers in rows}
    expected: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for leaf, facts in reporting.all(
        "SELECT unit, sum(facts)::int FROM read.leaf GROUP BY unit HAVING sum(facts) <> 0"
    ):
        placed = tree.place(leaf, map_day)
        if placed is None:
            expected[EVERYWHERE]["unplaced"] += facts
            continue
        doubts = {"estimated": placed.estimated, "successor_unknown": placed.successor_unknown}
        above = [unit for unit in tree.ancestors(placed.unit_id, map_day) if tree.level(unit) in ROLLED_UP]
        for unit in (*above, EVERYWHERE):
            expected[unit].update({name: facts for name, so in doubts.items() if so})
            expected[unit]["uncertain"] += facts if unit in placed.uncertain else 0
    nation = next(tree.existing(map_day, "nation"))
    for unit in told.keys() | expected.keys():
        unit_id = nation if unit == EVERYWHERE else unit
        where = f"{tree.full_name(unit_id, map_day) or unit_id} ({unit_id}) on the map of {map_day}"
        _same(where, told.get(unit, Counter()), expected[unit])
    return len(told)


def check_months(reporting: Source) -> None:
    """Provinces and the nation have figures and pairs of days twice, and answer from both. Raises ``Difference``."""
    if by_month := reporting.all(_OTHER_BY_MONTH):
        raise Difference(f"pairs of days by month differ from those by day: {by_month[0]}")
    columns = [
        name
        for (name,) in reporting.all(
            """SELECT column_name FROM information_schema.columns
                WHERE (table_schema, table_name) = ('read', 'rollup_months') AND data_type = 'integer'"""
        )
        if name != "map"
    ]
    off = " OR ".join(f"coalesce(sum({name}), 0) <> 0" for name in columns)
    listed, taken = ", ".join(columns), ", ".join(f"-{name}" for name in columns)
    if by_month := reporting.all(_OTHER_FIGURES.format(figures=listed, taken=taken, off=off)):
        raise Difference(f"figures by month differ from those by day: {by_month[0]}")
    if by_month := reporting.all(_OTHER_CODES):
        raise Difference(f"codes by month differ from those by day: {by_month[0]}")


_MET = """SELECT unit, kind, sum(n)::int FROM read.rollup_reach
           WHERE map = %s AND day BETWEEN %s AND %s AND previous_day < %s GROUP BY 1, 2"""

_OTHER_BY_MONTH = """
    SELECT map, unit, kind, day, month, sum(n)::int FROM (
        SELECT map, unit, kind, day, previous_month AS month, n FROM read.rollup_reach_months
         UNION ALL
        SELECT map, unit, kind, day, date_trunc('month', previous_day::timestamp)::date, -n FROM read.rollup_reach p
         WHERE unit = '*' OR EXISTS (SELECT FROM read.placement WHERE (map, province) = (p.map, p.unit))) AS pairs
     GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0 LIMIT 1"""

_MONTH_OF_DAY = """date_trunc('month', day::timestamp)::date"""
_WIDE = "unit = '*' OR EXISTS (SELECT FROM read.placement WHERE (map, province) = (r.map, r.unit))"
_OTHER_FIGURES = f"""
    SELECT map, unit, month FROM (
        SELECT map, unit, month, {{figures}} FROM read.rollup_months
         UNION ALL
        SELECT map, unit, {_MONTH_OF_DAY}, {{taken}} FROM read.rollup r WHERE {_WIDE}) AS rows
     GROUP BY 1, 2, 3 HAVING {{off}} LIMIT 1"""
_OTHER_CODES = f"""
    SELECT map, unit, month, key, sum(n)::int FROM (
        SELECT map, unit, month, code.key, code.value::int AS n
          FROM read.rollup_months CROSS JOIN jsonb_each(keyed) AS code
         UNION ALL
        SELECT map, unit, {_MONTH_OF_DAY}, code.key, -code.value::int
          FROM read.rollup r CROSS JOIN jsonb_each(keyed) AS code WHERE {_WIDE}) AS rows
     GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0 LIMIT 1"""

KEYED_STOCKS = ("seats_affiliation", "warnings_code", "plans_year")
_KEYED = """SELECT unit, each.key, sum(each.value::int)::int FROM read.rollup CROSS JOIN jsonb_each(keyed) AS each
             WHERE map = %s AND day <= %s AND (split_part(each.key, ':', 1) = ANY(%s) OR day >= %s) GROUP BY 1, 2"""


def _figures(
    reporting: Source, columns: Sequence[str], number: int, first: date, last: date
) -> dict[str, Counter[str]]:
    sums = ", ".join(f"coalesce(sum({name}) FILTER (WHERE {_when(name)}), 0)::int" for name in columns)
    parameters = [day for name in columns for day in ((last,) if _is_stock(name) else (first, last))]
    rows = reporting.all(f"SELECT unit, {sums} FROM read.rollup WHERE map = %s GROUP BY unit", *parameters, number)
    found: dict[str, Counter[str]] = {}
    for unit, *numbers in rows:
        figures = found[unit] = Counter()
        for name, n in zip(columns, numbers, strict=True):
            figures[f"met_{name.removeprefix(FIRST)[:-1]}" if name.startswith(FIRST) else name] += n
    return found


def _is_stock(name: str) -> bool:
    return name == "people" or name.startswith(STOCKS)


def _when(name: str) -> str:
    return "day <= %s" if _is_stock(name) else "day BETWEEN %s AND %s"


def _same(where: str, told: Counter[str], expected: Counter[str]) -> None:
    for name in told.keys() | expected.keys():
        if told[name] != expected[name]:
            raise Difference(f"{where}: {name} is {told[name]} in the read model, counted anew {expected[name]}")

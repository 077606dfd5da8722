"""The committed seed: the real units of Viet Nam since 1/1/2022, ready to be sent to the teams service.

``load()`` takes a few milliseconds per thousand units and needs nothing but the standard library. Ids and command ids
are derived from stable references, so every installation and every repetition uses the same ones.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from shared.units import GSO, UnitTree

NAMESPACE = UUID("6a7d0f3c-5f0e-5c55-9a52-3c1f6d3f2b70")
NATION_ID = str(uuid5(NAMESPACE, "nation"))
KNOWN_SINCE = date(2022, 1, 1)
REFORM = date(2025, 7, 1)
"""First day of the map of 34 provinces without districts."""

SEED = Path(__file__).with_name("seed.json.gz")

Row = dict[str, Any]

_LEVELS = {"p": ("province", 2), "d": ("district", 3), "c": ("commune", 5)}
_EVENTS = {
    "establish": "UnitEstablished",
    "rename": "UnitRenamed",
    "change_kind": "UnitKindChanged",
    "assign_code": "UnitCodeAssigned",
    "reparent": "UnitReparented",
    "abolish": "UnitAbolished",
}

_VALUE = {"rename": "name", "change_kind": "kind", "reparent": "parent_id"}


@dataclass(frozen=True)
class Seed:
    """All rows in the order in which they can be sent, and the tree they make.

    ``undated``: communes that were merged in 2023-25 on a day nobody has looked up; they stand until the reform.
    """

    rows: tuple[Row, ...]
    sources: tuple[str, ...]
    undated: frozenset[str]

    @cached_property
    def tree(self) -> UnitTree:
        """The whole seed folded, for look-ups by the demo and by tests."""
        tree = UnitTree()
        for row in self.rows:
            tree.apply(*as_event(row))
        return tree

    def by_code(self, code: str, day: date) -> str:
        """Id of the unit with this statistical code on that day: 2 digits a province, 3 a district, 5 a commune."""
        found = self.tree.by_code(code, day)
        if found is None:
            raise LookupError(f"no unit with code {code} on {day}")
        return found

    def by_name(self, name: str, day: date, level: str, within: str | None = None) -> str:
        """Id of the only unit of that level and name on that day, optionally below another unit."""
        found = [
            u for u in self.tree.find_by_name(name, day, level) if not within or self.tree.covers({within}, u, day)
        ]
        if len(found) != 1:
            raise LookupError(f"{len(found)} units of level {level} are called {name} on {day}")
        return found[0]

    def communes(self, unit_id: str, day: date) -> tuple[str, ...]:
        """Ids of all communes of a district or province (or the nation) on that day, by code."""
        tree = self.tree
        found = [u for u in tree.existing(day, "commune") if unit_id in tree.ancestors(u, day)]
        return tuple(sorted(found, key=lambda u: tree.code(u, day) or ""))


def load() -> Seed:
    content = json.loads(gzip.decompress(SEED.read_bytes()))
    return decode(content)


def decode(content: dict[str, Any]) -> Seed:
    """The seed from the content of its file."""
    ids, established = _established(content)
    return Seed(
        tuple(_rows(content, ids, established)),
        tuple(content["sources"]),
        frozenset(ids[number] for number in content["undated"]),
    )


def rows(seed: Seed, upto: date | None = None) -> Iterator[Row]:
    """Rows for ``POST /v1/units/batch``, those effective on or before ``upto`` only.

    Each row: ``id`` (command id), ``do`` (establish, rename, change_kind, assign_code, reparent, abolish), ``unit_id``,
    ``effective`` and the other fields of its event, without ``document_id``: which document a change rests on is for
    the caller to say.

    Days ascend. Within a day units are established before anything refers to them, then come changes of units that go
    on, then abolitions (communes, districts, provinces), and codes last: nearly every code of 1/7/2025 was another
    unit's until the day before, and that unit's successor has to exist before it can be abolished.
    """
    last = (upto or date.max).isoformat()
    return (row for row in seed.rows if row["effective"] <= last)


def as_event(row: Row) -> tuple[str, dict[str, Any]]:
    """The public event that the row leads to: its type and data."""
    data = {key: value for key, value in row.items() if key not in ("id", "do")}
    if row["do"] == "establish":
        data.setdefault("document_id", None)
    return _EVENTS[row["do"]], data


def _rows(content: dict[str, Any], ids: list[str], established: dict[str, list[Row]]) -> Iterator[Row]:
    days = sorted({*content["changed"], *content["abolished"], *established})
    yield _row(
        "establish",
        NATION_ID,
        KNOWN_SINCE.isoformat(),
        level="nation",
        kind="quốc gia",
        name="Việt Nam",
        parent_id=None,
        code=None,
        simulated=False,
    )
    for day in days:
        born, changes = established.get(day, []), content["changed"].get(day, [])
        later = day > KNOWN_SINCE.isoformat()
        yield from (row | {"code": None} if later else row for row in born)
        for do, unit, value in changes:
            if do != "assign_code":
                yield _row(do, ids[unit], day, **{_VALUE[do]: ids[value] if do == "reparent" else value})
        yield from _abolitions(content, day, ids)
        codes = [(row["unit_id"], row["code"]) for row in born if later]
        codes += [(ids[unit], value) for do, unit, value in changes if do == "assign_code"]
        for unit_id, code in codes:
            yield _row("assign_code", unit_id, day, system=GSO, code=code)


def _abolitions(content: dict[str, Any], day: str, ids: list[str]) -> Iterator[Row]:
    gone = content["abolished"].get(day, {"units": [], "heirs": []})
    unknown = set(content["unknown"])
    ending = list(zip(accumulate(gone["units"]), gone["heirs"], strict=True))
    for unit, heirs in reversed(ending):  # the file has provinces before districts before communes
        successors = [{"unit_id": ids[heir], "main": n == 0} for n, heir in enumerate(heirs)]
        yield _row("abolish", ids[unit], day, successors=successors, successor_unknown=unit in unknown)


def _established(content: dict[str, Any]) -> tuple[list[str], dict[str, list[Row]]]:
    """Ids in the order of the file's numbers, and the rows per day."""
    ids: list[str] = []
    by_day: dict[str, list[Row]] = {}
    for table in content["established"]:
        level, width = _LEVELS[table["level"]]
        columns = zip(
            accumulate(table["codes"]), table["kinds"], table["names"].split("|"), table["parents"], strict=True
        )
        for number, kind, name, parent in columns:
            code = f"{number:0{width}d}"
            ids.append(str(uuid5(NAMESPACE, f"{level}/{code}/{table['day']}")))
            by_day.setdefault(table["day"], []).append(
                _row(
                    "establish",
                    ids[-1],
                    table["day"],
                    level=level,
                    kind=content["kinds"][kind],
                    name=name,
                    parent_id=NATION_ID if parent < 0 else ids[parent],
                    code=code,
                    simulated=False,
                )
            )
    return ids, by_day


def _row(do: str, unit_id: str, day: str, **fields: Any) -> Row:
    return {
        "id": str(uuid5(NAMESPACE, f"{do}/{unit_id}/{day}")),
        "do": do,
        "unit_id": unit_id,
        "effective": day,
    } | fields

"""Which unit a row means: by id, by code or by name, on the map of a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from services.teams.reform.sheet import Line
from shared.units import LEVELS, UnitTree
from shared.vietnamese import fold

WIDTHS = {"province": 2, "district": 3, "commune": 5}
"""Digits of a GSO code: a spreadsheet makes 97 of 00097."""
RANK = {level: rank for rank, level in enumerate(LEVELS)}


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong with a row: at a column's key ("" for the whole row). A ``warning`` stops nothing."""

    index: int
    column: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)
    warning: bool = False


def codes(text: str, level: str | None = None) -> Iterator[str]:
    """The code as written, and with the zeros that a spreadsheet may have dropped."""
    yield text
    if text.isascii() and text.isdigit():
        widths = [WIDTHS[level]] if level in WIDTHS else sorted(WIDTHS.values(), reverse=True) if level is None else []
        yield from (text.zfill(width) for width in widths if width > len(text))


def with_zeros(code: str, level: str) -> str:
    """The code as a unit of that level bears it."""
    return [*codes(code, level)][-1]


def by_text(tree: UnitTree, text: str, day: date, levels: Iterable[str]) -> list[str]:
    """Units of these levels that stand on the day under this id or code: one, none, or several if a zero is missing."""
    wanted = set(levels)
    if tree.exists(text, day) and tree.level(text) in wanted:
        return [text]
    found = [unit for code in codes(text) if (unit := tree.by_code(code, day)) and tree.level(unit) in wanted]
    return found[:1] if found and tree.code(found[0], day) == text else list(dict.fromkeys(found))


def old_unit(line: Line, tree: UnitTree) -> str | Flaw:
    """The unit that the row calls old, as it stood on the day before."""
    day = line.effective - timedelta(1)
    if line.old_id is not None:
        unit, column = line.old_id, "old_id"
    elif line.old_code is not None:
        column = "old_code"
        found = [u for code in codes(line.old_code, line.level) if (u := tree.by_code(code, day))]
        unit = found[0] if found else ""
    else:
        column = "old_name"
        named = _named(line, tree, day)
        if isinstance(named, Flaw):
            return named
        unit = named
    if unit not in tree:
        return Flaw(line.index, column, "unknown-unit", {"day": day})
    for when in (day, line.effective):  # what ended that very day is already dealt with
        if not tree.exists(unit, when):
            return _not_there(line, column, unit, tree, when)
    if tree.level(unit) != line.level:
        return Flaw(line.index, "level", "reform-level-differs", {"unit": unit, "level": tree.level(unit)})
    return unit


def _named(line: Line, tree: UnitTree, day: date) -> str | Flaw:
    found = tree.find_by_name(line.old_name or "", day, line.level)
    if line.old_parent is not None:
        parents = by_text(tree, line.old_parent, day, LEVELS[: RANK[line.level]])
        if len(parents) != 1:
            return Flaw(line.index, "old_parent", "reform-parent-unknown", {"day": day})
        found = tuple(unit for unit in found if parents[0] in tree.ancestors(unit, day))
    if len(found) == 1:
        return found[0]
    code = "reform-name-ambiguous" if found else "unknown-unit"
    return Flaw(line.index, "old_name", code, {"day": day, "units": len(found)})


def _not_there(line: Line, column: str, unit: str, tree: UnitTree, day: date) -> Flaw:
    opened, closed = tree.life(unit)
    if closed is not None and closed <= day:
        return Flaw(line.index, column, "unit-closed", {"unit": unit, "closed": closed, "day": day})
    return Flaw(line.index, column, "unit-not-yet", {"unit": unit, "opened": opened, "day": day})


def misnamed(line: Line, unit: str, tree: UnitTree) -> Iterator[Flaw]:
    """Warnings where id, code and name of the row do not tell the same."""
    day = line.effective - timedelta(1)
    if line.old_name is not None:
        known = (tree.name(unit, day) or "", tree.full_name(unit, day) or "")
        if fold(line.old_name) not in map(fold, known):
            yield Flaw(line.index, "old_name", "reform-name-differs", {"name": known[1]}, warning=True)
    if line.old_id is not None and line.old_code is not None:
        code = tree.code(unit, day)
        if code not in [*codes(line.old_code, line.level)]:
            yield Flaw(line.index, "old_code", "reform-code-differs", {"value": code}, warning=True)

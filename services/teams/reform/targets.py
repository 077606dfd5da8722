"""The new units that the rows of one day speak of: which rows mean the same unit, and what they say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid5

from services.teams.reform.found import RANK, Flaw, by_text, codes, with_zeros
from services.teams.reform.sheet import KEEP, PART, UNKNOWN, Line
from shared.units import KINDS, LEVELS, UnitTree
from shared.vietnamese import fold

Alias = tuple[str, ...]


@dataclass(slots=True)
class Target:
    """``goes_on``: a unit that stood the day before and stands on, changed or not; the others are established."""

    unit_id: str
    level: str
    lines: list[Line]
    goes_on: bool
    name: str | None = None
    kind: str | None = None
    code: str | None = None
    parent: str | None = None
    """As written; ``parent_id`` is what it means."""
    parent_id: str | None = None
    flaws: list[Flaw] = field(default_factory=list)

    @property
    def first(self) -> Line:
        return self.lines[0]


def gather(reform: UUID, lines: Sequence[Line], olds: Mapping[int, str], tree: UnitTree) -> dict[int, Target]:
    """Row index → the new unit it speaks of; rows that name no new unit are left out. ``olds``: row → old unit."""
    links = Counter(olds.values())
    groups = _groups(lines, olds)
    found: dict[int, Target] = {}
    for members in groups:
        target = _target(reform, members, olds, links, tree)
        found.update((line.index, target) for line in members)
    return found


def _groups(lines: Sequence[Line], olds: Mapping[int, str]) -> list[list[Line]]:
    """Rows that share an id, a code, or (without both) a name within one parent mean one unit."""
    leader: dict[Alias, Alias] = {}

    def lead(alias: Alias) -> Alias:
        while leader.setdefault(alias, alias) != alias:
            alias = leader[alias]
        return alias

    first: dict[int, Alias] = {}
    for line in lines:
        aliases = list(_aliases(line, olds.get(line.index)))
        for other in aliases[1:]:
            leader[lead(other)] = lead(aliases[0])
        if aliases:
            first[line.index] = aliases[0]
    groups: dict[Alias, list[Line]] = {}
    for line in lines:
        if line.index in first:
            groups.setdefault(lead(first[line.index]), []).append(line)
    return list(groups.values())


def _aliases(line: Line, old: str | None) -> Iterator[Alias]:
    if not line.names_new:
        return
    level = line.new_level or line.level
    keeps = old is not None and (line.new_id == KEEP or not (line.new_id or line.new_code or line.new_name))
    if keeps and old is not None:
        yield "id", old
    elif line.new_id is not None:
        yield "id", line.new_id
    if line.new_code is not None:
        yield "code", level, with_zeros(line.new_code, level)
    if not keeps and line.new_id is None and line.new_code is None:
        yield "name", level, fold(line.new_parent or line.old_parent or ""), fold(line.new_name or "")


def _target(
    reform: UUID, lines: list[Line], olds: Mapping[int, str], links: Mapping[str, int], tree: UnitTree
) -> Target:
    flaws: list[Flaw] = []
    level = _agreed(lines, "new_level", flaws) or lines[0].level
    code = _agreed(lines, "new_code", flaws, level)
    name, kind, parent = (_agreed(lines, column, flaws) for column in ("new_name", "new_kind", "new_parent"))
    unit_id = _identity(lines, olds, links, flaws)
    if unit_id is None:
        spoken = code or f"{fold(parent or '')}/{fold(name or '')}"
        unit_id = str(uuid5(reform, f"unit/{level}/{spoken}/{lines[0].effective}"))
    goes_on = tree.exists(unit_id, lines[0].effective)
    target = Target(unit_id, level, lines, goes_on, name, kind.casefold() if kind else None, code, parent, None, flaws)
    flaws += _incomplete(target, tree)
    return target


def _identity(lines: list[Line], olds: Mapping[int, str], links: Mapping[str, int], flaws: list[Flaw]) -> str | None:
    """The id that the rows give the unit; that of the old unit where one became exactly one. None: a new one."""
    given: dict[str, Line] = {}
    for line in lines:
        old = olds.get(line.index)
        bare = line.new_id is None and line.new_code is None and line.new_name is None
        if line.new_id == KEEP and old is None:
            flaws.append(Flaw(line.index, "new_id", "reform-keeps-nothing"))
        elif line.new_id == KEEP or (bare and old is not None):
            given.setdefault(old or "", line)
        elif line.new_id is not None:
            given.setdefault(line.new_id, line)
    if len(given) > 1:
        flaws.append(Flaw(list(given.values())[1].index, "new_id", "reform-ids-contradict", {"units": len(given)}))
    if given:
        return next(iter(given))
    line, old = lines[0], olds.get(lines[0].index)
    alone = len(lines) == 1 and old is not None and links[old] == 1
    same = (line.new_level or line.level) == line.level and line.share not in (PART, UNKNOWN)
    return old if alone and same else None


def _agreed(lines: Iterable[Line], column: str, flaws: list[Flaw], level: str | None = None) -> str | None:
    """What the rows say in this column: the first that says anything; all others must say the same.

    With ``level`` it is a code, whose zeros are put back.
    """
    agreed: tuple[Line, str] | None = None
    for line in lines:
        value: str | None = getattr(line, column)
        if value is None:
            continue
        if level is not None:
            value = with_zeros(value, level)
        if agreed is None:
            agreed = line, value
        elif value != agreed[1]:
            flaws.append(Flaw(line.index, column, "reform-new-contradicts", {"other": agreed[0].index}))
    return agreed[1] if agreed else None


def _incomplete(target: Target, tree: UnitTree) -> Iterator[Flaw]:
    line = target.first
    if target.goes_on:
        if tree.level(target.unit_id) != target.level:
            yield Flaw(line.index, "new_level", "reform-level-differs", _level(target.unit_id, tree))
    elif target.unit_id in tree:
        yield Flaw(line.index, "new_id", "reform-id-used", {"unit": target.unit_id})
    else:
        for column, value in (("new_name", target.name), ("new_kind", target.kind)):
            if value is None:
                yield Flaw(line.index, column, "reform-new-incomplete")
    if target.kind is not None and target.level in KINDS and target.kind not in KINDS[target.level]:
        yield Flaw(line.index, "new_kind", "reform-kind-unknown", {"level": target.level})


def _level(unit: str, tree: UnitTree) -> dict[str, object]:
    return {"unit": unit, "level": tree.level(unit)}


def settle_parents(targets: Iterable[Target], tree: UnitTree, ended: set[str]) -> None:
    """Find every unit's parent among the new units of the day and those that stand on."""
    targets = list(targets)
    by_code = {(target.code, target.level): target for target in targets if target.code}
    by_id = {target.unit_id: target for target in targets}
    for target in targets:
        found = _parent(target, tree, ended, by_id, by_code)
        if isinstance(found, Flaw):
            target.flaws.append(found)
        else:
            target.parent_id = found


def _parent(
    target: Target,
    tree: UnitTree,
    ended: set[str],
    by_id: Mapping[str, Target],
    by_code: Mapping[tuple[str, str], Target],
) -> str | Flaw | None:
    line, text = target.first, target.parent
    above = LEVELS[: RANK[target.level]]
    day = line.effective
    if text is None:
        if target.goes_on:
            return None
        if target.level == LEVELS[1]:
            return next(tree.existing(day, LEVELS[0]), None)
        return Flaw(line.index, "new_parent", "reform-new-incomplete")
    if text in by_id:
        if by_id[text].level in above:
            return text
        return Flaw(line.index, "new_parent", "unit-parent-level", _levels(by_id[text].level, target))
    for code in codes(text):
        for level in reversed(above):
            if (code, level) in by_code:
                return by_code[code, level].unit_id
    return _standing_parent(target, text, tree, ended, day)


def _standing_parent(target: Target, text: str, tree: UnitTree, ended: set[str], day: date) -> str | Flaw:
    line = target.first
    found = by_text(tree, text, day, LEVELS)
    if not found:
        return Flaw(line.index, "new_parent", "reform-parent-unknown", {"day": day})
    standing = [unit for unit in found if unit not in ended]
    if not standing:
        return Flaw(line.index, "new_parent", "reform-parent-ends", {"unit": found[0], "day": day})
    higher = [unit for unit in standing if RANK[tree.level(unit) or LEVELS[-1]] < RANK[target.level]]
    if not higher:
        return Flaw(line.index, "new_parent", "unit-parent-level", _levels(tree.level(standing[0]), target))
    if len(higher) > 1:
        return Flaw(line.index, "new_parent", "reform-parent-ambiguous", {"units": len(higher)})
    return higher[0]


def _levels(level: str | None, target: Target) -> dict[str, object]:
    return {"parent_level": level, "level": target.level}

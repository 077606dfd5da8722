"""Rows → plan: what is established, altered and abolished, by which document, and what becomes of the teams.

A pure function of the file and the tree of units. Days are taken in turn, each on the map that the earlier ones leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from services.teams.reform import rules
from services.teams.reform.found import RANK, Flaw, misnamed, old_unit
from services.teams.reform.sheet import LEAVE, MERGE, REASSIGN, UNKNOWN, Line, Paper
from services.teams.reform.targets import Target, gather, settle_parents
from shared.units import GSO, LEVELS, UnitTree


@dataclass(frozen=True, slots=True)
class Established:
    """``line``: the row that speaks for it."""

    unit_id: str
    level: str
    kind: str
    name: str
    parent_id: str
    code: str | None
    day: date
    paper: Paper
    line: int


@dataclass(frozen=True, slots=True)
class Altered:
    """A unit that goes on; None is what does not change."""

    unit_id: str
    name: str | None
    kind: str | None
    parent_id: str | None
    code: str | None
    day: date
    paper: Paper
    line: int


@dataclass(frozen=True, slots=True)
class Abolished:
    """``heirs``: the main successor first. ``teams``: what becomes of those that serve it."""

    unit_id: str
    level: str
    heirs: tuple[str, ...]
    unknown: bool
    teams: str
    day: date
    paper: Paper
    line: int


Item = Established | Altered | Abolished


@dataclass(slots=True)
class Plan:
    """``after`` is the tree with the plan in it; ``mentioned``: (day, unit) of every old unit of the file."""

    established: list[Established] = field(default_factory=list)
    altered: list[Altered] = field(default_factory=list)
    abolished: list[Abolished] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    mentioned: set[tuple[date, str]] = field(default_factory=set)
    after: UnitTree = field(default_factory=UnitTree)

    @property
    def errors(self) -> list[Flaw]:
        return [flaw for flaw in self.flaws if not flaw.warning]

    @property
    def items(self) -> list[Item]:
        """By day, then in the order of the file."""
        found: list[Item] = [*self.established, *self.altered, *self.abolished]
        return sorted(found, key=lambda item: (item.day, item.line, item.unit_id))

    @property
    def days(self) -> list[date]:
        return sorted({item.day for found in (self.established, self.altered, self.abolished) for item in found})

    @property
    def papers(self) -> list[tuple[Paper, date]]:
        """Every document once, with the first day it is cited for."""
        cited: dict[str, tuple[Paper, date]] = {}
        for item in self.items:
            cited.setdefault(item.paper.key, (item.paper, item.day))
        return list(cited.values())


def plan_of(reform: UUID, lines: Sequence[Line], tree: UnitTree) -> Plan:
    """``reform`` names the units that get an id here: the same file for the same reform makes the same plan."""
    plan = Plan(after=tree.copy())
    for day, of_day in groupby(sorted(lines, key=lambda line: (line.effective, line.index)), lambda at: at.effective):
        _Day(day, list(of_day), plan).work(reform)
    return plan


class _Day:
    """One day of the plan, on the map before it."""

    def __init__(self, day: date, lines: list[Line], plan: Plan) -> None:
        self.day, self.lines, self.plan = day, lines, plan
        self.before = plan.after
        self.olds: dict[int, str] = {}
        self.targets: dict[int, Target] = {}

    def work(self, reform: UUID) -> None:
        usable = [line for line in self.lines if self._resolved(line)]
        if not usable:
            return
        self.targets = gather(reform, usable, self.olds, self.before)
        unique = list({id(target): target for target in self.targets.values()}.values())
        links = self._links(usable)
        going_on = {target.unit_id for target in unique if target.goes_on}
        ended = links.keys() - going_on
        settle_parents(unique, self.before, ended)
        self._flaw(flaw for target in unique for flaw in target.flaws)
        gone = list(self._abolitions(links, going_on))
        born = [self._established(target) for target in unique if not target.goes_on and _whole(target)]
        changed = [altered for target in unique if target.goes_on and (altered := self._altered(target))]
        self.plan.abolished += gone
        self.plan.established += born
        self.plan.altered += changed
        self._flaw(self._taken_codes(born, changed, gone))
        for type_, data in events(born, changed, gone):
            self.plan.after.apply(type_, data)

    def _flaw(self, flaws: Iterable[Flaw]) -> None:
        self.plan.flaws.extend(flaws)

    # --- old units ----------------------------------------------------------------------------------------------

    def _resolved(self, line: Line) -> bool:
        """Whether the row says enough to be used; remembers its old unit."""
        if not line.names_old:
            if not line.names_new:
                self._flaw([Flaw(line.index, "old_code", "reform-row-empty")])
            return line.names_new
        found = old_unit(line, self.before)
        if isinstance(found, Flaw):
            self._flaw([found])
            return False
        self._flaw(misnamed(line, found, self.before))
        self.olds[line.index] = found
        self.plan.mentioned.add((self.day, found))
        return True

    def _links(self, lines: Sequence[Line]) -> dict[str, list[Line]]:
        links: dict[str, list[Line]] = {}
        for line in lines:
            if line.index in self.olds:
                links.setdefault(self.olds[line.index], []).append(line)
        return links

    # --- what ends ----------------------------------------------------------------------------------------------

    def _abolitions(self, links: Mapping[str, list[Line]], going_on: set[str]) -> Iterator[Abolished]:
        for unit, lines in links.items():
            heirs = [(line, self.targets[line.index]) for line in lines if line.index in self.targets]
            self._flaw(rules.of_links(unit, lines, heirs, going_on, self.before.level(unit) or ""))
            _, closes = self.before.life(unit)
            if closes is not None:
                self._flaw([Flaw(lines[0].index, "effective", "reform-unit-ends-later", {"day": closes})])
            if unit in going_on:
                continue
            main = rules.main_of(heirs)
            ranked = [main, *(pair for pair in heirs if pair is not main)] if main else heirs
            yield Abolished(
                unit,
                self.before.level(unit) or "",
                tuple(dict.fromkeys(target.unit_id for _, target in ranked)),
                any(line.share == UNKNOWN for line in lines),
                self._fate_of_teams(unit, lines, main),
                self.day,
                (main[0] if main else lines[0]).paper,
                (main[0] if main else lines[0]).index,
            )

    def _fate_of_teams(self, unit: str, lines: list[Line], main: tuple[Line, Target] | None) -> str:
        """As the row of the main successor says; else teams of villages that come together are merged."""
        if main is None:
            return LEAVE
        said = main[0].teams or next((line.teams for line in lines if line.teams), None)
        together = len({self.olds.get(line.index) for line in main[1].lines}) > 1
        return said or (MERGE if self.before.level(unit) == LEVELS[4] and together else REASSIGN)

    # --- what begins and changes --------------------------------------------------------------------------------

    def _established(self, target: Target) -> Established:
        assert target.name and target.kind and target.parent_id
        line = target.first
        return Established(
            target.unit_id,
            target.level,
            target.kind,
            target.name,
            target.parent_id,
            target.code,
            self.day,
            line.paper,
            line.index,
        )

    def _altered(self, target: Target) -> Altered | None:
        unit, day, tree = target.unit_id, self.day, self.before
        now = (tree.name(unit, day), tree.kind(unit, day), tree.parent(unit, day), tree.code(unit, day))
        said = (target.name, target.kind, target.parent_id, target.code)
        news = [new if new != old else None for new, old in zip(said, now, strict=True)]
        if not any(news):
            return None
        name, kind, parent, code = news
        line = target.first
        return Altered(unit, name, kind, parent, code, day, line.paper, line.index)

    def _taken_codes(
        self, born: Sequence[Established], changed: Sequence[Altered], gone: Sequence[Abolished]
    ) -> Iterator[Flaw]:
        """A code is borne by one unit a day: whoever bears it must end, or take another one."""
        gives_up = {item.unit_id for item in gone} | {item.unit_id for item in changed if item.code}
        taken: dict[str, str] = {}
        takers: list[Established | Altered] = [*born, *changed]
        for item in takers:
            if item.code is None:
                continue
            bearer = self.before.by_code(item.code, self.day)
            free = bearer is None or bearer == item.unit_id or bearer in gives_up
            holder = taken.get(item.code) if free else bearer
            if holder is not None:
                params = {"value": item.code, "holder": holder, "day": self.day}
                yield Flaw(item.line, "new_code", "unit-code-taken", params)
            taken[item.code] = item.unit_id


def _whole(target: Target) -> bool:
    return bool(target.name and target.kind and target.parent_id)


def events(
    born: Iterable[Established], changed: Iterable[Altered], gone: Iterable[Abolished]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a tree of units hears of it."""
    for new in born:
        yield (
            "UnitEstablished",
            _said(new.unit_id, new.day)
            | {"level": new.level, "kind": new.kind, "name": new.name, "parent_id": new.parent_id, "code": new.code},
        )
    for item in changed:
        said = _said(item.unit_id, item.day)
        if item.name:
            yield "UnitRenamed", said | {"name": item.name}
        if item.kind:
            yield "UnitKindChanged", said | {"kind": item.kind}
        if item.parent_id:
            yield "UnitReparented", said | {"parent_id": item.parent_id}
        if item.code:
            yield "UnitCodeAssigned", said | {"system": GSO, "code": item.code}
    for end in sorted(gone, key=lambda item: -RANK[item.level]):
        heirs = [{"unit_id": heir, "main": n == 0} for n, heir in enumerate(end.heirs)]
        yield "UnitAbolished", _said(end.unit_id, end.day) | {"successors": heirs, "successor_unknown": end.unknown}


def _said(unit_id: str, day: date) -> dict[str, Any]:
    return {"unit_id": unit_id, "effective": day.isoformat(), "document_id": None}

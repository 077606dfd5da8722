"""From rows to everything that is kept of a reform: plan, orders, preview. Decided by the registry, stored nowhere.

What has facts of later days is rehearsed, so that what the registry would refuse is known before: a refused change of
units is an error of its row, a team that cannot be moved is a conflict and stays where it is. All else follows from the
tables, set by set; before anything is stored everything is rehearsed once more.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from services.teams.authority import Authority
from services.teams.domain.documents import Document, DocumentKey, document_stream
from services.teams.domain.reforms import ReformTotals
from services.teams.domain.team.life import team_stream
from services.teams.domain.team.merge import Fate, MergeTeams
from services.teams.domain.team.state import Team
from services.teams.domain.units import unit_stream
from services.teams.reform import preview
from services.teams.reform.census import Census
from services.teams.reform.found import Flaw
from services.teams.reform.groups import groups_of
from services.teams.reform.mergers import merger_orders
from services.teams.reform.moves import Merger, Move, Serving, mergers_of, moves_of
from services.teams.reform.orders import Order, Papers, kept, reassignments, reorganisations
from services.teams.reform.plan import Plan, plan_of
from services.teams.reform.sheet import Area, Line
from shared.access import Actor
from shared.decider import Rejected
from shared.handler import Envelope
from shared.handling import Decides, handle_many
from shared.problems import Problem
from shared.units import UnitTree

AT_ONCE = 400
"""Commands that are rehearsed, or judged by the sender's units, together."""


@dataclass(frozen=True, slots=True)
class Asked:
    """``complete``: levels of which every unit of the areas concerned must be in the file; ``made_on``: when the file
    was made, to tell what was recorded since.
    """

    reform: UUID
    actor: Actor
    at: datetime
    complete: tuple[str, ...] = ()
    made_on: datetime | None = None


@dataclass(slots=True)
class Prepared:
    plan: Plan
    flaws: list[Flaw] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    document_ids: tuple[str, ...] = ()
    sections: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    totals: ReformTotals | None = None

    @property
    def errors(self) -> list[Flaw]:
        return [flaw for flaw in self.flaws if not flaw.warning]

    @property
    def digest(self) -> bytes:
        found = hashlib.blake2b(digest_size=16)
        for order in self.orders:
            found.update(orjson.dumps(kept(order)))
        return found.digest()


class Preparing:
    """``plan``, ``order`` and ``show`` in turn; after an error the later ones do nothing."""

    def __init__(self, asked: Asked, tree: UnitTree, census: Census, decides: Decides, authority: Authority) -> None:
        """``decides`` is a rehearsal; ``authority`` asks it too."""
        self._asked, self._tree, self._census = asked, tree, census
        self._decides, self._authority = decides, authority
        self._serving: dict[date, list[Serving]] = {}
        self._moves: list[Move] = []
        self._mergers: list[Merger] = []
        self._conflicts: list[dict[str, Any]] = []
        self._unit_orders: list[Order] = []  # that were not rehearsed yet

    def plan(self, lines: Sequence[Line], areas: Sequence[Area]) -> Prepared:
        plan = plan_of(self._asked.reform, lines, self._tree)
        made = Prepared(plan, plan.flaws)
        if not plan.days and not made.errors:
            made.flaws.append(Flaw(lines[0].index if lines else 0, "", "reform-no-rows"))
        if not made.errors:
            demanded = [*areas, *preview.areas_of(plan, self._tree, self._asked.complete, lines)]
            made.flaws += preview.incomplete(demanded, plan, self._tree)
        return made

    def order(self, made: Prepared) -> None:
        if made.errors:
            return
        papers = self._papers(made)
        plan = made.plan
        made.document_ids = tuple(papers.id_of(paper) for paper, _ in plan.papers)
        groups = groups_of(plan, self._tree)
        units = list(reorganisations(papers, groups, self._bearers(plan)))
        made.orders = [*papers.orders(plan.papers), *units]
        lines = [group.items[0].line for group in groups]
        made.flaws += self._forbidden(units, lines)
        lines = [*([0] * (len(made.orders) - len(units))), *lines]
        self._unit_orders = list(made.orders)
        if self._census.later(unit_streams(plan), plan.days[0]):
            made.flaws += self._refused(self._unit_orders, lines)
            self._unit_orders = []
        if not made.errors:
            made.orders += self._team_orders(plan, papers)

    def show(self, made: Prepared) -> None:
        if made.errors:
            return
        plan, tree = made.plan, self._tree
        eve, last = plan.days[0] - timedelta(1), plan.days[-1]
        served = self._census.served(eve)
        before = self._census.counted(preview.provinces(tree, served, eve), eve)
        after = self._census.counted(preview.provinces(plan.after, served, last), eve)
        joined = sum(f.fate is Fate.JOINED for o in made.orders for f in getattr(o.command, "seats", ()))
        there = [team for teams in self._serving.values() for team in teams]
        made.sections = {
            "units": list(preview.units(plan, tree)),
            "teams": list(preview.teams(self._moves)),
            "leaders": list(preview.leaders(plan, self._moves, self._mergers, there)),
            "access": list(preview.access(plan, tree)),
            "conflicts": [*self._changed_since(plan), *self._conflicts],
            "unmentioned": list(preview.unmentioned(plan, tree)),
            "totals": list(preview.totals(plan, tree, before, after)),
        }
        made.totals = preview.reform_totals(plan, self._moves, self._mergers, before[preview.NATION], joined, 0)
        made.counts = preview.counts(plan, self._moves) | {
            section: len(items) for section, items in made.sections.items() if section not in ("units", "teams")
        }

    # --- documents ------------------------------------------------------------------------------------------------

    def _papers(self, made: Prepared) -> Papers:
        """Raises nothing: a document that is registered otherwise is an error of the rows that cite it."""
        cited = {paper.key: paper for paper, _ in made.plan.papers}
        holders = self._decides.states(cited)
        known = {key: holder.document_id for key, holder in holders.items() if isinstance(holder, DocumentKey)}
        documents = self._decides.states(map(document_stream, known.values()))
        for key, document_id in known.items():
            document, paper = documents[document_stream(document_id)], cited[key]
            if isinstance(document, Document) and document.registered.signed_on != paper.signed_on:
                line = next(item.line for item in made.plan.items if item.paper.key == key)
                params = {"signed_on": document.registered.signed_on}
                made.flaws.append(Flaw(line, "signed_on", "reform-document-differs", params))
        return Papers(self._asked.reform, known)

    # --- units ----------------------------------------------------------------------------------------------------

    def _bearers(self, plan: Plan) -> dict[str, str]:
        eve = plan.days[0] - timedelta(1)
        codes = {item.code for item in plan.established} | {item.code for item in plan.altered}
        return {code: unit for code in codes if code and (unit := self._tree.by_code(code, eve))}

    def _forbidden(self, orders: Sequence[Order], lines: Sequence[int]) -> Iterator[Flaw]:
        """What the sender's units do not cover."""
        if self._authority.holds_all(self._asked.actor):
            return
        knowledge = self._authority.knowledge(order.command for order in orders)
        for order, line in zip(orders, lines, strict=True):
            try:
                self._authority.check(self._asked.actor, order.command, knowledge)
            except Problem as problem:
                yield Flaw(line, "", problem.code, dict(problem.params))

    def _refused(self, orders: Sequence[Order], lines: Sequence[int]) -> Iterator[Flaw]:
        for line, refusal in zip(lines, self._rehearsed(orders), strict=True):
            if refusal is not None:
                yield Flaw(line, "", refusal.code, dict(refusal.params))

    def _rehearsed(self, orders: Sequence[Order]) -> Iterator[Rejected | None]:
        for first in range(0, len(orders), AT_ONCE):
            envelopes = [self._envelope(order) for order in orders[first : first + AT_ONCE]]
            for answer in handle_many(self._decides, envelopes):
                yield answer if isinstance(answer, Rejected) else None

    def _envelope(self, order: Order) -> Envelope:
        return Envelope(order.command_id, order.command, self._asked.actor.sub, self._asked.at)

    # --- teams ----------------------------------------------------------------------------------------------------

    def _team_orders(self, plan: Plan, papers: Papers) -> list[Order]:
        self._serving = dict(self._served(plan))
        moves = list(moves_of(plan, self._serving))
        later = self._census.later([team_stream(m.team.team_id) for m in moves], plan.days[0])
        doubtful = [order for order in reassignments(papers, moves) if team_stream(order.command.team_id) in later]
        stuck = dict(self._stuck(doubtful))
        mergers = mergers_of(moves, self._serving)
        merging = list(merger_orders(papers, mergers, self._teams(mergers)))
        stuck |= self._stuck([order for order in merging if later.intersection(map(team_stream, _teams_in(order)))])
        self._conflicts = [
            {"team_id": team, "code": refusal.code, "params": {k: str(v) for k, v in refusal.params.items()}}
            for team, refusal in stuck.items()
        ]
        if stuck:
            moves = list(moves_of(plan, self._serving, stuck.keys()))
            mergers = mergers_of(moves, self._serving)
            merging = [order for order in merging if stuck.keys().isdisjoint(order.command.from_team_ids)]
        self._moves, self._mergers = moves, mergers
        return [*reassignments(papers, moves), *merging]

    def _served(self, plan: Plan) -> Iterator[tuple[date, list[Serving]]]:
        for day in plan.days:
            gone = [end for end in plan.abolished if end.day == day]
            units = {end.unit_id for end in gone} | {heir for end in gone for heir in end.heirs}
            yield day, self._census.serving(units, day - timedelta(1))

    def _stuck(self, orders: Sequence[Order]) -> Iterator[tuple[str, Rejected]]:
        """Teams whose order the registry would refuse, once the units are what they will be."""
        if orders:
            deque(self._rehearsed(self._unit_orders), maxlen=0)
            self._unit_orders = []
        for order, refusal in zip(orders, self._rehearsed(orders), strict=True):
            if refusal is not None:
                yield from (
                    (team, refusal) for team in _teams_in(order) if team != getattr(order.command, "into_team_id", "")
                )

    def _teams(self, mergers: Iterable[Merger]) -> Mapping[str, Team | None]:
        ids = {team for merger in mergers for team in (*merger.teams, merger.into) if team}
        states = self._decides.states(map(team_stream, ids))
        return {team: states[team_stream(team)] for team in ids}

    # --- what was recorded meanwhile --------------------------------------------------------------------------------

    def _changed_since(self, plan: Plan) -> Iterator[dict[str, Any]]:
        if self._asked.made_on is None:
            return
        units = sorted({unit for _, unit in plan.mentioned})
        for unit in self._census.changed_since(units, self._asked.made_on):
            yield {"unit_id": unit, "code": "reform-unit-changed", "params": {}}


def _teams_in(order: Order) -> tuple[str, ...]:
    command = order.command
    if isinstance(command, MergeTeams):
        return (command.into_team_id, *command.from_team_ids)
    return (command.team_id,)


def unit_streams(plan: Plan) -> list[str]:
    """Of every unit that the plan changes or names."""
    named = {item.unit_id for item in plan.items} | {heir for end in plan.abolished for heir in end.heirs}
    return sorted(map(unit_stream, named))

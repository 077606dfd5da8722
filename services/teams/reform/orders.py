"""Plan → commands, in the order in which they are stored, each with an id of its own for ever.

An ``Order`` is what the kit keeps: so whoever resumes sends the very commands that were previewed, whatever the
registry looks like meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

import msgspec

from services.teams.domain.documents import DocumentKind, RegisterDocument
from services.teams.domain.team.corrections import Correction, CorrectTeam
from services.teams.domain.team.events import CorrectionReason
from services.teams.domain.team.life import ReassignTeam
from services.teams.domain.team.merge import MergeTeams
from services.teams.domain.team.undo import UndoRearrangement
from services.teams.domain.units import (
    AbolishUnit,
    AssignUnitCode,
    ChangeUnitKind,
    EstablishUnit,
    RenameUnit,
    ReorganiseUnits,
    ReparentUnit,
    Successor,
    UndoReorganisation,
    UnitCommand,
    code_stream,
    unit_stream,
)
from services.teams.reform.groups import Group
from services.teams.reform.moves import Move
from services.teams.reform.plan import Abolished, Altered, Established, Item
from services.teams.reform.sheet import REASSIGN, Paper
from shared.units import GSO


class Phase(StrEnum):
    DOCUMENTS = "documents"
    UNITS = "units"
    TEAMS = "teams"
    MERGERS = "mergers"


@dataclass(frozen=True, slots=True)
class Order:
    """``touches`` is what progress counts: units changed, or teams."""

    phase: Phase
    command_id: UUID
    command: Any
    touches: int = 1


@dataclass(frozen=True, slots=True)
class Papers:
    """The documents of a reform: those that are registered already (key → id), and the new ones."""

    reform: UUID
    registered: Mapping[str, str]

    def id_of(self, paper: Paper) -> str:
        return self.registered.get(paper.key) or str(uuid5(self.reform, f"document/{paper.key}"))

    def orders(self, cited: Iterable[tuple[Paper, date]]) -> Iterator[Order]:
        """``cited``: each paper with the first day it is cited for."""
        for paper, day in cited:
            if paper.key not in self.registered:
                command = registration(self.id_of(paper), paper, day)
                yield Order(Phase.DOCUMENTS, uuid5(self.reform, f"register/{paper.key}"), command)


def registration(document_id: str, paper: Paper, day: date) -> RegisterDocument:
    kind = DocumentKind(paper.kind)
    return RegisterDocument(document_id, kind, paper.issuer, paper.number, paper.year, paper.signed_on, day)


def reorganisations(papers: Papers, groups: Sequence[Group], bearers: Mapping[str, str]) -> Iterator[Order]:
    """``bearers``: code → the unit that bears it on the eve, to spare the decision a second look."""
    for number, group in enumerate(groups):
        document = papers.id_of(group.paper)
        changes = tuple(change for item in group.items for change in _changes(item, document))
        taken = [item.code for item in group.items if not isinstance(item, Abolished) and item.code]
        also = [code_stream(GSO, code) for code in taken]
        also += [unit_stream(bearers[code]) for code in taken if code in bearers]
        name = str(uuid5(papers.reform, f"units/{number}"))
        command = ReorganiseUnits(name, document, group.day, changes, tuple(also))
        yield Order(Phase.UNITS, uuid5(papers.reform, f"reorganise/{number}"), command, len(group.items))


def _changes(item: Item, document: str) -> Iterator[UnitCommand]:
    unit, day = item.unit_id, item.day
    match item:
        case Established(level=level, kind=kind, name=name, parent_id=parent, code=code):
            yield EstablishUnit(unit, level, kind, name, parent, code, day, document)
        case Abolished(heirs=heirs, unknown=unknown):
            successors = tuple(Successor(heir, n == 0) for n, heir in enumerate(heirs))
            yield AbolishUnit(unit, day, successors, unknown, document)
        case Altered(name=name, kind=kind, parent_id=parent, code=code):
            if name is not None:
                yield RenameUnit(unit, name, day, document)
            if kind is not None:
                yield ChangeUnitKind(unit, kind, day, document)
            if parent is not None:
                yield ReparentUnit(unit, parent, day, document)
            if code is not None:
                yield AssignUnitCode(unit, GSO, code, day, document)


def reassignments(papers: Papers, moves: Iterable[Move]) -> Iterator[Order]:
    for move in moves:
        if move.action == REASSIGN:
            team = move.team.team_id
            command = ReassignTeam(team, move.unit_id, move.day, papers.id_of(move.paper))
            yield Order(Phase.TEAMS, uuid5(papers.reform, f"reassign/{team}/{move.day}"), command)


# --- kept as JSON -------------------------------------------------------------------------------------------------

_UNIT_COMMANDS = {c.__name__: c for c in UnitCommand.__args__}
_COMMANDS: Mapping[str, type] = {
    command.__name__: command
    for command in (RegisterDocument, ReassignTeam, MergeTeams, UndoReorganisation, UndoRearrangement)
}


def kept(order: Order) -> dict[str, Any]:
    said: dict[str, Any] = msgspec.to_builtins(order.command)
    if isinstance(order.command, ReorganiseUnits):
        said["changes"] = [
            {"do": type(change).__name__, **told}
            for change, told in zip(order.command.changes, said["changes"], strict=True)
        ]
    return {
        "phase": order.phase.value,
        "id": str(order.command_id),
        "do": type(order.command).__name__,
        "command": said,
        "touches": order.touches,
    }


def restored(stored: Mapping[str, Any]) -> Order:
    return Order(
        Phase(stored["phase"]), UUID(stored["id"]), _command(stored["do"], stored["command"]), stored["touches"]
    )


def _command(do: str, said: dict[str, Any]) -> Any:
    if do == ReorganiseUnits.__name__:
        changes = tuple(
            msgspec.convert({k: v for k, v in change.items() if k != "do"}, _UNIT_COMMANDS[change["do"]])
            for change in said["changes"]
        )
        day = date.fromisoformat(said["effective"])
        return ReorganiseUnits(said["reorganisation_id"], said["document_id"], day, changes, tuple(said["also"]))
    if do == CorrectTeam.__name__:
        corrections = tuple(Correction(c["fact"], c["void"]) for c in said["corrections"])
        reason = CorrectionReason(said["reason"])
        return CorrectTeam(said["team_id"], corrections, (), reason, said["document_id"], tuple(said["also"]))
    return msgspec.convert(said, _COMMANDS[do])


def with_also(order: Order, streams: Iterable[str]) -> Order:
    """The order with more streams that its decision may need."""
    command = order.command
    return replace(order, command=replace(command, also=tuple(dict.fromkeys((*command.also, *streams)))))

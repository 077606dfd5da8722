"""A reform that was made from one file: prepared, applied, undone. Stream ``reform:<id>``.

What it does to units and teams is in their own streams; this one says that it was done, and lets nobody apply or undo
it twice at once. A file with errors never gets here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from shared.decider import Rejected


class Stage(StrEnum):
    READY = "ready"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ReformTotals:
    """Units as the plan changes them; teams and seats of the nation on the eve and from the last day on.

    ``joined`` and ``released`` are the seats that end by the reform: seats_after = seats_before - joined - released.
    """

    established: int
    altered: int
    abolished: int
    teams_before: int
    teams_after: int
    teams_reassigned: int
    seats_before: int
    seats_after: int
    joined: int
    released: int


@dataclass(frozen=True, slots=True)
class PrepareReform:
    """``repeats``: the reform whose file this is, applied once more after it was undone."""

    reform_id: str
    effective: date
    days: tuple[date, ...]
    document_ids: tuple[str, ...]
    totals: ReformTotals
    repeats: str | None = None


@dataclass(frozen=True, slots=True)
class BeginReform:
    """``job_id``: who does it; another one is refused meanwhile, but ``instead_of`` a job that has come to no end."""

    reform_id: str
    job_id: str
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class FinishReform:
    """``totals`` as they were counted afterwards."""

    reform_id: str
    totals: ReformTotals


@dataclass(frozen=True, slots=True)
class BeginUndo:
    reform_id: str
    job_id: str
    document_id: str
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class FinishUndo:
    reform_id: str


@dataclass(frozen=True, slots=True)
class HaltReform:
    """``stored``: something was changed before it had to stop; else it is as if it had not been begun."""

    reform_id: str
    reason: str
    stored: bool


@dataclass(frozen=True, slots=True)
class ReformPrepared:
    reform_id: str
    effective: date
    days: tuple[date, ...]
    document_ids: tuple[str, ...]
    totals: ReformTotals
    repeats: str | None


@dataclass(frozen=True, slots=True)
class ReformBegun:
    """Private."""

    reform_id: str
    job_id: str


@dataclass(frozen=True, slots=True)
class ReformApplied:
    reform_id: str
    effective: date
    document_ids: tuple[str, ...]
    totals: ReformTotals


@dataclass(frozen=True, slots=True)
class ReformUndoBegun:
    """Private."""

    reform_id: str
    job_id: str
    document_id: str


@dataclass(frozen=True, slots=True)
class ReformUndone:
    """``document_ids``: the one by which it was undone."""

    reform_id: str
    effective: date
    document_ids: tuple[str, ...]
    totals: ReformTotals


@dataclass(frozen=True, slots=True)
class ReformHalted:
    """Private."""

    reform_id: str
    reason: str
    stored: bool


@dataclass(frozen=True, slots=True)
class Reform:
    """``job`` is the one that applies or undoes it, ``before`` the stage in which it began; ``undone_by`` the document
    of the undoing."""

    prepared: ReformPrepared
    stage: Stage = Stage.READY
    before: Stage = Stage.READY
    job: str | None = None
    undone_by: str | None = None
    reason: str | None = None


ReformCommand = PrepareReform | BeginReform | FinishReform | BeginUndo | FinishUndo | HaltReform
COMMANDS = (PrepareReform, BeginReform, FinishReform, BeginUndo, FinishUndo, HaltReform)
EVENTS = (ReformPrepared, ReformBegun, ReformApplied, ReformUndoBegun, ReformUndone, ReformHalted)

_FROM: Mapping[type, frozenset[Stage]] = {
    BeginReform: frozenset({Stage.READY}),
    FinishReform: frozenset({Stage.APPLYING}),
    BeginUndo: frozenset({Stage.APPLIED, Stage.FAILED}),
    FinishUndo: frozenset({Stage.UNDOING}),
    HaltReform: frozenset({Stage.APPLYING, Stage.UNDOING}),
}
_DONE: Mapping[type, Stage] = {
    BeginReform: Stage.APPLYING,
    FinishReform: Stage.APPLIED,
    BeginUndo: Stage.UNDOING,
    FinishUndo: Stage.UNDONE,
}
"""A command that finds this stage, reached by the same job, has been obeyed already."""


def reform_stream(reform_id: str) -> str:
    return f"reform:{reform_id}"


def streams(command: ReformCommand) -> tuple[str, ...]:
    own = reform_stream(command.reform_id)
    if isinstance(command, PrepareReform) and command.repeats is not None:
        return own, reform_stream(command.repeats)
    return (own,)


def decide(command: ReformCommand, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    stream = reform_stream(command.reform_id)
    reform: Reform | None = states[stream]
    if isinstance(command, PrepareReform):
        return [] if reform is not None else [(stream, _prepared(command, states))]
    if reform is None:
        raise Rejected("reform-unknown", "/reform_id", reform=command.reform_id)
    if _DONE.get(type(command)) is reform.stage and getattr(command, "job_id", reform.job) == reform.job:
        return []
    if reform.stage not in _FROM[type(command)] and not _takes_over(command, reform):
        raise Rejected("reform-stage", "", stage=reform.stage)
    return [(stream, _event(command, reform))]


def _takes_over(command: ReformCommand, reform: Reform) -> bool:
    if not isinstance(command, (BeginReform, BeginUndo)) or command.instead_of is None:
        return False
    return _DONE[type(command)] is reform.stage and reform.job == command.instead_of


def _prepared(command: PrepareReform, states: Mapping[str, Any]) -> ReformPrepared:
    if command.repeats is not None:
        former: Reform | None = states[reform_stream(command.repeats)]
        if former is None or former.stage is not Stage.UNDONE:
            raise Rejected("reform-not-undone", "", reform=command.repeats)
    return ReformPrepared(
        command.reform_id, command.effective, command.days, command.document_ids, command.totals, command.repeats
    )


def _event(command: ReformCommand, reform: Reform) -> Any:
    told = reform.prepared
    match command:
        case BeginReform(job_id=job):
            return ReformBegun(command.reform_id, job)
        case FinishReform(totals=totals):
            return ReformApplied(command.reform_id, told.effective, told.document_ids, totals)
        case BeginUndo(job_id=job, document_id=document):
            return ReformUndoBegun(command.reform_id, job, document)
        case FinishUndo():
            documents = (reform.undone_by,) if reform.undone_by else ()
            return ReformUndone(command.reform_id, told.effective, documents, told.totals)
        case HaltReform(reason=reason, stored=stored):
            return ReformHalted(command.reform_id, reason, stored)
    raise AssertionError(command)


def _before(reform: Reform) -> Stage:
    """Where it goes back to if nothing comes of it."""
    return reform.before if reform.stage in (Stage.APPLYING, Stage.UNDOING) else reform.stage


def evolve(state: Any, event: Any) -> Any:
    match event:
        case ReformPrepared():
            return Reform(event)
        case ReformBegun(job_id=job):
            return replace(state, stage=Stage.APPLYING, before=_before(state), job=job, reason=None)
        case ReformApplied():
            return replace(state, stage=Stage.APPLIED, reason=None)
        case ReformUndoBegun(job_id=job, document_id=document):
            return replace(state, stage=Stage.UNDOING, before=_before(state), job=job, undone_by=document, reason=None)
        case ReformUndone():
            return replace(state, stage=Stage.UNDONE)
        case ReformHalted(reason=reason, stored=True):
            return replace(state, stage=Stage.FAILED, reason=reason)
        case ReformHalted(reason=reason):
            return replace(state, stage=state.before, undone_by=None, reason=reason)
    return state

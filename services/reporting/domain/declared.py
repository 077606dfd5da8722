"""Declared figures (*số báo cáo*): what somebody published about a unit, beside what is counted from events. Pure.

One stream per figure, ``declared:<uuid>``: declared, corrected any number of times, withdrawn. Two sources may say two
things about the same unit and day: both stand, each with its source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.decider import Decider, Rejected, ambient


class Qualifier(StrEnum):
    """As the source has it: 412; *khoảng*, *hơn*, *gần* 400."""

    EXACT = "exact"
    ABOUT = "about"
    MORE_THAN = "more_than"
    NEARLY = "nearly"


class Mistake(StrEnum):
    TYPO = "typo"
    WRONG_DAY = "wrong_day"
    WRONG_UNIT = "wrong_unit"
    WRONG_INDICATOR = "wrong_indicator"
    WRONG_SOURCE = "wrong_source"
    RETRACTED = "retracted"
    """By whoever published it."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` of an indicator as of ``day``; ``since``: the first day of what it counts, where that is a period.

    ``of``: the whole that the source names with it (63 of 63 provinces), of the same day. ``source``: the document or
    publication in its own words, ``published_on`` its day; ``document_id`` where the registry has the document.
    """

    unit_id: str
    indicator: str
    day: date
    value: int | float
    qualifier: Qualifier
    source: str
    since: date | None = None
    of: int | None = None
    published_on: date | None = None
    document_id: UUID | None = None


# --- events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FigureDeclared:
    figure_id: UUID
    figure: Figure


@dataclass(frozen=True, slots=True)
class FigureCorrected:
    figure_id: UUID
    reason: Mistake
    before: Figure
    after: Figure


@dataclass(frozen=True, slots=True)
class FigureWithdrawn:
    figure_id: UUID
    reason: Mistake
    before: Figure


DeclaredEvent = FigureDeclared | FigureCorrected | FigureWithdrawn
EVENTS: tuple[type, ...] = (FigureDeclared, FigureCorrected, FigureWithdrawn)

# --- commands --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeclareFigure:
    """``today``: the day in Viet Nam on which we received it."""

    figure_id: UUID
    figure: Figure
    today: date = ambient()


@dataclass(frozen=True, slots=True)
class CorrectFigure:
    figure_id: UUID
    reason: Mistake
    figure: Figure
    today: date = ambient()


@dataclass(frozen=True, slots=True)
class WithdrawFigure:
    figure_id: UUID
    reason: Mistake


DeclaredCommand = DeclareFigure | CorrectFigure | WithdrawFigure

# --- states ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Undeclared:
    pass


@dataclass(frozen=True, slots=True)
class Standing:
    figure: Figure


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """``figure``: as it was said last."""

    figure: Figure


DeclaredState = Undeclared | Standing | Withdrawn


def declared_stream(figure_id: UUID) -> str:
    return f"declared:{figure_id}"


# --- decisions -------------------------------------------------------------------------------------------------------


def decide(command: DeclaredCommand, states: Mapping[str, DeclaredState]) -> Sequence[tuple[str, DeclaredEvent]]:
    stream = declared_stream(command.figure_id)
    event = _decide(command, states[stream])
    return [(stream, event)] if event else []


def _decide(command: DeclaredCommand, state: DeclaredState) -> DeclaredEvent | None:
    match command, state:
        case DeclareFigure(figure_id, figure, today), Undeclared():
            _check(figure, today)
            return FigureDeclared(figure_id, figure)
        case DeclareFigure(_, figure), Standing(known) if figure == known:
            return None
        case DeclareFigure(), _:
            raise Rejected("figure-exists", "/figure_id")
        case _, Undeclared():
            raise Rejected("unknown-figure")
        case CorrectFigure(figure_id, reason, figure, today), Standing(before):
            _check(figure, today)
            return FigureCorrected(figure_id, reason, before, figure) if figure != before else None
        case WithdrawFigure(figure_id, reason), Standing(before):
            return FigureWithdrawn(figure_id, reason, before)
        case WithdrawFigure(), _:
            return None
        case _:
            raise Rejected("figure-withdrawn")


def _check(figure: Figure, today: date) -> None:
    if figure.day > today:
        raise Rejected("figure-in-future", "/day", today=today)
    if figure.since is not None and figure.since > figure.day:
        raise Rejected("figure-days-reversed", "/since", day=figure.day)
    if figure.of is not None and figure.value > figure.of:
        raise Rejected("figure-above-whole", "/of", value=figure.value)


def evolve(state: DeclaredState, event: DeclaredEvent) -> DeclaredState:
    match event:
        case FigureDeclared():
            return Standing(event.figure)
        case FigureCorrected():
            return Standing(event.after)
        case FigureWithdrawn():
            return Withdrawn(event.before)


DECLARED: Decider[DeclaredCommand, DeclaredState, DeclaredEvent] = Decider(
    initial=lambda stream: Undeclared(),
    streams=lambda command: (declared_stream(command.figure_id),),
    decide=decide,
    evolve=evolve,
)

# --- against what was counted ----------------------------------------------------------------------------------------

ABOUT_WITHIN = 0.05
"""``about`` holds within five per cent of what was declared."""
NEARLY_WITHIN = 0.10
"""``nearly`` holds from ten per cent below what was declared up to it."""


def holds(qualifier: Qualifier, declared: float, counted: float) -> bool:
    """Whether a number counted for the same unit and day is what the source says.

    ``more_than`` has no upper end: how much more it is, the difference tells.
    """
    match qualifier:
        case Qualifier.EXACT:
            return counted == declared
        case Qualifier.MORE_THAN:
            return counted > declared
        case Qualifier.NEARLY:
            return (1 - NEARLY_WITHIN) * declared <= counted < declared
        case Qualifier.ABOUT:
            return abs(counted - declared) <= ABOUT_WITHIN * declared

"""Tasks (*nhiệm vụ*, for example of *Đề án 06*) given to a team, and reported done.

Whether a task is overdue is nothing that happens: it follows from the day that is asked for (``overdue_on``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from services.teams.domain.affairs.bodies import BODY
from services.teams.domain.affairs.entries import MayCite, Noted, Owned
from services.teams.domain.affairs.records import Affair, Record, States, known
from shared.decider import Rejected


@dataclass(frozen=True, kw_only=True)
class GiveTask(MayCite, Owned):
    """``topic`` is a word, e.g. ``project_06``; ``due`` is the last day in time; ``body_id``: who gives it."""

    task_id: str
    topic: str
    due: date
    body_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReportTask(MayCite):
    """Done on the ``effective`` day; ``count``: how many of whatever the task is about."""

    task_id: str
    count: int | None = None


@dataclass(frozen=True, kw_only=True)
class WithdrawTask(MayCite):
    task_id: str


@dataclass(frozen=True, kw_only=True)
class TaskGiven(Noted, GiveTask):
    becomes = "given"


@dataclass(frozen=True, kw_only=True)
class TaskDone(Noted, ReportTask):
    becomes = "done"


@dataclass(frozen=True, kw_only=True)
class TaskWithdrawn(Noted, WithdrawTask):
    becomes = "withdrawn"


def overdue_on(record: Record, day: date) -> bool:
    """Given and not yet done by that day, which is after the day it was due."""
    given = next((fact for fact in reversed(record.told(day)) if isinstance(fact, TaskGiven)), None)
    return given is not None and record.state_on(day) == TaskGiven.becomes and day > given.due


def _giver(command: Any) -> tuple[str, ...]:
    given = isinstance(command, GiveTask) and command.body_id is not None
    return (BODY.stream(command.body_id),) if given else ()


def _check(command: Any, states: States) -> None:
    if isinstance(command, GiveTask):
        if command.due < command.effective:
            raise Rejected("task-due-before-given", "/due", due=command.due, day=command.effective)
        if command.body_id is not None:
            known(states, BODY.stream(command.body_id), "/body_id")


TASK = Affair(
    "task",
    "task_id",
    ("team",),
    opens={GiveTask: TaskGiven},
    closes={ReportTask: TaskDone, WithdrawTask: TaskWithdrawn},
    names=_giver,
    check=_check,
)

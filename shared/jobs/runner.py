"""Takes jobs and does them, a step of each in turn, so that a long one does not hold up a short one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from shared.jobs.store import Jobs
from shared.jobs.task import Task


class Runner:
    def __init__(self, jobs: Jobs, tasks: Sequence[Task], heads: Callable[[], Mapping[int, int]]) -> None:
        raise NotImplementedError

    def step(self) -> int:
        """One step of one job (for ``Definition.loops``); 0 if there is nothing to do."""
        raise NotImplementedError

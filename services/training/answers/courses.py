"""Courses as the API shows them."""

from __future__ import annotations

from typing import Any

import msgspec

from services.training.domain.courses import Course
from shared.problems import Problem


def course(state: object) -> dict[str, Any]:
    """Its latest version. Raises 404 for a course nobody offered."""
    if not isinstance(state, Course):
        raise Problem("not-found", where="path")
    shown: dict[str, Any] = msgspec.to_builtins(state.now)
    return shown | {"version": state.version, "withdrawn": state.withdrawn}

"""Courses as the API shows them."""

from __future__ import annotations

from typing import Any

import msgspec

from services.training.domain.courses import Offered
from shared.problems import Problem


def course(state: object) -> dict[str, Any]:
    if not isinstance(state, Offered):
        raise Problem("not-found", where="path")
    shown: dict[str, Any] = msgspec.to_builtins(state.course)
    return shown

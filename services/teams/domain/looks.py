"""Decisions that need streams which only other streams name.

A reservation names those who hold it, and only their own streams tell whether they still do; a correction concerns
codes that only the unit's stream knows. So such a command has an ambient field ``also``, a tuple of streams beside
those it names itself, and its decision raises ``LookFurther`` with what it misses: it is then decided again with them.
Nothing is ever looked up in a projection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.decider import Rejected


class LookFurther(Rejected):
    """Not a refusal yet: decide again with these streams in the command's ``also``."""

    def __init__(self, streams: Iterable[str]) -> None:
        self.streams = tuple(sorted(set(streams)))
        super().__init__("look-further", streams=self.streams)


def need(states: Mapping[str, Any], streams: Iterable[str]) -> None:
    """Raises ``LookFurther`` unless all of these were read."""
    missing = [stream for stream in streams if stream not in states]
    if missing:
        raise LookFurther(missing)

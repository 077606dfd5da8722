"""The last commands of a process, so that a repeat soon after costs next to nothing.

When an answer is lost on the way, the same upload comes again within seconds. An id means one command for ever and what
became of it never changes, so what is remembered can be old but not wrong; what is forgotten, the log knows.
"""

from __future__ import annotations

from uuid import UUID

from shared.log import Appended

Known = tuple[bytes, Appended]
"""The command's fingerprint, and where it was stored."""


class Recent:
    """``size`` commands at least, twice as many at most: two generations, the older one is forgotten whole."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._young: dict[UUID, Known] = {}
        self._old: dict[UUID, Known] = {}

    def add(self, fingerprint: bytes, stored: Appended) -> None:
        if not self._size:
            return
        self._young[stored.command_id] = fingerprint, stored
        if len(self._young) >= self._size:
            self._young, self._old = {}, self._young

    def get(self, command_id: UUID) -> Known | None:
        return self._young.get(command_id) or self._old.get(command_id)

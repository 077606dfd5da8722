"""Requests for the same place take turns.

The log would sort them out anyway: all but one find their state stale, read it anew and decide again. When a dozen
phones upload the same visits, or everybody visits one market hall, that is nearly all of them nearly always; waiting
costs nothing. Between processes the log still has the last word.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable, Iterator
from contextlib import contextmanager
from threading import Event


class _Ticket:
    """``ahead``: in how many lines somebody else stands before it."""

    __slots__ = ("ahead", "called")

    def __init__(self) -> None:
        self.ahead = 0
        self.called = Event()


class Turns:
    """One line per place, first come first served. For greenthreads, which give way nowhere here but while waiting."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, deque[_Ticket]] = {}

    @contextmanager
    def of(self, places: Collection[Hashable]) -> Iterator[None]:
        """Waits until nobody else works on any of these places (no place twice)."""
        ticket = _Ticket()
        for place in places:
            line = self._lines.setdefault(place, deque())
            ticket.ahead += bool(line)
            line.append(ticket)
        try:
            if ticket.ahead:
                ticket.called.wait()
            yield
        finally:
            for place in places:
                self._leave(place, ticket)

    def _leave(self, place: Hashable, ticket: _Ticket) -> None:
        line = self._lines[place]
        first = line[0] is ticket
        line.remove(ticket)
        if not line:
            del self._lines[place]
        elif first:
            line[0].ahead -= 1
            if line[0].ahead == 0:
                line[0].called.set()

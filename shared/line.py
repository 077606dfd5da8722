"""Who of a batch of commands has to wait, so that nobody overtakes another on a stream that either of them writes.

What others merely read as well, say the session that all rows of a sheet are about, holds nobody up: of a command that
waits it is worked out what it will write, from the states as the commands before it leave them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Generic, TypeVar
from uuid import UUID

from shared.decider import Decider, LookFurther, Rejected

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")

Changes = Sequence[tuple[str, E]]

MOST_FORESEEN = 64
"""In a round; where more wait, each waits for all: looking ahead would cost more than it saves."""


class Line(Generic[C, S, E]):
    """One round: ``state`` tells a stream's state before it. Commands come in order, each to ``holds_up`` and then, if
    that does not, with what it was decided to change to ``lets_pass``; whoever is stopped by either comes again in the
    next round."""

    def __init__(self, decider: Decider[C, S, E], state: Callable[[str], S]) -> None:
        self._decider, self._before = decider, state
        self._written: set[object] = set()
        self._read: set[str] = set()
        """By those who wait."""
        self._after: dict[str, S] = {}
        """The states that somebody asked for, as the commands before that left them."""
        self._since: dict[str, list[E]] = {}
        """What they changed since: most streams of a batch are asked for by nobody."""
        self._unsure: set[str] = set()
        """Streams of commands whose changes were not worked out."""
        self._foreseen = 0

    def holds_up(self, command_id: UUID, command: C, streams: tuple[str, ...]) -> bool:
        """Whether it is one that has come before, or needs what a command before it writes."""
        if self._written.isdisjoint({command_id, *streams}):
            return False
        # Where all its streams are written already there is nothing to learn of it.
        learns = not self._written.issuperset(streams) and self._unsure.isdisjoint(streams)
        changes = self._foresee(command, streams) if learns and self._foreseen < MOST_FORESEEN else None
        if changes is None:
            self._wait(streams, ())
            self._written.update(streams)
            self._unsure.update(streams)
        else:
            self._wait(streams, changes)
        return True

    def lets_pass(self, command_id: UUID, streams: tuple[str, ...], changes: Changes[E]) -> bool:
        """Whether it changes nothing that a waiting command is still to read."""
        if self._read and not self._read.isdisjoint(stream for stream, _ in changes):
            self._wait(streams, changes)
            return False
        self._written.add(command_id)
        self._note(changes)
        return True

    def _wait(self, streams: tuple[str, ...], changes: Changes[E]) -> None:
        self._read.update(streams)
        self._written.add(streams[0])  # where it is noted if it changes nothing
        self._note(changes)

    def _note(self, changes: Changes[E]) -> None:
        for stream, event in changes:
            self._written.add(stream)
            self._since.setdefault(stream, []).append(event)

    def _state(self, stream: str) -> S:
        state = self._after[stream] if stream in self._after else self._before(stream)
        self._after[stream] = reduce(self._decider.evolve, self._since.pop(stream, ()), state)
        return self._after[stream]

    def _foresee(self, command: C, streams: tuple[str, ...]) -> Changes[E] | None:
        """What it will change; None if it has still to say which streams it needs."""
        self._foreseen += 1
        try:
            return self._decider.decide(command, {stream: self._state(stream) for stream in streams})
        except LookFurther:
            return None
        except Rejected:
            return ()

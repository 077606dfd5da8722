"""Commands to the handler – or to a rehearsal – with the further looks that some decisions ask for (``LookFurther``).

Knows nothing of HTTP: routes, jobs and reactions all send their commands this way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from shared.decider import LookFurther, Rejected
from shared.handler import Answer, Busy, Envelope

LOOKS = 6


class Decides(Protocol):
    """A ``Handler``, or a ``Rehearsal`` of one."""

    def handle_many(self, envelopes: Sequence[Envelope]) -> list[Answer | Rejected]: ...
    def states(self, stream_ids: Iterable[str]) -> dict[str, Any]: ...


def handle_many(handler: Decides, envelopes: Sequence[Envelope]) -> list[Answer | Rejected]:
    """Like ``Handler.handle_many``, with further looks where other streams decide.

    What was rejected after the first such row is handled once more too: it may build on it.
    """
    envelopes = list(envelopes)
    results = handler.handle_many(envelopes)
    for _ in range(LOOKS):
        looks = {i: look for i, result in enumerate(results) if (look := _second_look(envelopes[i], result))}
        if not looks:
            break
        for i, look in looks.items():
            envelopes[i] = look
        again = [i for i in range(min(looks), len(results)) if isinstance(results[i], Rejected)]
        for i, result in zip(again, handler.handle_many([envelopes[i] for i in again]), strict=True):
            results[i] = result
    if any(isinstance(result, LookFurther) for result in results):
        raise Busy  # others keep changing what these decisions rest on
    return results


def _second_look(envelope: Envelope, result: Answer | Rejected) -> Envelope | None:
    """The same command with the streams that its decision missed; None if it missed none."""
    if not isinstance(result, LookFurther):
        return None
    also = tuple(sorted({*envelope.command.also, *result.streams}))
    return replace(envelope, command=replace(envelope.command, also=also))

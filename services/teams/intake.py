"""Commands on their way to the handler: one, or a batch of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.teams.authority import Authority
from services.teams.domain.looks import LookFurther
from shared.decider import Rejected
from shared.edge import Call, Reply, Row
from shared.edge_batch import batch_reply
from shared.handler import Answer, Busy, Envelope, Handler
from shared.problems import Problem

LOOKS = 6


class Intake:
    def __init__(self, handler: Handler[Any, Any, Any], authority: Authority) -> None:
        self._handler, self._authority = handler, authority

    def one(self, call: Call, envelope: Envelope, *, bound: bool = True) -> Answer:
        """Handle one command; a ``bound`` one only within the caller's units. Raises ``Problem`` or ``Rejected``."""
        if bound:
            command = envelope.command
            self._authority.check(call.actor, command, self._authority.knowledge([command]))
        result = self.handle_many([envelope])[0]
        if isinstance(result, Rejected):
            raise result
        return result

    def batch(self, call: Call, *, bound: bool = True) -> Reply:
        """Handle rows (``Loaded`` each): a result per row, good rows stored whatever the bad ones are."""
        rows: list[Row] = call.body
        commands = {row.index: row.loaded.command() for row in rows if row.problem is None}
        if bound:
            knowledge = self._authority.knowledge(commands.values())
            for row in rows:
                if row.index in commands:
                    try:
                        self._authority.check(call.actor, commands[row.index], knowledge)
                    except Problem as problem:
                        row.refuse(problem)
        good = [row for row in rows if row.problem is None]
        answers = self.handle_many(
            [Envelope(row.loaded.command_id, commands[row.index], call.actor.sub, call.now) for row in good]
        )
        return batch_reply(rows, dict(zip((row.index for row in good), answers, strict=True)), call.locale, key="id")

    def handle_many(self, envelopes: Sequence[Envelope]) -> list[Answer | Rejected]:
        """Like ``Handler.handle_many``, with further looks where other streams decide (``looks``).

        What was rejected after the first such row is handled once more too: it may build on it.
        """
        envelopes = list(envelopes)
        results = self._handler.handle_many(envelopes)
        for _ in range(LOOKS):
            looks = {i: look for i, result in enumerate(results) if (look := _second_look(envelopes[i], result))}
            if not looks:
                break
            for i, look in looks.items():
                envelopes[i] = look
            again = [i for i in range(min(looks), len(results)) if isinstance(results[i], Rejected)]
            for i, result in zip(again, self._handler.handle_many([envelopes[i] for i in again]), strict=True):
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

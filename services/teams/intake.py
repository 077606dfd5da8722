"""Commands on their way to the handler: one, or a batch of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.teams.authority import Authority
from shared.decider import Rejected
from shared.edge import Call, Reply, Row
from shared.edge_batch import batch_reply
from shared.handler import Answer, Envelope, Handler
from shared.handling import handle_many
from shared.problems import Problem


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
            [
                Envelope(row.loaded.command_id, commands[row.index], call.actor.sub, call.now, row.loaded.if_match)
                for row in good
            ]
        )
        return batch_reply(rows, dict(zip((row.index for row in good), answers, strict=True)), call.locale, key="id")

    def handle_many(self, envelopes: Sequence[Envelope]) -> list[Answer | Rejected]:
        return handle_many(self._handler, envelopes)

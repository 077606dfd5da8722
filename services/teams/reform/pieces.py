"""What the jobs of the kit work with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from services.teams.authority import Authority
from services.teams.domain.reforms import Reform, ReformCommand, reform_stream
from services.teams.reform.census import Census
from services.teams.reform.orders import Order
from services.teams.reform.prepare import Asked, Preparing
from services.teams.reform.store import Store
from shared.access import Actor
from shared.decider import Rejected
from shared.handler import Answer, Envelope, Handler
from shared.handling import handle_many
from shared.jobs import Job
from shared.log import Log, Outcome
from shared.problems import from_rejected
from shared.rehearsal import Rehearsal
from shared.unit_directory import UnitDirectory

WAIT_SECONDS = 3.0
"""How long one step waits for the tables; then it is another job's turn."""


@dataclass(frozen=True)
class Pieces:
    handler: Handler[Any, Any, Any]
    directory: UnitDirectory
    store: Store
    census: Census
    log: Log

    def ready(self, heads: dict[int, int] | None = None) -> bool:
        """Whether the tables show everything up to these positions (as of now, if not given)."""
        return self.census.wait_for(max((heads or self.log.heads()).values(), default=0), WAIT_SECONDS)

    def preparing(self, asked: Asked) -> Preparing:
        rehearsal: Any = Rehearsal(self.handler)
        authority = Authority(self.directory, rehearsal)
        return Preparing(asked, self.directory.refresh(), self.census, rehearsal, authority)

    def reform(self, reform_id: UUID) -> tuple[Reform | None, int]:
        """The reform as the log has it, and its version."""
        state, version = self.handler.state(reform_stream(str(reform_id)))
        return state, version

    def record(self, job: Job, command: ReformCommand, expected_version: int | None = None) -> Answer:
        """Commands about the reform itself, each once per job. Raises ``Problem``."""
        command_id = uuid5(job.job_id, type(command).__name__)
        envelope = Envelope(command_id, command, job.actor.sub, job.created_at, expected_version)
        answer = handle_many(self.handler, [envelope])[0]
        if isinstance(answer, Rejected):
            raise from_rejected(answer)
        return answer

    def send(self, orders: Sequence[Order], actor: Actor, at: datetime, *, rehearse: bool = False) -> list[Rejected]:
        """Every order, stored now or before; returns the refusals in their order."""
        decides: Any = Rehearsal(self.handler) if rehearse else self.handler
        refused: list[Rejected] = []
        for first in range(0, len(orders), AT_ONCE):
            some = orders[first : first + AT_ONCE]
            envelopes = [Envelope(order.command_id, order.command, actor.sub, at) for order in some]
            for order, answer in zip(some, handle_many(decides, envelopes), strict=True):
                if isinstance(answer, Rejected):
                    refused.append(answer)
                elif answer.outcome is Outcome.CONFLICT:
                    refused.append(Rejected("conflict", command=str(order.command_id)))
        return refused


AT_ONCE = 250


def refusals(refused: Sequence[Rejected]) -> list[dict[str, Any]]:
    """As they are kept and shown."""
    return [
        {"code": each.code, "pointer": each.pointer, "params": {k: str(v) for k, v in each.params.items()}}
        for each in refused
    ]

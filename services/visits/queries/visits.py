"""One visit, as the log holds it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from services.visits.domain import VisitRecorded
from shared.kit import Kit
from shared.log import Recorded


@dataclass(frozen=True)
class VisitQueries:
    kit: Kit

    def visit(self, visit_id: UUID) -> tuple[VisitRecorded, Recorded] | None:
        """A visit and the stored event that holds it, found by command id, which is the visit's id."""
        known = self.kit.log.find([visit_id]).get(visit_id)
        if known is None:
            return None
        _, answer = known
        found = self.kit.log.load({answer.stream_id: answer.version - 1})[answer.stream_id]
        event = self.kit.codec.decode(found[0])
        return (event, found[0]) if isinstance(event, VisitRecorded) else None


def visit_answer(event: VisitRecorded, stored: Recorded, *, personal: bool) -> dict[str, Any]:
    """The note only for those who may see personal data."""
    answer: dict[str, Any] = msgspec.to_builtins(replace(event, note=None))
    del answer["note"]
    if personal:
        answer["note"] = event.note.text if event.note else None
    return answer | {
        "version": stored.version,
        "position": f"{stored.partition}:{stored.position}",
        "recorded_at": stored.recorded_at.isoformat(),
    }

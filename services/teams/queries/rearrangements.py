"""Single rearrangements, as known at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.teams.domain.team import rearrange
from services.teams.domain.team.rearrange import Rearrangement, rearrangement_stream
from shared.codec import Codec, NothingChanged
from shared.log import Log


@dataclass(frozen=True, slots=True)
class Told:
    """``version``: of the stream now, whatever was known when."""

    rearrangement: Rearrangement
    version: int
    recorded_at: datetime


class Rearrangements:
    def __init__(self, log: Log) -> None:
        self._log, self._codec = log, Codec(*rearrange.EVENTS)

    def of(self, rearrangement_id: str, known_at: datetime | None) -> Told | None:
        """None if nobody knew of it by then."""
        stream = rearrangement_stream(rearrangement_id)
        events = self._log.load({stream: 0})[stream]
        known = [event for event in events if known_at is None or event.recorded_at <= known_at]
        state: Any = None
        for stored in known:
            event = self._codec.decode(stored)
            state = state if isinstance(event, NothingChanged) else rearrange.evolve(state, event)
        return Told(state, events[-1].version, known[0].recorded_at) if isinstance(state, Rearrangement) else None

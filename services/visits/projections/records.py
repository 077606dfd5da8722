"""Everything beside visits that is listed: one projection ``records@3``, for each one looks at every event's position.

Its tables are described in the files that fill them: catalogue, households, campaigns, opinions, outreach, alike.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from services.visits.projections import campaigns, catalogue, households, opinions, outreach
from services.visits.projections.alike import Alike
from shared.log import Recorded

Apply = Callable[[Connection, str, Mapping[str, Any]], None]
"""Writes what an event of this type and with this data means."""

_APPLY: dict[str, Apply] = {
    type_: module.apply for module in (catalogue, households, campaigns, opinions, outreach) for type_ in module.TYPES
}


class Records:
    name = "records@3"
    types = frozenset(_APPLY) | Alike.types

    def __init__(self, partitions: int, alike: Alike) -> None:
        self.sources: Mapping[str, Collection[int]] = {"": range(partitions)}
        self._alike = alike

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        """In order: the events of one record lie in one stream."""
        for _, event in batch:
            if event.type in _APPLY:
                _APPLY[event.type](tx, event.type, event.data)
        self._alike.apply(tx, [event for _, event in batch if event.type in Alike.types])

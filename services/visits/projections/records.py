"""Everything beside visits that is listed: one projection ``records@1``, for each one looks at every event's position.

Its tables are described in the files that fill them: catalogue, households, campaigns, opinions, outreach.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from services.visits.projections import campaigns, catalogue, households, opinions, outreach
from shared.log import Recorded

Apply = Callable[[Connection, str, Mapping[str, Any]], None]
"""Writes what an event of this type and with this data means."""

_APPLY: dict[str, Apply] = {
    type_: module.apply for module in (catalogue, households, campaigns, opinions, outreach) for type_ in module.TYPES
}


class Records:
    name = "records@1"
    types = frozenset(_APPLY)

    def __init__(self, partitions: int) -> None:
        self.sources: Mapping[str, Collection[int]] = {"": range(partitions)}

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        """In order: the events of one record lie in one stream."""
        for _, event in batch:
            if event.type in _APPLY:
                _APPLY[event.type](tx, event.type, event.data)

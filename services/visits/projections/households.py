"""Declared numbers of households: projection ``households@1`` of the own log into ``read.households``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, text

from shared.log import Recorded

_DECLARE = text(
    """INSERT INTO read.households (unit_id, day, total, qualifier, source, document_id)
       VALUES (:unit_id, :day, :total, :qualifier, :source, :document_id)
       ON CONFLICT (unit_id, day) DO UPDATE SET total = excluded.total, qualifier = excluded.qualifier,
              source = excluded.source, document_id = excluded.document_id"""
)
_WITHDRAW = text("DELETE FROM read.households WHERE (unit_id, day) = (:unit_id, :day)")


class Households:
    name = "households@1"
    types = frozenset({"HouseholdsDeclared", "HouseholdsWithdrawn"})

    def __init__(self, partitions: int) -> None:
        self.sources: Mapping[str, Collection[int]] = {"": range(partitions)}

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        for _, event in batch:
            if event.type in self.types:
                tx.execute(_DECLARE if event.type == "HouseholdsDeclared" else _WITHDRAW, event.data)

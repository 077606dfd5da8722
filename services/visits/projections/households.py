"""Declared numbers of households: ``read.households``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

_DECLARE = text(
    """INSERT INTO read.households (unit_id, day, total, qualifier, source, document_id)
       VALUES (:unit_id, :day, :total, :qualifier, :source, :document_id)
       ON CONFLICT (unit_id, day) DO UPDATE SET total = excluded.total, qualifier = excluded.qualifier,
              source = excluded.source, document_id = excluded.document_id"""
)
_WITHDRAW = text("DELETE FROM read.households WHERE (unit_id, day) = (:unit_id, :day)")
TYPES = ("HouseholdsDeclared", "HouseholdsWithdrawn")


def apply(tx: Connection, type_: str, data: Mapping[str, Any]) -> None:
    tx.execute(_DECLARE if type_ == "HouseholdsDeclared" else _WITHDRAW, data)

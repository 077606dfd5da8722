"""Where opinions stand, without a word of what was said: ``read.opinions``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

STATES = {
    "OpinionRecorded": "recorded",
    "OpinionForwarded": "forwarded",
    "OpinionAnswered": "answered",
    "OpinionClosed": "closed",
    "OpinionWithdrawn": "withdrawn",
}
_RECORD = text(
    """INSERT INTO read.opinions (opinion_id, unit_id, topic, pillar, heard, since, state, visit_id)
       VALUES (:opinion_id, :unit_id, :topic, :pillar, :day, :day, 'recorded', :visit_id)"""
)
_STEP = text(
    """UPDATE read.opinions SET state = :state, since = :day, due = :due,
              to_unit_id = CASE WHEN :forwarded THEN :to_unit_id ELSE to_unit_id END,
              to_body_id = CASE WHEN :forwarded THEN cast(:to_body_id AS uuid) ELSE to_body_id END
        WHERE opinion_id = :opinion_id"""
)
TYPES = tuple(STATES)


def apply(tx: Connection, type_: str, data: Mapping[str, Any]) -> None:
    if type_ == "OpinionRecorded":
        tx.execute(_RECORD, {**data, **data["about"]})
    else:
        tx.execute(_STEP, _step(type_, data))


def _step(type_: str, data: Mapping[str, Any]) -> dict[str, Any]:
    forwarded = type_ == "OpinionForwarded"
    return {
        "opinion_id": data["opinion_id"],
        "state": STATES[type_],
        "day": data["day"],
        "forwarded": forwarded,
        "due": data["due"] if forwarded else None,
        "to_unit_id": data.get("to_unit_id"),
        "to_body_id": data.get("to_body_id"),
    }

"""Which changes cite a document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, text

CHUNK = 500

_CITING = text(
    """SELECT position, type, stream_id, unit_id, effective, recorded_at FROM read.citations
        WHERE document_id = :document AND position > :after
          AND (cast(:known_at AS timestamptz) IS NULL OR recorded_at <= :known_at)
        ORDER BY position LIMIT :limit"""
)

MayShow = Callable[[str | None, date | None], bool]
"""Whether the caller may see a change of that unit on that day."""


class Citations:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(
        self, document_id: str, after: int, limit: int, known_at: datetime | None, may_show: MayShow
    ) -> tuple[list[dict[str, Any]], int | None]:
        """A page in the order of recording, and the position that the next one goes on behind."""
        found: list[dict[str, Any]] = []
        with self._engine.begin() as tx:
            while True:
                asked = {"document": document_id, "after": after, "limit": CHUNK, "known_at": known_at}
                rows = tx.execute(_CITING, asked).all()
                for row in rows:
                    if may_show(row.unit_id, row.effective):
                        if len(found) == limit:
                            return found, after
                        found.append(_change(row))
                    after = row.position
                if len(rows) < CHUNK:
                    return found, None


def _change(row: Any) -> dict[str, Any]:
    subject, _, subject_id = row.stream_id.partition(":")
    return {
        "type": row.type,
        "subject": subject,
        "id": subject_id,
        "unit_id": row.unit_id,
        "effective": row.effective,
        "recorded_at": row.recorded_at,
        "position": f"0:{row.position}",
    }

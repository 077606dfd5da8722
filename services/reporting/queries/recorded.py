"""From a moment to a position: what of a source had been recorded by then."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, text

_RECORDED = text(
    """SELECT m.position, m.recorded_at FROM bus.mirror m JOIN bus.sources s USING (source, log_id)
        WHERE m.source = :source AND m.partition = :partition AND m.position >= :at AND m.recorded_at IS NOT NULL
        ORDER BY m.position LIMIT 1"""
)


def recorded_before(tx: Connection, source: str, partition: int, head: int, moment: datetime) -> int:
    """The last position up to ``head`` recorded before a moment; ``recorded_at`` never goes back within a partition."""
    moment = moment.astimezone(UTC)
    low, high = 0, head  # everything up to low is before the moment, everything behind high is not
    while low < high:
        middle = (low + high) // 2 + 1
        row = tx.execute(_RECORDED, {"source": source, "partition": partition, "at": middle}).one_or_none()
        if row is not None and row.position <= high and row.recorded_at < moment:
            low = row.position
        else:
            high = middle - 1
    return low

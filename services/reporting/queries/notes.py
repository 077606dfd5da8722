"""Notes: one by its id, those of a unit and topic. Their words are read from the log, where they lie sealed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.reporting.domain.notes import NoteShared, NoteWithdrawn, note_stream
from services.reporting.queries.below import Behind, Row, lies_in, page
from services.reporting.queries.standing import Area
from shared.codec import Codec
from shared.log import Log
from shared.problems import Problem

_LIST = """SELECT note_id, unit_id, topic, day, team_id FROM read.notes
        WHERE day BETWEEN :first AND :last AND (cast(:topic AS text) IS NULL OR topic = :topic)
          AND (cast(:after_day AS date) IS NULL OR (day, note_id) < (:after_day, cast(:after_id AS uuid)))
        ORDER BY day DESC, note_id DESC LIMIT :limit"""

Document = dict[str, Any]


class NoteQueries:
    def __init__(self, area: Area, log: Log, codec: Codec) -> None:
        self._area, self._log, self._codec = area, log, codec

    def listed(
        self, unit: str, topic: str | None, first: date, last: date, behind: Behind | None, limit: int
    ) -> Document:
        """The latest first."""

        def read(behind: Behind | None, limit: int) -> list[Row]:
            day, identity = behind or (None, None)
            asked = {"first": first, "last": last, "topic": topic, "limit": limit}
            with self._area.engine.connect() as tx:
                rows = tx.execute(text(_LIST), asked | {"after_day": day, "after_id": identity}).mappings()
                return [dict(row) for row in rows]

        rows, following = page(read, lies_in(self._area.tree, unit), behind, limit, "note_id")
        told = self._told(row["note_id"] for row in rows)
        return {"notes": [told[row["note_id"]] for row in rows if row["note_id"] in told], "next": following}

    def note(self, note_id: UUID) -> tuple[Document, int]:
        """With the version of its stream; without words once it is withdrawn. Raises ``Problem``."""
        stored = self._log.load({note_stream(note_id): 0})[note_stream(note_id)]
        found = self._told([note_id]).get(note_id)
        if found is None:
            raise Problem("not-found", where="path")
        return found, stored[-1].version

    def _told(self, ids: Iterable[UUID]) -> dict[UUID, Document]:
        streams = {note_stream(note_id): note_id for note_id in ids}
        stored = self._log.load(dict.fromkeys(streams, 0))
        self._codec.unlock(event for events in stored.values() for event in events)
        told: dict[UUID, Document] = {}
        for stream, events in stored.items():
            for event in map(self._codec.decode, events):
                match event:
                    case NoteShared():
                        told[streams[stream]] = _shown(event)
                    case NoteWithdrawn():
                        gone = {"state": "withdrawn", "reason": event.reason, "title": None, "text": None}
                        told[streams[stream]] |= gone
        return told


def _shown(note: NoteShared) -> Document:
    return {
        "note_id": note.note_id,
        "unit_id": note.unit_id,
        "topic": note.topic,
        "day": note.day,
        "team_id": note.team_id,
        "state": "shared",
        "title": note.title.text,
        "text": note.text.text,
    }

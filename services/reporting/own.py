"""``own@1``: what reporting records itself, listed in ``read.declared`` and ``read.notes``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from shared.log import Recorded

_DECLARE = text(
    """INSERT INTO read.declared (figure_id, unit_id, indicator, day, since, value, whole, qualifier, source,
              published_on, document_id, recorded_by, recorded_at)
       VALUES (:figure_id, :unit_id, :indicator, :day, :since, :value, :of, :qualifier, :source, :published_on,
              :document_id, :actor, :recorded_at)
       ON CONFLICT (figure_id) DO UPDATE SET unit_id = excluded.unit_id, indicator = excluded.indicator,
              day = excluded.day, since = excluded.since, value = excluded.value, whole = excluded.whole,
              qualifier = excluded.qualifier, source = excluded.source, published_on = excluded.published_on,
              document_id = excluded.document_id, recorded_by = excluded.recorded_by,
              recorded_at = excluded.recorded_at"""
)
_UNDECLARE = text("DELETE FROM read.declared WHERE figure_id = :figure_id")
_SHARE = text(
    """INSERT INTO read.notes (note_id, unit_id, topic, day, team_id)
       VALUES (:note_id, :unit_id, :topic, :day, :team_id) ON CONFLICT DO NOTHING"""
)
_UNSHARE = text("DELETE FROM read.notes WHERE note_id = :note_id")


class Own:
    name = "own@1"
    sources: Mapping[str, Collection[int]] = {"": (0,)}

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        """In order: the events of one record lie in one stream."""
        for _, event in batch:
            _apply(tx, event)


def _apply(tx: Connection, event: Recorded) -> None:
    data = event.data
    match event.type:
        case "FigureDeclared":
            tx.execute(_DECLARE, _row(event, data["figure"]))
        case "FigureCorrected":
            tx.execute(_DECLARE, _row(event, data["after"]))
        case "FigureWithdrawn":
            tx.execute(_UNDECLARE, {"figure_id": data["figure_id"]})
        case "NoteShared":
            names = ("note_id", "unit_id", "topic", "day", "team_id")
            tx.execute(_SHARE, {name: data[name] for name in names})
        case "NoteWithdrawn":
            tx.execute(_UNSHARE, {"note_id": data["note_id"]})


def _row(event: Recorded, figure: Mapping[str, Any]) -> dict[str, Any]:
    who = {"actor": event.metadata["actor"], "recorded_at": event.recorded_at}
    return {"figure_id": event.data["figure_id"], **figure, **who}

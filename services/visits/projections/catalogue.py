"""The catalogues' entries as dated facts: projection ``catalogue@1`` of the own log into ``read.catalogue``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import orjson
from sqlalchemy import Connection, text

from shared.log import Recorded

_STORE = text(
    """INSERT INTO read.catalogue AS c (kind, code, unit_id, since, words)
       VALUES (:kind, :code, :unit_id, :since, cast(:words AS jsonb))
       ON CONFLICT (kind, unit_id, code, since) DO UPDATE SET words = excluded.words, times = c.times + 1"""
)


class CatalogueEntries:
    name = "catalogue@1"
    types = frozenset({"CatalogueEntrySet", "CatalogueEntryEnded"})

    def __init__(self, partitions: int) -> None:
        self.sources: Mapping[str, Collection[int]] = {"": range(partitions)}

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        """Of two facts of one day the later one counts: an entry's facts lie in one stream, in order."""
        rows = [
            {
                "kind": event.data["kind"],
                "code": event.data["code"],
                "unit_id": event.data["unit_id"],
                "since": event.data["effective"],
                "words": orjson.dumps(event.data["words"]).decode() if "words" in event.data else None,
            }
            for _, event in batch
            if event.type in self.types
        ]
        if rows:
            tx.execute(_STORE, rows)

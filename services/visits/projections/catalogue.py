"""The catalogues' entries as dated facts: ``read.catalogue``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, text

_STORE = text(
    """INSERT INTO read.catalogue AS c (kind, code, unit_id, since, words)
       VALUES (:kind, :code, :unit_id, :since, cast(:words AS jsonb))
       ON CONFLICT (kind, unit_id, code, since) DO UPDATE SET words = excluded.words, times = c.times + 1"""
)
TYPES = ("CatalogueEntrySet", "CatalogueEntryEnded")


def apply(tx: Connection, type_: str, data: Mapping[str, Any]) -> None:
    """Of two facts of one day the later one counts."""
    words = orjson.dumps(data["words"]).decode() if "words" in data else None
    tx.execute(_STORE, {**data, "since": data["effective"], "words": words})

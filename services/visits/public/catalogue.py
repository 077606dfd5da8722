"""Public events about the catalogues."""

from __future__ import annotations

from typing import Any

from services.visits.public.mapping import Mapping, only


def _set(data: dict[str, Any]) -> dict[str, Any]:
    words: dict[str, Any] = data["words"]
    return {name: value for name, value in data.items() if name != "words"} | words


CATALOGUE: dict[str, Mapping] = {
    "CatalogueEntrySet": _set,
    "CatalogueEntryEnded": only("kind", "code", "unit_id", "effective", "document_id"),
}

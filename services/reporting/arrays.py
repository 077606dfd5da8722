"""Arrays as PostgreSQL writes them: several times faster than converting element by element in the driver."""

from __future__ import annotations

from collections.abc import Iterable


def arrays(*types: str) -> str:
    """Placeholders for arrays of these types."""
    return ", ".join(f"%s::{each}[]" for each in types)


def plain(values: Iterable[object]) -> str:
    """Numbers, days or truth values."""
    return f"{{{','.join(map(str, values))}}}"


def texts(values: Iterable[str | None]) -> str:
    return f"{{{','.join('NULL' if value is None else _quoted(value) for value in values)}}}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

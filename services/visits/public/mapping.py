"""How stored data becomes public data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Mapping = Callable[[dict[str, Any]], dict[str, Any]]


def only(*names: str) -> Mapping:
    """These fields as they are."""
    return lambda data: {name: data[name] for name in names}

"""How stored data becomes public data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Mapping = Callable[[dict[str, Any]], dict[str, Any]]


def only(*names: str) -> Mapping:
    """These fields as they are."""
    return lambda data: {name: data[name] for name in names}


def settled(*subject: str) -> Mapping:
    """What became of a doubt; an event of earlier days does not say what was so before."""
    told = only(*subject, "unit_id", "day", "flag", "how")
    return lambda data: told(data) | {"was": data.get("was")}

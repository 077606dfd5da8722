"""Rules and obligations as JSON."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
import orjson

from services.training.domain.dues import State
from services.training.domain.rules import Rule, RuleEnded
from services.training.queries.obligations import Obligation, Page
from services.training.queries.places import Path
from shared.problems import Problem

Place = tuple[Path, str, str]


def rule(found: Rule, version: int) -> dict[str, Any]:
    """All that was told of it, in the order of days."""
    told: list[dict[str, Any]] = []
    for event in found.told:
        about = {
            "effective": event.effective,
            "document_id": event.document_id,
            "source": event.source,
            "ended": isinstance(event, RuleEnded),
        }
        told.append(about if isinstance(event, RuleEnded) else about | msgspec.to_builtins(event.terms))
    return {"rule_id": found.set.rule_id, "unit_id": found.set.unit_id, "told": told, "version": version}


def obligation(found: Obligation) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(found)
    return shown


def positions(page: Page) -> dict[str, str]:
    """How far was read: of training's own log, and of the registry's."""
    return {"position": page.position, "registry_position": page.registry_position}


def summary(found: Mapping[str, Counter[str]]) -> list[dict[str, Any]]:
    return [
        {"rule_id": rule_id, **{state.value: counts[state] for state in State}, "people": counts.total()}
        for rule_id, counts in sorted(found.items())
    ]


def cursor(place: Place | None) -> str | None:
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=") if place else None


def place(text: str) -> Place | None:
    """Raises 422 for what is no cursor of ours."""
    if not text:
        return None
    try:
        found: Place = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Place)
    except (binascii.Error, ValueError):
        raise Problem("wrong-format", "/after", where="query") from None
    return found

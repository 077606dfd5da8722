"""Events of units, as every service is told them."""

from __future__ import annotations

from datetime import date
from typing import Any

Event = tuple[str, dict[str, Any]]


def established(unit: str, level: str, parent: str | None, effective: date, **more: Any) -> Event:
    data = {"unit_id": unit, "level": level, "kind": level, "name": unit.upper(), "parent_id": parent, "code": None}
    return "UnitEstablished", data | {"effective": str(effective), "document_id": None, "simulated": False} | more


def abolished(unit: str, effective: date, *successors: str, unknown: bool = False) -> Event:
    heirs = [{"unit_id": heir, "main": n == 0} for n, heir in enumerate(successors)]
    data = {"unit_id": unit, "effective": str(effective), "successors": heirs, "successor_unknown": unknown}
    return "UnitAbolished", data


def reparented(unit: str, parent: str, effective: date) -> Event:
    return "UnitReparented", {"unit_id": unit, "parent_id": parent, "effective": str(effective)}

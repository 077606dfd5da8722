"""What the API shows of units, as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from services.teams.domain.units import ReorganisationRedone, ReorganisationUndone, UnitCorrected, UnitsReorganised
from services.teams.domain.units.single import EVENTS as FACTS
from shared.log import Recorded
from shared.units import GSO, Called, Placement, UnitTree

FACT_TYPES = frozenset(event.__name__ for event in FACTS) - {"UnitCodeTaken"}

KEPT = 10_000
"""Units kept as shown, per map (a kilobyte each): first pages of every province are 6,300."""
TURNS = {ReorganisationUndone.__name__: True, ReorganisationRedone.__name__: False}


def unit(tree: UnitTree, unit_id: str, day: date) -> dict[str, Any]:
    """The unit as it was on that day; ``stands_in`` says where its facts stand if it did not exist then."""
    kept = tree.told(day)
    found = kept.get(unit_id)
    if found is None:
        if len(kept) >= KEPT:
            kept.clear()
        found = kept[unit_id] = _unit(tree, unit_id, day)
    return {**found, "as_of": day}


def _unit(tree: UnitTree, unit_id: str, day: date) -> dict[str, Any]:
    since, until = tree.life(unit_id)
    ancestors, codes = tree.ancestors(unit_id, day)[1:], tree.codes(unit_id, day)
    found = {
        "unit_id": unit_id,
        "level": tree.level(unit_id),
        "kind": tree.kind(unit_id, day),
        "name": tree.name(unit_id, day),
        "full_name": tree.full_name(unit_id, day),
        "code": codes.get(GSO),
        "codes": codes,
        "exists": tree.exists(unit_id, day),
        "since": since,
        "until": until,
        "parent_id": ancestors[0] if ancestors else None,
        "ancestors": ancestors,
        "simulated": tree.simulated(unit_id),
    }
    if not found["exists"]:
        placed = tree.place(unit_id, day)
        if placed:
            found["stands_in"] = _stands_in(placed)
    return found


def called(tree: UnitTree, unit_id: str, names: Iterable[Called], day: date) -> dict[str, Any]:
    """A unit found by name, with the names that matched and when they were borne (``until``: first day after)."""
    matched = [{"name": name.name, "since": name.since, "until": name.until} for name in names]
    return unit(tree, unit_id, day) | {"matched": matched}


def kinship(tree: UnitTree, unit_id: str, day: date) -> dict[str, Any]:
    """Direct successors and predecessors, the main one first, and the units of that day's map that cover it.

    ``share``: per cent of the former unit that the successor took over, null where no document says.
    """
    parts = tree.former_unit_on_map(unit_id, day)
    shares, placed = tree.shares(unit_id), tree.place(unit_id, day)
    heirs, origins = tree.successors(unit_id), tree.predecessors(unit_id)
    return {
        "unit_id": unit_id,
        "successors": [{"unit_id": u, "main": n == 0, "share": shares.get(u)} for n, u in enumerate(heirs)],
        "successor_unknown": tree.successor_unknown(unit_id),
        "predecessors": [
            {"unit_id": u, "main": n == 0, "share": tree.shares(u).get(unit_id)} for n, u in enumerate(origins)
        ],
        "map": day,
        "on_map": [{"unit_id": part.unit_id, "name": part.name, "whole": part.whole} for part in parts],
        "stands_in": _stands_in(placed) if placed else None,
    }


def _stands_in(placed: Placement) -> dict[str, Any]:
    return {name: getattr(placed, name) for name in ("unit_id", "estimated", "successor_unknown")}


def history(events: Iterable[Recorded], known_at: datetime | None) -> dict[str, Any]:
    """Every fact of a unit's stream with its number, as first recorded and as known now, and every correction."""
    facts: list[dict[str, Any]] = []
    corrections: list[dict[str, Any]] = []
    for event in events:
        if known_at is not None and event.recorded_at > known_at:
            break
        when = {"position": f"{event.partition}:{event.position}", "recorded_at": event.recorded_at}
        if event.type in FACT_TYPES:
            facts.append(_fact(len(facts) + 1, event, when))
        elif event.type == UnitCorrected.__name__:
            data = event.data
            about = {name: data[name] for name in ("reason", "document_id", "reorganisation_id", "effective")}
            corrections.append({**when, **about, "facts": [told["fact"] for told in data["corrections"]]})
            for told in data["corrections"]:
                fact = facts[told["fact"] - 1]
                now = {name: told.get(name, value) for name, value in fact["now"].items()}
                fact |= {"effective": told["effective"], "void": told["void"], "now": now}
                fact["corrected_by"].append(when["position"])
    return {"facts": facts, "corrections": corrections}


def _fact(number: int, event: Recorded, when: dict[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in event.data.items() if name not in ("unit_id", "document_id")}
    return {
        "fact": number,
        "type": event.type,
        "effective": said["effective"],
        **when,
        "document_id": event.data["document_id"],
        "recorded": said,
        "now": said,
        "void": False,
        "corrected_by": [],
    }


def reorganisation(events: Iterable[Recorded], known_at: datetime | None) -> dict[str, Any] | None:
    """What was done by it, and every undoing and redoing since; None if there was no such reorganisation."""
    made: dict[str, Any] | None = None
    turns: list[dict[str, Any]] = []
    version = 0
    for event in events:
        if known_at is not None and event.recorded_at > known_at:
            break
        version = event.version
        if event.type == UnitsReorganised.__name__:
            made = event.data | {"recorded_at": event.recorded_at}
        elif event.type in TURNS:
            about = {name: event.data[name] for name in ("reason", "document_id", "facts")}
            turns.append({"undone": TURNS[event.type], "recorded_at": event.recorded_at, **about})
    if made is None:
        return None
    return made | {"undone": bool(turns) and turns[-1]["undone"], "turns": turns, "version": version}

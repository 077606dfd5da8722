"""Places and the visits paid to them, told anew from the raw events of visits, in the plainest shape.

What a visit says is what its last correction says, and nothing if it was voided. A visit belongs to the place under
whose id it was reported, or to whatever that place is one with by now. Rows that events carry are not looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from ops.verify.source import Source
from shared.vietnamese import hanoi_day

_CHANGES = """SELECT type, data FROM log.events WHERE type IN ('VisitCorrected', 'VisitVoided', 'FlagSettled')
               ORDER BY recorded_at, partition, position"""
_PLACES = """SELECT type, data, version FROM log.events
              WHERE type IN ('PlaceRegistered', 'PlaceMoved', 'PlaceCorrected', 'PlaceClosed', 'PlaceReopened',
                             'PlaceMerged', 'PlaceRestored')
              ORDER BY stream_id, version"""
_VISITS = "SELECT data, version, recorded_at FROM log.events WHERE type = 'VisitRecorded'"


LEVELS = ("knows", "understands", "does")
SKILLS = ("public_services", "online_shopping", "online_payment", "online_safety", "local_platforms")


class Visit(NamedTuple):
    """``levels``: age band, skill and level of whoever was taught."""

    day: date
    levels: frozenset[tuple[str, str, str]]


class Counted(NamedTuple):
    """A visit that stands. ``recorded``: on that day in Viet Nam. ``kind``: of its place, as it was recorded. ``ages``:
    of the people taught. ``codes``: of what was set up, reached, missing and doubtful, each with the name of its list.
    """

    unit_id: str
    day: date
    recorded: date
    kind: str
    team_id: str
    ages: tuple[str, ...]
    codes: tuple[str, ...]


@dataclass
class Changed:
    """``last``: the latest correction of a visit, or its void. ``settled``: doubts that still hold, and how they were
    settled."""

    last: dict[str, Any] | None = None
    settled: dict[str, str] = field(default_factory=dict)

    def tell(self, type_: str, data: dict[str, Any]) -> None:
        if type_ == "FlagSettled":
            self.settled[data["flag"]] = data["how"]
            return
        self.last = data
        self.settled = {flag: how for flag, how in self.settled.items() if flag in data.get("flags", ())}


@dataclass
class Place:
    """Where it stood at first, its moves, whether it is open from a day on, and which place it is one with."""

    kind: str
    unit_id: str
    moves: dict[date, str] = field(default_factory=dict)
    doors: dict[date, bool] = field(default_factory=dict)
    into: str | None = None

    def unit_on(self, day: date) -> str:
        known = [since for since in self.moves if since <= day]
        return self.moves[max(known)] if known else self.unit_id

    def open_on(self, day: date) -> bool:
        known = [since for since in self.doors if since <= day]
        return self.doors[max(known)] if known else True


Able = dict[tuple[str | None, str], int]
"""Age band (None: anybody) and skill → how many levels; ``all``: the lowest of the five skills."""


def _able(visits: Iterable[Visit]) -> Able:
    best: Able = {}
    for visit in visits:
        for band, skill, level in visit.levels:
            for who in (None, band):
                best[who, skill] = max(best.get((who, skill), 0), LEVELS.index(level) + 1)
    best[None, "all"] = min(best.get((None, skill), 0) for skill in SKILLS)
    return best


@dataclass
class PlaceFacts:
    """``counted``: the visits that stand. ``visits``: those of each place."""

    places: dict[str, Place] = field(default_factory=dict)
    counted: list[Counted] = field(default_factory=list)
    visits: dict[str, list[Visit]] = field(default_factory=lambda: defaultdict(list))

    def standing(self) -> Iterator[tuple[Place, list[Visit]]]:
        """Every place with the visits to it and to those that are one with it."""
        of: dict[str, list[Visit]] = defaultdict(list)
        for place_id, visits in self.visits.items():
            of[self._one_with(place_id)] += visits
        for place_id, visits in of.items():
            yield self.places[place_id], visits

    def met(self, first: date, last: date) -> Iterator[tuple[str, str]]:
        """For each place visited in the period, its kind, and the unit in which it stood when that happened first."""
        for place, visits in self.standing():
            days = [visit.day for visit in visits if first <= visit.day <= last]
            if days:
                yield place.kind, place.unit_on(min(days))

    def able(self, day: date) -> Iterator[tuple[str, str, Able]]:
        """For each place that is there on the day, its kind, its unit and what somebody there can do."""
        for place, visits in self.standing():
            if place.open_on(day):
                yield place.kind, place.unit_on(day), _able(visit for visit in visits if visit.day <= day)

    def _one_with(self, place_id: str) -> str:
        while (into := self.places[place_id].into) is not None:
            place_id = into
        return place_id


def read(source: Source) -> PlaceFacts:
    facts = PlaceFacts()
    changed: dict[str, Changed] = defaultdict(Changed)
    for type_, data in source.stream(_CHANGES):
        changed[data["visit_id"]].tell(type_, data)
    for data, version, recorded_at in source.stream(_VISITS):
        _visit(facts, data, version, hanoi_day(recorded_at), changed.get(data["visit_id"], Changed()))
    for type_, data, version in source.stream(_PLACES):
        _place(facts, type_, data, version)
    return facts


def _visit(facts: PlaceFacts, data: dict[str, Any], version: int, recorded: date, changed: Changed) -> None:
    if version == 1:
        facts.places[data["place_id"]] = Place(data["place_kind"], data["unit_id"])
    change = changed.last
    said = data if change is None else change.get("after")
    if said is None:
        return  # voided
    day = date.fromisoformat(said["day"])
    ages = tuple(learner["age_band"] for learner in said["learners"])
    codes = [f"{what}:{code}" for what in ("platforms", "outcomes") for code in said.get(what, ())]
    for flag in (data if change is None else change)["flags"]:
        codes.append(f"flags:{flag}")
        codes += [f"flags_open:{flag}"] if flag not in changed.settled else []
        codes += [f"flags_confirmed:{flag}"] if changed.settled.get(flag) == "confirmed" else []
    codes += [f"obstacles:{said['obstacle']}"] if said.get("obstacle") else []
    kind, team = data["place_kind"], said["team_id"]
    facts.counted.append(Counted(data["unit_id"], day, recorded, kind, team, ages, tuple(codes)))
    levels = frozenset((who["age_band"], s["skill"], s["level"]) for who in said["learners"] for s in who["skills"])
    via = (data.get("reported") or {}).get("via")
    facts.visits[via[-1] if via else data["place_id"]].append(Visit(day, levels))


def _place(facts: PlaceFacts, type_: str, data: dict[str, Any], version: int) -> None:
    place_id = data["place_id"]
    if version == 1:
        facts.places[place_id] = Place(data["kind"], data["unit_id"])
    place = facts.places[place_id]
    match type_:
        case "PlaceMoved":
            place.moves[date.fromisoformat(data["day"])] = data["unit_id"]
        case "PlaceCorrected":
            place.kind, place.unit_id = data["kind"], data["unit_id"]
        case "PlaceClosed" | "PlaceReopened":
            place.doors[date.fromisoformat(data["day"])] = type_ == "PlaceReopened"
        case "PlaceMerged":
            place.into = data["into"]
        case "PlaceRestored":
            place.into = None

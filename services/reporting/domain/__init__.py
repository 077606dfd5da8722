"""What counts: public events of teams, visits and training → numbers per unit and day. Pure.

    event ──count──▶ Tally: figures[unit, day] and reached[unit, kind, day, previous day]

Two sorts of figures, both additive over units and days: *stocks* are asked as of a date (sum of all days up to it),
*flows* for a period. Who was reached in a period is not additive over days, so it is kept as pairs: ``n`` households
(or persons) were met on ``day`` and last before on ``previous_day``; a period counts the pairs whose day lies in it and
whose previous day lies before it, so each household exactly once. Those never met before are a plain flow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

SKILLS = ("public_services", "online_shopping", "online_payment", "online_safety", "local_platforms")
COVERED = tuple(f"covered_{skill}" for skill in (*SKILLS, "all"))
"""Households where at least one person does it; ``all``: does all five."""
STOCKS = ("teams_commune", "teams_village", "seats", *COVERED)
FLOWS = ("visits", "people_taught", "attendances", "first_households", "first_persons")
FIGURES = (*STOCKS, *FLOWS, "facts")
"""Columns of the read model; ``facts`` counts the events a row is made of."""

HOUSEHOLD, PERSON = "household", "person"
DOES = "does"
FIRST = {HOUSEHOLD: "first_households", PERSON: "first_persons"}
"""Column of those met on a day and never before."""

PLACE_EVENTS = (
    "PlaceMoved",
    "PlaceCorrected",
    "PlaceClosed",
    "PlaceReopened",
    "PlaceMerged",
    "PlaceAbsorbed",
    "PlaceSeparated",
    "PlaceRestored",
)
"""Whatever changes what places count, apart from visits."""

USES: Mapping[str, frozenset[str]] = {
    "teams": frozenset(
        {
            "TeamEstablished",
            "TeamReconstituted",
            "SeatAppointed",
            "SeatReleased",
            "TeamsRearranged",
            "TeamCorrected",
            "TeamReassigned",
            "PilotEnded",
            "TeamDissolved",
        }
    ),
    "visits": frozenset(
        {
            "VisitRecorded",
            "VisitCorrected",
            "VisitVoided",
            *PLACE_EVENTS,
        }
    ),
    "training": frozenset(
        {"AttendanceRecorded", "AttendanceVoided", "AttendanceCorrected", "RecordsJoined", "RecordsSeparated"}
    ),
}
"""Source → the events that count."""

_NO_LEVELS: Mapping[str, str] = {}
_AT = {name: at for at, name in enumerate(FIGURES)}
_SEATS, _VISITS, _TAUGHT, _ATTENDANCES, _FACTS = (
    _AT[name] for name in ("seats", "visits", "people_taught", "attendances", "facts")
)
_FIRST_AT = {kind: _AT[name] for kind, name in FIRST.items()}
_COVERED_AT = {skill: _AT[f"covered_{skill}"] for skill in (*SKILLS, "all")}


class UnknownTeam(LookupError):
    """An event about a team that was never established here: its kind, and so its column, is unknown."""


class Tally:
    """Numbers on their way into the read model. Days are ISO texts as in the events."""

    __slots__ = ("figures", "kinds", "reached", "teams")

    def __init__(self, kinds: Mapping[str, str] | None = None) -> None:
        self.figures: dict[tuple[str, str], list[int]] = {}
        self.reached: dict[tuple[str, str, str, str], int] = {}
        self.teams: dict[str, tuple[str, str]] = {}
        """Teams established in what was counted: kind and unit."""
        self.kinds = kinds if kinds is not None else {}
        """Kinds of teams established before."""

    def row(self, unit: str, day: str) -> list[int]:
        """The numbers of one unit and day, in the order of ``FIGURES``; callers add to them."""
        key = (unit, day)
        row = self.figures.get(key)
        if row is None:
            if type(unit) is not str or type(day) is not str or not unit:
                raise TypeError("a fact needs a unit and a day")
            row = self.figures[key] = [0] * len(FIGURES)
        return row

    def kind(self, team: str) -> str:
        if team in self.teams:
            return self.teams[team][0]
        if team in self.kinds:
            return self.kinds[team]
        raise UnknownTeam(team)

    def add(self, other: Tally) -> None:
        for (unit, day), more in other.figures.items():
            row = self.row(unit, day)
            for at, n in enumerate(more):
                row[at] += n
        for key, n in other.reached.items():
            self.reached[key] = self.reached.get(key, 0) + n
        self.teams |= other.teams

    @property
    def leaves(self) -> set[str]:
        """The units named by the facts themselves: villages, or communes for what belongs to a whole commune."""
        return {unit for unit, _ in self.figures} | {key[0] for key in self.reached}


def count(tally: Tally, type_: str, data: Mapping[str, Any]) -> None:
    """Add one public event to the tally; other types change nothing.

    Raises ``UnknownTeam``; ``KeyError`` or ``TypeError`` for data that breaks the contract: the tally is then spoilt.
    """
    counter = _COUNTERS.get(type_)
    if counter is not None:
        counter(tally, data)


def teams_named(type_: str, data: Mapping[str, Any]) -> Iterable[str]:
    """The teams whose kind ``count`` will ask for."""
    match type_:
        case "PilotEnded" | "TeamDissolved":
            return (data["team_id"],)
        case _:
            return ()


# --- teams -------------------------------------------------------------------------------------------------------


def _team(tally: Tally, data: Mapping[str, Any], unit: str, kind: str, teams: int, seats: int) -> list[int]:
    row = tally.row(unit, data["effective"])
    row[_AT[f"teams_{kind}"]] += teams
    row[_SEATS] += seats
    return row


def _established(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.teams[data["team_id"]] = (data["kind"], data["unit_id"])
    _team(tally, data, data["unit_id"], data["kind"], 1, len(data["seats"]))[_FACTS] += 1


def _ended(tally: Tally, data: Mapping[str, Any]) -> None:
    kind = tally.kind(data["team_id"])
    _team(tally, data, data["unit_id"], kind, -1, -data["seats"])[_FACTS] += 1


def _pilot_ended(tally: Tally, data: Mapping[str, Any]) -> None:
    if not data["converted"]:
        _ended(tally, data)


def _adjusted(tally: Tally, data: Mapping[str, Any]) -> None:
    """The event says itself what to add where."""
    for change in data["counts"]:
        row = tally.row(change["unit_id"], change["day"])
        row[_AT[f"teams_{change['kind']}"]] += change["teams"]
        row[_SEATS] += change["seats"]
    tally.row(data["unit_id"], data["effective"])[_FACTS] += 1


def _reassigned(tally: Tally, data: Mapping[str, Any]) -> None:
    _team(tally, data, data["from_unit_id"], data["kind"], -1, -data["seats"])
    _team(tally, data, data["unit_id"], data["kind"], 1, data["seats"])[_FACTS] += 1


def _seats(change: Callable[[Mapping[str, Any]], int]) -> Callable[[Tally, Mapping[str, Any]], None]:
    def counter(tally: Tally, data: Mapping[str, Any]) -> None:
        row = tally.row(data["unit_id"], data["effective"])
        row[_SEATS] += change(data)
        row[_FACTS] += 1

    return counter


# --- visits and training -----------------------------------------------------------------------------------------


def _visit(tally: Tally, data: Mapping[str, Any]) -> None:
    row = tally.row(data["unit_id"], data["day"])
    row[_VISITS] += 1
    row[_FACTS] += 1
    row[_TAUGHT] += data["people_taught"]
    _household(tally, data, data["place_kind"])


def _visit_corrected(tally: Tally, data: Mapping[str, Any]) -> None:
    """A visit goes on counting in its unit, by what is known of it now."""
    unit = data["unit_id"]
    for content, n in ((data["before"], -1), (data["after"], 1)):
        row = tally.row(unit, content["day"])
        row[_VISITS] += n
        row[_TAUGHT] += n * content["people_taught"]
    tally.row(unit, data["after"]["day"])[_FACTS] += 1
    _household(tally, data, data["place_kind"])


def _visit_voided(tally: Tally, data: Mapping[str, Any]) -> None:
    row = tally.row(data["unit_id"], data["day"])
    row[_VISITS] -= 1
    row[_FACTS] += 1
    row[_TAUGHT] -= data["before"]["people_taught"]
    _household(tally, data, data["place_kind"])


def _place(tally: Tally, data: Mapping[str, Any]) -> None:
    _household(tally, data, data["kind"])


def _household(tally: Tally, data: Mapping[str, Any], kind: str) -> None:
    """``reach`` and ``covered`` are the changes that an event caused in its place: a reader only adds.

    A row names its kind, unit and day where they are not the event's; rows of an age band are not counted here.
    """
    unit = data["unit_id"]
    _reach(tally, unit, HOUSEHOLD, [row for row in data["reach"] if row.get("place_kind", kind) == HOUSEHOLD])
    for row in data["covered"]:
        if row.get("place_kind", kind) != HOUSEHOLD or "age_band" in row:
            continue
        figures = None
        for side, n in (("to", 1), ("from", -1)):
            for skill, level in row.get(side, _NO_LEVELS).items():
                at = _COVERED_AT.get(skill)
                if level == DOES and at is not None:
                    figures = figures or tally.row(row.get("unit_id", unit), row.get("day") or data["day"])
                    figures[at] += n


def _attendance(tally: Tally, data: Mapping[str, Any]) -> None:
    row = tally.row(data["unit_id"], data["day"])
    row[_ATTENDANCES] += 1
    row[_FACTS] += 1
    _reach(tally, data["unit_id"], PERSON, data["reach"])


def _attendances_changed(tally: Tally, data: Mapping[str, Any]) -> None:
    """Voided, corrected, or counted once or twice since two ids are one human being, or two again."""
    fewer = [data["before"]] if "before" in data else data.get("removed", ())
    more = [data["after"]] if "after" in data else data.get("added", ())
    for changed, n in ((fewer, -1), (more, 1)):
        for each in changed:
            row = tally.row(each["unit_id"], each["day"])
            row[_ATTENDANCES] += n
            row[_FACTS] += 1
    for link in data["reach"]:
        _reach(tally, link["unit_id"], PERSON, [link])


def _reach(tally: Tally, unit: str, kind: str, changes: Iterable[Mapping[str, Any]]) -> None:
    """A link may belong to another unit than the event's and then names it."""
    for change in changes:
        where, day, previous, n = change.get("unit_id", unit), change["day"], change["previous_day"], change["n"]
        if previous is None:
            tally.row(where, day)[_FIRST_AT[kind]] += n
        else:
            key = (where, kind, day, previous)
            tally.reached[key] = tally.reached.get(key, 0) + n


_COUNTERS: Mapping[str, Callable[[Tally, Mapping[str, Any]], None]] = {
    "TeamEstablished": _established,
    "TeamReconstituted": _seats(lambda data: data["seats_after"] - data["seats_before"]),
    "SeatAppointed": _seats(lambda data: 1),
    "SeatReleased": _seats(lambda data: -1),
    "TeamsRearranged": _adjusted,
    "TeamCorrected": _adjusted,
    "TeamReassigned": _reassigned,
    "PilotEnded": _pilot_ended,
    "TeamDissolved": _ended,
    "VisitRecorded": _visit,
    "VisitCorrected": _visit_corrected,
    "VisitVoided": _visit_voided,
    **dict.fromkeys(PLACE_EVENTS, _place),
    "AttendanceRecorded": _attendance,
    "AttendanceVoided": _attendances_changed,
    "AttendanceCorrected": _attendances_changed,
    "RecordsJoined": _attendances_changed,
    "RecordsSeparated": _attendances_changed,
}

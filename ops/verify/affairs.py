"""Opinions, outreach, declared households, warnings, regulations, plans, sessions, certificates, reminders, told anew.

Each from the raw events of its own streams, and counted for one question at a time: as of a day, or within a period.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ops.verify.source import Source

Told = Iterator[tuple[str, str, int]]
"""Unit, figure and how many more."""
Event = tuple[str, dict[str, Any]]

_STREAMS = {
    "teams": ("warnings:", "regulation:", "plan:", "unit:"),
    "visits": ("opinion:", "outreach:", "households:"),
    "training": ("session:", "certificate:", "reminders:"),
}
_RULES = {"RegulationIssued", "RegulationReplaced", "RegulationRepealed"}
_PLANS = {"PlanAdopted", "PlanWithdrawn"}


@dataclass
class Affairs:
    """Events of each stream in order, by what they are about."""

    opinions: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    outreach: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    households: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    ended: dict[str, str | None] = field(default_factory=dict)
    """Unit → its first day of not existing."""
    warnings: dict[tuple[str, str], list[tuple[str, int, str, bool]]] = field(default_factory=lambda: defaultdict(list))
    records: dict[str, dict[int, Event]] = field(default_factory=lambda: defaultdict(dict))
    void: set[str] = field(default_factory=set)
    sessions: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))
    certificates: dict[str, dict[str, Any]] = field(default_factory=dict)
    overdue: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, stream: str, position: int, type_: str, data: dict[str, Any]) -> None:
        if stream.startswith("opinion:"):
            self.opinions[stream].append((type_, data))
            return
        match type_:
            case "OutreachRecorded":
                self.outreach[data["session_id"]] = data["session"]
            case "OutreachCorrected":
                self.outreach[data["session_id"]] = data["after"]
            case "OutreachVoided":
                self.outreach[data["session_id"]] = None
            case "HouseholdsDeclared":
                self.households[data["unit_id"]][data["day"]] = data["total"]
            case "HouseholdsWithdrawn":
                self.households[data["unit_id"]].pop(data["day"])
            case "UnitAbolished":
                self.ended[data["unit_id"]] = data["effective"]
            case "UnitCorrected":
                self.ended[data["unit_id"]] = data["ended"]
            case "CompositionWarned" | "CompositionWarningCleared":
                entry = (data["effective"], position, data["unit_id"], type_ == "CompositionWarned")
                self.warnings[data["team_id"], data["code"]].append(entry)
            case "EntryVoided" if data["corrects"] is None:
                self.void.add(stream)
            case "EntryVoided":
                self.records[stream].pop(data["corrects"], None)
            case "SessionScheduled" | "SessionChanged":
                self.sessions[data["session_id"]] |= {"plan": data}
            case "SessionHeld":
                self.sessions[data["session_id"]] |= {"held": data}
            case "SessionCancelled":
                self.sessions[data["session_id"]].pop("held", None)
            case "CertificateIssued":
                self.certificates[data["number"]] = data
            case "CertificateRevoked":
                self.certificates.pop(data["number"])
            case "ReminderDue" if data["kind"] == "overdue":
                self.overdue.append(data)
            case _ if type_ in _RULES | _PLANS:
                self.records[stream][data["corrects"] or data["fact"]] = (type_, data)

    def count(self, first: date, last: date) -> Told:
        since, until = first.isoformat(), last.isoformat()
        yield from _opinions(self.opinions.values(), since, until)
        yield from _outreach(self.outreach.values(), since, until)
        for unit, totals in self.households.items():
            ended = self.ended.get(unit)
            known = [day for day in totals if day <= until]
            if known and not (ended and ended <= until):
                yield unit, "households_total", totals[max(known)]
                yield unit, "households_declared", 1
        for (_, code), entries in self.warnings.items():
            known_entries = [entry for entry in entries if entry[0] <= until]
            if known_entries and max(known_entries)[3]:
                yield max(known_entries)[2], "warnings", 1
                yield max(known_entries)[2], f"warnings_code:{code}", 1
        yield from self._standing(until)
        yield from _sessions(self.sessions.values(), since, until)
        for certificate in self.certificates.values():
            if certificate["day"] <= until and not (certificate["expires"] and certificate["expires"] <= until):
                yield certificate["unit_id"], "certificates_valid", 1
        yield from (
            (each["unit_id"], "obligations_overdue", 1) for each in self.overdue if since <= each["due"] <= until
        )

    def _standing(self, until: str) -> Told:
        """Regulations in force and plans adopted: begun, and nothing has ended them."""
        for stream, facts in self.records.items():
            so_far = [fact for fact in facts.values() if fact[1]["effective"] <= until]
            if stream in self.void or len(so_far) != 1:
                continue
            type_, data = so_far[0]
            yield data["unit_id"], "regulations" if type_ in _RULES else "plans", 1
            if type_ in _PLANS:
                yield data["unit_id"], f"plans_year:{data['year']}", 1


def read(sources: Mapping[str, Source]) -> Affairs:
    affairs = Affairs()
    for service, streams in _STREAMS.items():
        begins = " OR ".join(f"starts_with(stream_id, '{stream}')" for stream in streams)
        for stream, position, type_, data in sources[service].stream(
            f"SELECT stream_id, position, type, data FROM log.events WHERE {begins} ORDER BY partition, position"
        ):
            affairs.tell(stream, position, type_, data)
    return affairs


def _opinions(stories: Iterable[list[Event]], since: str, until: str) -> Told:
    names = {"OpinionRecorded": "recorded", "OpinionClosed": "closed", "OpinionWithdrawn": "withdrawn"}
    for story in stories:
        about, heard = story[0][1]["about"], story[0][1]["day"]
        unit = about["unit_id"]
        for type_, data in story:
            if type_ in names and since <= data["day"] <= until:
                yield unit, f"opinions_{names[type_]}", 1
        if since <= heard <= until:
            yield unit, f"opinions_topic:{about['topic']}", 1
            if about["pillar"]:
                yield unit, f"opinions_pillar:{about['pillar']}", 1
        answers = [data["day"] for type_, data in story if type_ == "OpinionAnswered"]
        if answers and since <= answers[0] <= until:
            yield unit, "opinions_answered", 1
            yield unit, "answer_days", (date.fromisoformat(answers[0]) - date.fromisoformat(heard)).days
        steps = [type_ for type_, data in story if data["day"] <= until]
        if steps and steps[-1] in ("OpinionRecorded", "OpinionForwarded"):
            yield unit, "opinions_open", 1


def _outreach(sessions: Iterable[dict[str, Any] | None], since: str, until: str) -> Told:
    for session in sessions:
        if session is None or not since <= session["day"] <= until:
            continue
        unit = session["unit_id"]
        yield unit, "outreach_sessions", 1
        yield unit, f"outreach_occasion:{session['occasion']}", 1
        for heads in session["heads"]:
            yield unit, "outreach_heads", heads["n"]
            yield unit, f"heads_{heads['age_band']}", heads["n"]
        for topic in session["topics"]:
            yield unit, f"outreach_topic:{topic}", 1


def _sessions(sessions: Iterable[dict[str, Any]], since: str, until: str) -> Told:
    for session in sessions:
        held = session.get("held")
        if held is None or not since <= held["day"] <= until:
            continue
        plan, unit = session["plan"], held["unit_id"]
        yield unit, "sessions_held", 1
        for name, key in (("mode", plan["mode"]), ("organiser", plan["organiser"]), ("course", plan["course_id"])):
            if key is not None:
                yield unit, f"sessions_{name}:{key}", 1

"""Events as training reads them, in the shape of their contracts."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from services.training.domain.rules import Terms

Event = tuple[str, dict[str, Any]]


def unit(unit_id: str, level: str, parent: str | None, since: date = date(2022, 1, 1)) -> Event:
    about = {"unit_id": unit_id, "level": level, "kind": level, "name": unit_id, "parent_id": parent, "code": None}
    return "UnitEstablished", about | {"effective": since.isoformat(), "document_id": None, "simulated": True}


def team(team_id: str, kind: str, unit_id: str, since: date, seats: list[dict[str, Any]]) -> Event:
    about = {"team_id": team_id, "kind": kind, "unit_id": unit_id, "name": "Tổ", "pilot": False, "seats": seats}
    return "TeamEstablished", about | {"effective": since.isoformat(), "document_id": "d", "simulated": True}


def reassigned(team_id: str, kind: str, before: str, after: str, day: date) -> Event:
    about = {"team_id": team_id, "kind": kind, "from_unit_id": before, "unit_id": after, "seats": 0}
    return "TeamReassigned", about | {"effective": day.isoformat(), "document_id": "d"}


def joined(person_id: str, duplicate_id: str) -> Event:
    return "PeopleJoined", {"person_id": person_id, "duplicate_id": duplicate_id, "reason": "x", "document_id": None}


def course(course_id: str, topics: tuple[str, ...], *, revised: bool = False) -> Event:
    about = {"course_id": course_id, "title": "Kỹ năng số", "topics": list(topics), "mode": "hybrid"}
    return ("CourseRevised", about | {"version": 2}) if revised else ("CourseOffered", about | {"simulated": True})


def session(session_id: str, course_id: str, unit_id: str, day: date) -> Event:
    about = {"session_id": session_id, "course_id": course_id, "unit_id": unit_id, "organiser": "department"}
    parts = [{"day": day.isoformat(), "part": "day"}]
    return "SessionScheduled", about | {"mode": "hybrid", "parts": parts, "capacity": None, "simulated": True}


def attendance(person_id: str, session_id: str, course_id: str, unit_id: str, day: date) -> Event:
    about = {"person_id": person_id, "session_id": session_id, "course_id": course_id, "unit_id": unit_id}
    return "AttendanceRecorded", about | {"day": day.isoformat(), "part": "day", "mode": "online", "reach": []}


def rule(rule_id: str, unit_id: str, day: date, terms: Terms) -> Event:
    about = {"rule_id": rule_id, "unit_id": unit_id, "effective": day.isoformat(), "terms": msgspec.to_builtins(terms)}
    return "RuleSet", about | {"document_id": None, "source": "Kế hoạch"}


def exempted(exemption_id: str, person_id: str, rule_id: str, since: date, until: date | None) -> Event:
    about = {"exemption_id": exemption_id, "person_id": person_id, "rule_id": rule_id, "reason": "absent"}
    return "PersonExempted", about | {"since": since.isoformat(), "until": until.isoformat() if until else None}

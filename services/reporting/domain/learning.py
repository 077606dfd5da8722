"""Training: attendances, people trained, sessions held, certificates that are valid, obligations not met. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.reporting.domain.names import PERSON
from services.reporting.domain.people import CAME, GONE
from services.reporting.domain.tally import AT, FACTS, Known, Tally

_ATTENDANCES, _SESSIONS, _CERTIFICATES = AT["attendances"], AT["sessions_held"], AT["certificates_valid"]
_OVERDUE = AT["obligations_overdue"]

# --- attendances -------------------------------------------------------------------------------------------------


def attended(tally: Tally, data: Mapping[str, Any]) -> None:
    _attendance(tally, data, 1)
    tally.reach(data["unit_id"], PERSON, data["reach"])
    tally.tell("person", data["person_id"], (CAME, _part(data)))


def changed(tally: Tally, data: Mapping[str, Any]) -> None:
    """Voided, corrected, or counted once or twice since two ids are one human being, or two again."""
    fewer = [data["before"]] if "before" in data else data.get("removed", ())
    more = [data["after"]] if "after" in data else data.get("added", ())
    for attendances, n in ((fewer, -1), (more, 1)):
        for each in attendances:
            _attendance(tally, each, n)
    for link in data["reach"]:
        tally.reach(link["unit_id"], PERSON, (link,))
    for person in data.get("people", ()) if "before" in data else ():
        tally.tell("person", person, (GONE, _part(data["before"])))
    if "after" in data:
        tally.tell("person", data["people"][0], (CAME, _part(data["after"])))
    for each in data.get("added", ()):  # two that are not one any more were both there
        for person in (data["person_id"], data["duplicate_id"]):
            tally.tell("person", person, (CAME, _part(each)))


def _part(data: Mapping[str, Any]) -> str:
    """Sorts by the day, with which it begins."""
    return f"{data['day']} {data['session_id']} {data['part']}"


def _attendance(tally: Tally, data: Mapping[str, Any], n: int) -> None:
    unit, day = data["unit_id"], data["day"]
    row = tally.row(unit, day)
    row[_ATTENDANCES] += n
    row[FACTS] += 1
    tally.key(unit, "attendances_mode", data["mode"], day, n)
    tally.key(unit, "attendances_course", data["course_id"], day, n)
    if data.get("organiser") is not None:
        tally.key(unit, "attendances_organiser", data["organiser"], day, n)


# --- sessions ----------------------------------------------------------------------------------------------------


def planned(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.tell("session", data["session_id"], ("plan", [data["mode"], data["organiser"], data["course_id"]]))


def held(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.row(data["unit_id"], data["day"])[FACTS] += 1
    tally.tell("session", data["session_id"], ("held", [data["unit_id"], data["day"]]))


def cancelled(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.tell("session", data["session_id"], ("held", None))


def learn_session(tally: Tally, session: str, known: Known, told: Sequence[Any]) -> None:
    for what, value in told:
        known[what] = value


def count_session(tally: Tally, session: str, known: Known, sign: int) -> None:
    """On its last day, in the unit that holds it, by what its plan says now."""
    if known.get("held"):
        unit, day = known["held"]
        tally.row(unit, day)[_SESSIONS] += sign
        for name, key in zip(("mode", "organiser", "course"), known.get("plan", ()), strict=False):
            if key is not None:
                tally.key(unit, f"sessions_{name}", key, day, sign)


# --- certificates ------------------------------------------------------------------------------------------------


def issued(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.row(data["unit_id"], data["day"])[FACTS] += 1
    tally.tell("certificate", data["number"], ("issued", [data["unit_id"], data["day"], data["expires"]]))


def revoked(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.row(data["unit_id"], data["day"])[FACTS] += 1
    tally.tell("certificate", data["number"], ("revoked", True))


def learn_certificate(tally: Tally, number: str, known: Known, told: Sequence[Any]) -> None:
    for what, value in told:
        known[what] = value


def count_certificate(tally: Tally, number: str, known: Known, sign: int) -> None:
    """Until it expires; one that was revoked never counted."""
    if "issued" in known and "revoked" not in known:
        unit, day, expires = known["issued"]
        tally.row(unit, day)[_CERTIFICATES] += sign
        if expires is not None:
            tally.row(unit, expires)[_CERTIFICATES] -= sign


# --- obligations -------------------------------------------------------------------------------------------------


def reminded(tally: Tally, data: Mapping[str, Any]) -> None:
    """Issued once per person, rule and due day, when that has gone by; whether it was made good later is not told."""
    if data["kind"] == "overdue":
        row = tally.row(data["unit_id"], data["due"])
        row[_OVERDUE] += 1
        row[FACTS] += 1

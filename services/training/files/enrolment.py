"""Rows of enrolment: each is a command of its own, so a list that comes again brings back nobody who withdrew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from services.training.domain.roll import Enrolling, EnrolPeople, Roll, roll_stream
from services.training.files.rows import Sent, Sessions
from services.training.schemas.roll import enrolment_id
from shared.handling import Decides
from shared.sheets import Book, Row


class EnrolmentRows:
    """Seats are given in the order of the rows, so those of one session are stored one after the other."""

    chunk = 200
    differs = "enrolment-differs"

    def __init__(self, decides: Decides, sessions: Sessions, today: date) -> None:
        self._decides, self._sessions, self._today = decides, sessions, today

    def sent(self, rows: Sequence[Row]) -> list[Sent]:
        """On the map of the session's first day, as through the API."""
        plans = self._sessions.plans(rows)
        named = [plans[row.values["session_id"]] for row in rows]
        days = [plan.parts[0].day if plan else self._today for plan in named]
        units = self._sessions.units(rows, days, plans)
        return [self._sent(*each) for each in zip(rows, units, days, strict=True)]

    def _sent(self, row: Row, unit_id: str, day: date) -> Sent:
        person_id, session_id = row.values["person_id"], row.values["session_id"]
        command = EnrolPeople(session_id, (Enrolling(person_id, unit_id),))
        return Sent(row, enrolment_id(person_id, session_id), command, unit_id, day)

    def as_recorded(self, sent: Sequence[Sent]) -> list[Sent]:
        rolls = self._rolls(sent)
        found = []
        for each in sent:
            [person] = each.command.people
            roll = rolls[each.command.session_id]
            unit_id = roll.seated.get(person.person_id) or roll.waiting.get(person.person_id) or person.unit_id
            command = replace(each.command, people=(Enrolling(person.person_id, unit_id),))
            found.append(replace(each, command=command, unit_id=unit_id))
        return found

    def remark(self, book: Book, sent: Iterable[Sent]) -> None:
        """Who found no free seat, and who has withdrawn since the list came for the first time."""
        sent = list(sent)
        rolls = self._rolls(sent)
        for each in sent:
            person_id, roll = each.row.values["person_id"], rolls[each.command.session_id]
            if person_id in roll.waiting:
                book.add(each.row, "person_id", "enrolled-waiting")
            elif person_id not in roll.seated:
                book.add(each.row, "person_id", "enrolled-withdrawn", session_id=each.command.session_id)

    def _rolls(self, sent: Sequence[Sent]) -> dict[str, Roll]:
        named = {each.command.session_id for each in sent}
        states = self._decides.states(roll_stream(session_id) for session_id in named)
        return {session_id: states[roll_stream(session_id)] for session_id in named}

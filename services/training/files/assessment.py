"""Rows of scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from services.training.domain.assessment import RecordAssessment
from services.training.files.rows import Sent, Sessions, in_unit, trainees
from services.training.schemas.certificates import assessment_id
from shared.handling import Decides
from shared.sheets import Book, Row


class AssessmentRows:
    chunk = 1_000
    differs = "assessment-differs"

    def __init__(self, decides: Decides, sessions: Sessions, today: date) -> None:
        self._decides, self._sessions, self._today = decides, sessions, today

    def sent(self, rows: Sequence[Row]) -> list[Sent]:
        days = [row.values["day"] for row in rows]
        units = self._sessions.units(rows, days, self._sessions.plans(rows))
        return [self._sent(row, unit_id) for row, unit_id in zip(rows, units, strict=True)]

    def _sent(self, row: Row, unit_id: str) -> Sent:
        said = row.values
        person_id, session_id, day, attempt = said["person_id"], said["session_id"], said["day"], said["attempt"] or 1
        command = RecordAssessment(person_id, session_id, unit_id, day, said["score"], self._today, attempt)
        return Sent(row, assessment_id(person_id, session_id, attempt), command, unit_id, day)

    def as_recorded(self, sent: Sequence[Sent]) -> list[Sent]:
        records = trainees(self._decides, {each.command.person_id for each in sent})
        found = []
        for each in sent:
            said: RecordAssessment = each.command
            recorded = records[said.person_id].results.get((said.person_id, said.session_id, said.attempt))
            found.append(in_unit(each, recorded.unit_id) if recorded else each)
        return found

    def remark(self, book: Book, sent: Iterable[Sent]) -> None:
        """Nothing."""

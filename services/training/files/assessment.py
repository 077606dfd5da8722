"""Rows of scores."""

from __future__ import annotations

from services.training.domain.assessment import RecordAssessment
from services.training.domain.trainee import Trainee
from services.training.files.rows import OfPeople, Sent
from services.training.schemas.certificates import assessment_id
from shared.sheets import Row


class AssessmentRows(OfPeople):
    differs = "assessment-differs"

    def _sent(self, row: Row, unit_id: str) -> Sent:
        said = row.values
        person_id, session_id, day, attempt = said["person_id"], said["session_id"], said["day"], said["attempt"] or 1
        command = RecordAssessment(person_id, session_id, unit_id, day, said["score"], self._today, attempt)
        return Sent(row, assessment_id(person_id, session_id, attempt), command, unit_id, day)

    def _unit_recorded(self, command: RecordAssessment, trainee: Trainee) -> str | None:
        recorded = trainee.results.get((command.person_id, command.session_id, command.attempt))
        return recorded.unit_id if recorded else None

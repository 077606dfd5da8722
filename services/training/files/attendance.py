"""Rows of attendance."""

from __future__ import annotations

from services.training.domain.attendance import RecordAttendance
from services.training.domain.trainee import Trainee
from services.training.domain.words import Part
from services.training.files.rows import OfPeople, Sent
from services.training.schemas.attendance import attendance_id
from shared.sheets import Row


class AttendanceRows(OfPeople):
    differs = "attendance-differs"

    def _sent(self, row: Row, unit_id: str) -> Sent:
        said = row.values
        person_id, session_id, day, part = said["person_id"], said["session_id"], said["day"], said["part"] or Part.DAY
        command = RecordAttendance(person_id, session_id, unit_id, day, self._today, part, said["mode"])
        return Sent(row, attendance_id(person_id, session_id, day, part), command, unit_id, day)

    def _unit_recorded(self, command: RecordAttendance, trainee: Trainee) -> str | None:
        recorded = trainee.entries.get((command.person_id, (command.session_id, command.day, command.part)))
        return recorded.unit_id if recorded else None

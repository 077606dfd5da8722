"""Attendance, one by one and in batches."""

from __future__ import annotations

from typing import Any

from services.training.domain.attendance import RecordAttendance
from services.training.schemas.attendance import AttendanceSchema
from services.training.service.base import Pieces
from shared.edge import Call, Reply, Row, Rows, answered, require_unit, route
from shared.edge_batch import batch_reply
from shared.problems import Problem
from shared.vietnamese import hanoi_day


class AttendanceRoutes(Pieces):
    @route("POST", "/v1/attendance", scope="training:write", body=AttendanceSchema)
    def record_attendance(self, call: Call) -> Reply:
        body: dict[str, Any] = call.body
        require_unit(call.actor, self.units.tree(), body["unit_id"], body["day"])
        command_id = body.pop("attendance_id")
        command = RecordAttendance(**body, today=hanoi_day(call.now))
        return answered(self.handler.handle(call.envelope(command, command_id)), attendance_id=str(command_id))

    @route("POST", "/v1/attendance/batch", scope="training:write", body=Rows(AttendanceSchema))
    def record_attendances(self, call: Call) -> Reply:
        rows: list[Row] = call.body
        tree, today = self.units.tree(), hanoi_day(call.now)
        for row in rows:
            if row.problem is None:
                try:
                    require_unit(call.actor, tree, row.loaded["unit_id"], row.loaded["day"])
                except Problem as problem:
                    row.refuse(problem)
        good = [row for row in rows if row.problem is None]
        commands = [(row.loaded.pop("attendance_id"), RecordAttendance(**row.loaded, today=today)) for row in good]
        envelopes = [call.envelope(command, command_id) for command_id, command in commands]
        handled = self.handler.handle_many(envelopes)
        return batch_reply(
            rows, dict(zip((row.index for row in good), handled, strict=True)), call.locale, key="attendance_id"
        )

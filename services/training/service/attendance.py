"""Attendance, one by one and in batches; its corrections, and what looks odd about it."""

from __future__ import annotations

from typing import Any

from services.training.answers.pages import page
from services.training.domain.attendance import RecordAttendance
from services.training.domain.corrections import CorrectAttendance, VoidAttendance
from services.training.queries.flags import FlagQueries, Wanted, place
from services.training.queries.places import below
from services.training.schemas.attendance import AttendanceSchema, CorrectSchema, FlagsQuery, VoidSchema
from services.training.service.base import Pieces
from shared.decider import Rejected
from shared.edge import Call, Reply, Row, Rows, answered, require_unit, route
from shared.edge_batch import batch_reply
from shared.handling import handle_many
from shared.problems import Problem
from shared.vietnamese import hanoi_day


class AttendanceRoutes(Pieces):
    flag_queries: FlagQueries

    @route("POST", "/v1/attendance", scope="training:write", body=AttendanceSchema)
    def record_attendance(self, call: Call) -> Reply:
        body: dict[str, Any] = call.body
        require_unit(call.actor, self.units.tree(), body["unit_id"], body["day"])
        command_id = body.pop("attendance_id")
        command = RecordAttendance(**body, today=hanoi_day(call.now))
        return answered(self.handle(call.envelope(command, command_id)), attendance_id=str(command_id))

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
        handled = handle_many(self.handler, envelopes)
        return batch_reply(
            rows, dict(zip((row.index for row in good), handled, strict=True)), call.locale, key="attendance_id"
        )

    @route("POST", "/v1/attendance/void", scope="training:write", body=VoidSchema)
    def void_attendance(self, call: Call) -> Reply:
        """The person was not there. To record it again all the same, give an ``attendance_id`` of its own."""
        self._recorded_here(call)
        return answered(self.handle(call.envelope(VoidAttendance(**call.body))))

    @route("POST", "/v1/attendance/correct", scope="training:write", body=CorrectSchema)
    def correct_attendance(self, call: Call) -> Reply:
        body: dict[str, Any] = call.body
        self._recorded_here(call)
        if "unit_id" in body:
            day = body.get("right_day", body["day"])
            require_unit(call.actor, self.units.tree(), body["unit_id"], day, at="/right/unit_id")
        return answered(self.handle(call.envelope(CorrectAttendance(**body, today=hanoi_day(call.now)))))

    def _recorded_here(self, call: Call) -> None:
        """Whoever holds the unit under which an attendance is recorded may correct it."""
        body = call.body
        found = self.trainee(body["person_id"]).attended.get((body["session_id"], body["day"], body["part"]))
        if found is None:
            raise Rejected("not-attended", "/person_id", person=body["person_id"])
        require_unit(call.actor, self.units.tree(), found.unit_id, found.day, at="/person_id")

    @route("GET", "/v1/flags", scope="training:read", query=FlagsQuery)
    def list_flags(self, call: Call) -> dict[str, Any]:
        """What is odd in one way below a unit, by its day."""
        query, today, tree = call.query, hanoi_day(call.now), self.units.tree()
        require_unit(call.actor, tree, query["unit"], today, at="/unit")
        units = below(tree, query["unit"], today)
        after = tuple(query["after"].split("/")) if query["after"] else None
        wanted = Wanted(query["kind"], units, query["first"], query["last"], after, query["limit"])
        found, as_of = self.flag_queries.page(wanted)
        shown = page("flags", found, query["limit"], lambda last: place(query["kind"], last), as_of)
        return {"kind": query["kind"], **shown}

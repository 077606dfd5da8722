"""The entrypoints of training; what they need is provided by ``wiring.py``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

from services.training import answers
from services.training.domain import (
    CancelSession,
    Command,
    Event,
    HoldSession,
    OfferCourse,
    RecordAttendance,
    ScheduleSession,
    State,
)
from services.training.queries import Queries
from services.training.schemas import (
    ATTENDANCE,
    AttendanceSchema,
    CancelSchema,
    CourseSchema,
    HoldSchema,
    SessionSchema,
)
from shared.batch import batch
from shared.edge import Call, Reply, Row, Rows, answered, require_unit, route
from shared.edge_batch import batch_reply
from shared.edge_feed import Feed
from shared.edge_health import Health
from shared.handler import Handler
from shared.mirror import Delivery, Mirror, Rejection
from shared.problems import Problem
from shared.topology import queue
from shared.unit_directory import UnitDirectory
from shared.vietnamese import hanoi_day


class TrainingService(Health, Feed):
    name = "training"
    handler: Handler[Command, State, Event]
    units: UnitDirectory
    queries: Queries
    mirror: Mirror

    # --- courses and sessions ------------------------------------------------------------------------------------

    @route("POST", "/v1/courses", scope="training:admin", body=CourseSchema)
    def offer_course(self, call: Call) -> Reply:
        """Courses are for the whole country: no unit to check."""
        command: OfferCourse = call.body
        command_id, course_id = _identity(call, "course", command.course_id)
        answer = self.handler.handle(call.envelope(replace(command, course_id=course_id), command_id))
        return answered(answer, course_id=course_id)

    @route("GET", "/v1/courses/<uuid:course_id>", scope="training:read")
    def show_course(self, call: Call) -> Reply:
        course, version = self.handler.state(f"course:{call.path['course_id']}")
        return Reply(200, answers.course(course), etag=version)

    @route("POST", "/v1/sessions", scope="training:write", body=SessionSchema)
    def schedule_session(self, call: Call) -> Reply:
        command: ScheduleSession = call.body
        require_unit(call.actor, self.units.tree(), command.unit_id, min(part.day for part in command.parts))
        command_id, session_id = _identity(call, "session", command.session_id)
        answer = self.handler.handle(call.envelope(replace(command, session_id=session_id), command_id))
        return answered(answer, session_id=session_id)

    @route("GET", "/v1/sessions/<uuid:session_id>", scope="training:read")
    def show_session(self, call: Call) -> Reply:
        session_id, version = self._own_session(call)
        state, _ = self.handler.state(f"session:{session_id}")
        return Reply(200, answers.session(state, version, self.queries.session(session_id)))

    @route("POST", "/v1/sessions/<uuid:session_id>/hold", scope="training:write", body=HoldSchema)
    def hold_session(self, call: Call) -> Reply:
        session_id, _ = self._own_session(call)
        return answered(self.handler.handle(call.envelope(HoldSession(session_id, hanoi_day(call.now)))))

    @route("POST", "/v1/sessions/<uuid:session_id>/cancel", scope="training:write", body=CancelSchema)
    def cancel_session(self, call: Call) -> Reply:
        session_id, _ = self._own_session(call)
        return answered(self.handler.handle(call.envelope(CancelSession(session_id, call.body["reason"]))))

    # --- attendance ----------------------------------------------------------------------------------------------

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

    @route("GET", "/v1/people/<uuid:person_id>/training", scope="training:read")
    def show_person(self, call: Call) -> Reply:
        """The attendances within the caller's units, each on its day; 404 if there are none to be seen."""
        rows, as_of = self.queries.person(str(call.path["person_id"]))
        tree = self.units.tree()
        seen = [row for row in rows if tree.covers(call.actor.units, row["unit_id"], row["day"])]
        if not seen:
            raise Problem("not-found", where="path")
        return Reply(200, answers.person(str(call.path["person_id"]), seen, as_of))

    # --- other services' events ----------------------------------------------------------------------------------

    @batch(queue("training"))
    def ingest(self, deliveries: list[Delivery]) -> list[Rejection]:
        return self.mirror.ingest(deliveries)

    def _own_session(self, call: Call) -> tuple[str, int]:
        """The session of the path, if the caller's units cover its unit on its first day; and its version."""
        session_id = str(call.path["session_id"])
        state, version = self.handler.state(f"session:{session_id}")
        plan = answers.plan(state)
        require_unit(call.actor, self.units.tree(), plan.unit_id, plan.parts[0].day, at="/session_id")
        return session_id, version


def _identity(call: Call, kind: str, given: str | None) -> tuple[UUID, str]:
    """Command id and aggregate id. A client that names the aggregate may repeat itself without an Idempotency-Key."""
    if given:
        return call.idempotency_key or uuid5(ATTENDANCE, f"{kind}:{given}"), given
    command_id = call.idempotency_key or uuid7()
    return command_id, str(command_id)

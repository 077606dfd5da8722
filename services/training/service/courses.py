"""Courses."""

from __future__ import annotations

from dataclasses import replace

from services.training.answers import courses as answers
from services.training.domain.courses import OfferCourse
from services.training.schemas.courses import CourseSchema
from services.training.service.base import Pieces, identity
from shared.edge import Call, Reply, answered, route


class CourseRoutes(Pieces):
    @route("POST", "/v1/courses", scope="training:admin", body=CourseSchema)
    def offer_course(self, call: Call) -> Reply:
        """Courses are for the whole country: no unit to check."""
        command: OfferCourse = call.body
        command_id, course_id = identity(call, "course", command.course_id)
        answer = self.handler.handle(call.envelope(replace(command, course_id=course_id), command_id))
        return answered(answer, course_id=course_id)

    @route("GET", "/v1/courses/<uuid:course_id>", scope="training:read")
    def show_course(self, call: Call) -> Reply:
        course, version = self.handler.state(f"course:{call.path['course_id']}")
        return Reply(200, answers.course(course), etag=version)

"""Courses. They are for the whole country: no unit to check."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.training.answers import courses as answers
from services.training.answers.pages import page
from services.training.domain.courses import OfferCourse, ReviseCourse, WithdrawCourse
from services.training.queries.courses import CourseQueries
from services.training.schemas.courses import CourseSchema, CoursesQuery, ReviseCourseSchema, WithdrawCourseSchema
from services.training.service.base import Pieces, identity
from shared.edge import Call, Reply, answered, route


class CourseRoutes(Pieces):
    course_queries: CourseQueries

    @route("POST", "/v1/courses", scope="training:admin", body=CourseSchema)
    def offer_course(self, call: Call) -> Reply:
        command: OfferCourse = call.body
        command_id, course_id = identity(call, "course", command.course_id)
        answer = self.handle(call.envelope(replace(command, course_id=course_id), command_id))
        return answered(answer, course_id=course_id)

    @route("GET", "/v1/courses", scope="training:read", query=CoursesQuery)
    def list_courses(self, call: Call) -> dict[str, Any]:
        found, as_of = self.course_queries.page(call.query)
        return page("courses", found, call.query["limit"], lambda last: last["course_id"], as_of)

    @route("GET", "/v1/courses/<uuid:course_id>", scope="training:read")
    def show_course(self, call: Call) -> Reply:
        course, version = self.handler.state(f"course:{call.path['course_id']}")
        return Reply(200, answers.course(course), etag=version)

    @route("POST", "/v1/courses/<uuid:course_id>/revise", scope="training:admin", body=ReviseCourseSchema)
    def revise_course(self, call: Call) -> Reply:
        command: ReviseCourse = call.body
        return answered(self.handle(call.envelope(replace(command, course_id=str(call.path["course_id"])))))

    @route("POST", "/v1/courses/<uuid:course_id>/withdraw", scope="training:admin", body=WithdrawCourseSchema)
    def withdraw_course(self, call: Call) -> Reply:
        return answered(self.handle(call.envelope(WithdrawCourse(str(call.path["course_id"])))))

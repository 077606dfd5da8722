"""Enrolment in sessions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.training.answers import roll as answers
from services.training.answers.pages import page
from services.training.domain.roll import EnrolPeople, WithdrawEnrolment, roll_stream
from services.training.queries.roll import RollQueries
from services.training.schemas.roll import EnrolSchema, RollQuery, WithdrawEnrolmentSchema
from services.training.service.base import Pieces
from shared.edge import Call, Reply, answered, require_unit, route


class RollRoutes(Pieces):
    roll_queries: RollQueries

    @route("POST", "/v1/sessions/<uuid:session_id>/enrolments", scope="training:write", body=EnrolSchema)
    def enrol_people(self, call: Call) -> Reply:
        """All or none; whoever finds no free seat waits. Whoever holds a person's unit may enrol it."""
        session_id = str(call.path["session_id"])
        command: EnrolPeople = replace(call.body, session_id=session_id)
        state, _ = self.handler.state(f"session:{session_id}")
        first_day = answers.plan(state).parts[0].day
        for n, each in enumerate(command.people):
            require_unit(call.actor, self.units.tree(), each.unit_id, first_day, at=f"/people/{n}/unit_id")
        answer = self.handle(call.envelope(command))
        roll, _ = self.handler.state(roll_stream(session_id))
        return answered(answer, people=answers.places(roll, [each.person_id for each in command.people]))

    @route(
        "POST",
        "/v1/sessions/<uuid:session_id>/enrolments/withdraw",
        scope="training:write",
        body=WithdrawEnrolmentSchema,
    )
    def withdraw_enrolment(self, call: Call) -> Reply:
        """By whoever holds the person's unit, or the session's."""
        session_id = str(call.path["session_id"])
        command: WithdrawEnrolment = replace(call.body, session_id=session_id)
        state, _ = self.handler.state(f"session:{session_id}")
        plan, tree = answers.plan(state), self.units.tree()
        unit_id = answers.unit_of(self.handler.state(roll_stream(session_id))[0], command.person_id)
        if unit_id is None or not tree.covers(call.actor.units, unit_id, plan.parts[0].day):
            self.own_session(call, session_id)
        return answered(self.handle(call.envelope(command)))

    @route("GET", "/v1/sessions/<uuid:session_id>/roll", scope="training:read", query=RollQuery)
    def show_roll(self, call: Call) -> dict[str, Any]:
        """Seats, then the waiting list, each in its order."""
        session_id = str(call.path["session_id"])
        self.own_session(call, session_id)
        found, as_of = self.roll_queries.page(session_id, call.query["after"], call.query["limit"])
        shown = page("people", found, call.query["limit"], lambda last: f"{last['place']}/{last['came']}", as_of)
        return shown | {
            "people": [{key: row[key] for key in ("person_id", "unit_id", "place")} for row in found][
                : call.query["limit"]
            ]
        }

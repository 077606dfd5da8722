"""People: names go in, and out only to those with people:read."""

from __future__ import annotations

import structlog

from services.teams.domain.people import ErasePerson
from services.teams.schemas.base import row_of
from services.teams.schemas.people import RegisterPersonSchema
from services.teams.service.base import Pieces
from shared.edge import Call, Reply, Rows, answered, route
from shared.problems import Problem
from shared.vietnamese import hanoi_day

audit = structlog.get_logger("audit")


class PeopleRoutes(Pieces):
    @route("POST", "/v1/people", scope="teams:write", body=RegisterPersonSchema)
    def register_person(self, call: Call) -> Reply:
        return self.change(call, bound=False)

    @route("POST", "/v1/people/batch", scope="teams:write", body=Rows(row_of(RegisterPersonSchema)))
    def register_people(self, call: Call) -> Reply:
        return self.intake.batch(call, bound=False)

    @route("GET", "/v1/people/<uuid:person_id>", scope="people:read")
    def show_person(self, call: Call) -> Reply:
        person_id = str(call.path["person_id"])
        self._require_person(call, person_id)
        person = self.people.read(person_id)
        audit.info("person read", audit=True, person=person_id, sub=call.actor.sub)
        return Reply(200, person, {"Cache-Control": "no-store"}, etag=person["version"])

    @route("DELETE", "/v1/people/<uuid:person_id>", scope="people:erase")
    def erase_person(self, call: Call) -> Reply:
        """The seats and every count stay; name and phone number are gone, here and in every copy of the log."""
        person_id = str(call.path["person_id"])
        self._require_person(call, person_id)
        answer = self.intake.one(call, call.envelope(ErasePerson(person_id)), bound=False)
        self.people.destroy_key(person_id)
        audit.info("person erased", audit=True, person=person_id, sub=call.actor.sub)
        return answered(answer)

    def _require_person(self, call: Call, person_id: str) -> None:
        """A caller sees the people of the teams in its units; who has no seat yet is for those who hold the nation."""
        if self.authority.holds_all(call.actor):
            return
        today = hanoi_day(call.now)
        units = self.queries.units_of_person(person_id)
        if not any(self.authority.covers(call.actor, unit, today) for unit in units):
            raise Problem("forbidden-unit", "/person_id", where="path", day=today.isoformat())

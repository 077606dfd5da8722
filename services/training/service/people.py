"""The training record of a person."""

from __future__ import annotations

from services.training.answers import people as answers
from services.training.service.base import Pieces
from shared.edge import Call, Reply, route
from shared.problems import Problem


class PeopleRoutes(Pieces):
    @route("GET", "/v1/people/<uuid:person_id>/training", scope="training:read")
    def show_person(self, call: Call) -> Reply:
        """The attendances within the caller's units, each on its day; 404 if there are none to be seen."""
        rows, as_of = self.people.record(str(call.path["person_id"]))
        tree = self.units.tree()
        seen = [row for row in rows if tree.covers(call.actor.units, row["unit_id"], row["day"])]
        if not seen:
            raise Problem("not-found", where="path")
        return Reply(200, answers.person(str(call.path["person_id"]), seen, as_of))

"""The training record of a person."""

from __future__ import annotations

from services.training.answers import people as answers
from services.training.domain.certificates import certificate_stream
from services.training.service.base import Pieces
from shared.edge import Call, Reply, route
from shared.problems import Problem
from shared.vietnamese import hanoi_day


class PeopleRoutes(Pieces):
    @route("GET", "/v1/people/<uuid:person_id>/training", scope="training:read")
    def show_person(self, call: Call) -> Reply:
        """One record per human being, whichever of its ids is asked for; of it what lies within the caller's units,
        each on its day; 404 if there is nothing to be seen."""
        person_id, tree = str(call.path["person_id"]), self.units.tree()
        trainee = self.trainee(person_id)
        found = self.handler.states(certificate_stream(number) for number in trainee.completed)
        shown = answers.person(
            person_id,
            trainee,
            list(found.values()),
            hanoi_day(call.now),
            lambda unit_id, day: bool(tree.covers(call.actor.units, unit_id, day)),
        )
        if shown is None:
            raise Problem("not-found", where="path")
        return Reply(200, shown)

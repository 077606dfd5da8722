"""Places: households, shops and whatever else is visited."""

from __future__ import annotations

from uuid import UUID

from services.visits.areas import Areas
from services.visits.queries.places import PlaceQueries, place_answer
from services.visits.schemas.places import RegisterPlaceSchema, register_place
from services.visits.service.base import PERSONAL, Pieces
from shared.edge import Call, Reply, answered, route
from shared.problems import Problem
from shared.vietnamese import hanoi_day


class PlaceRoutes(Pieces):
    place_queries: PlaceQueries

    @route("POST", "/v1/places", scope="visits:write", body=RegisterPlaceSchema)
    def register(self, call: Call) -> Reply:
        """A place is registered once: its own id is the command's."""
        command = register_place(call.body)
        Areas(self.units.tree(), call.actor).require(command.unit_id, hanoi_day(call.now))
        return answered(self.places.handle(call.envelope(command, command.place_id)), id=str(command.place_id))

    @route("GET", "/v1/places/<uuid:place_id>", scope="visits:read")
    def show_place(self, call: Call) -> Reply:
        place_id: UUID = call.path["place_id"]
        found = self.place_queries.place(place_id)
        if found is None:
            raise Problem("not-found", where="path")
        place, version = found
        self.require_sight(call, place.unit_id)
        answer = place_answer(place_id, place, version)
        if PERSONAL in call.actor.scopes:
            answer["address"] = self.place_queries.address(place_id)
        return Reply(200, answer, etag=version)

"""Places: households, shops and whatever else is visited."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid5

import structlog

from services.visits.areas import Areas
from services.visits.domain import ErasePlace, Merged, MergePlaces, Place, SeparatePlaces, TellPlacesApart
from services.visits.queries.places import PlaceQueries, details_answer, place_answer
from services.visits.schemas.places import (
    ClosePlaceSchema,
    CorrectPlaceSchema,
    DetailsSchema,
    JoinPlacesSchema,
    MovePlaceSchema,
    OtherPlaceSchema,
    RegisterPlaceSchema,
    change_place,
    close_place,
    correct_place,
    move_place,
    register_place,
    reopen_place,
)
from services.visits.service.base import PERSONAL, Pieces
from services.visits.standing import Standing
from shared.edge import Call, Reply, answered, route
from shared.handler import Envelope
from shared.problems import Problem
from shared.vault import Vault
from shared.vietnamese import hanoi_day

audit = structlog.get_logger("audit")


class PlaceRoutes(Pieces):
    place_queries: PlaceQueries
    vault: Vault

    @route("POST", "/v1/places", scope="visits:write", body=RegisterPlaceSchema)
    def register(self, call: Call) -> Reply:
        """A place is registered once: its own id is the command's."""
        today = hanoi_day(call.now)
        stand = Standing(self.units.tree(), call.actor, today).require(call.body.unit_id, today)
        command = register_place(call.body, stand)
        return answered(self.places.handle(call.envelope(command, command.place_id)), id=str(command.place_id))

    @route("GET", "/v1/places/<uuid:place_id>", scope="visits:read")
    def show_place(self, call: Call) -> Reply:
        place_id: UUID = call.path["place_id"]
        place, version = self._found(place_id)
        today = hanoi_day(call.now)
        answer = place_answer(place_id, place, version, today)
        self.require_sight(call, answer["unit_id"])
        placed = self.units.tree().place(answer["unit_id"], today)
        answer["stands_in"] = placed.unit_id if placed else None
        if PERSONAL in call.actor.scopes:
            answer |= details_answer(self.place_queries.details(place_id))
        return Reply(200, answer, etag=version)

    @route("POST", "/v1/places/<uuid:place_id>/details", scope="visits:write", body=DetailsSchema)
    def change_details(self, call: Call) -> Reply:
        """All of them anew; what is left out is no more."""
        return self._change_place(call, change_place(call.path["place_id"], call.body))

    @route("POST", "/v1/places/<uuid:place_id>/move", scope="visits:write", body=MovePlaceSchema)
    def move_place(self, call: Call) -> Reply:
        """Out of a unit that is no more also by whoever answers for the part of it that the place is in."""
        self._areas(call).require(call.body.unit_id, call.body.day)
        return self._change_place(call, move_place(call.path["place_id"], call.body), call.body.day, part=True)

    @route("POST", "/v1/places/<uuid:place_id>/correct", scope="visits:write", body=CorrectPlaceSchema)
    def correct_place(self, call: Call) -> Reply:
        """The kind or the first unit, which never was so: whatever the place counts goes along."""
        if call.body.unit_id is not None:
            self._areas(call).require_known(call.body.unit_id, hanoi_day(call.now))
        return self._change_place(call, correct_place(call.path["place_id"], call.body))

    @route("POST", "/v1/places/<uuid:place_id>/close", scope="visits:write", body=ClosePlaceSchema)
    def close_place(self, call: Call) -> Reply:
        return self._change_place(call, close_place(call.path["place_id"], call.body), call.body.day)

    @route("POST", "/v1/places/<uuid:place_id>/reopen", scope="visits:write", body=ClosePlaceSchema)
    def reopen_place(self, call: Call) -> Reply:
        return self._change_place(call, reopen_place(call.path["place_id"], call.body), call.body.day)

    @route("POST", "/v1/places/<uuid:place_id>/merge", scope="visits:write", body=JoinPlacesSchema)
    def merge_places(self, call: Call) -> Reply:
        """The path's place is the duplicate; it is one with ``kept_id`` until both are separated."""
        self._require_place(call, call.body.kept_id, "/kept_id")
        return self._change_place(call, MergePlaces(call.path["place_id"], call.body.kept_id))

    @route("POST", "/v1/places/<uuid:place_id>/separate", scope="visits:write", body=JoinPlacesSchema)
    def separate_places(self, call: Call) -> Reply:
        self._require_place(call, call.body.kept_id, "/kept_id")
        return self._change_place(call, SeparatePlaces(call.path["place_id"], call.body.kept_id))

    @route("POST", "/v1/places/<uuid:place_id>/dismiss", scope="visits:write", body=OtherPlaceSchema)
    def dismiss_duplicate(self, call: Call) -> Reply:
        """These are two: no duplicate of each other until the address or the contact of one of them changes."""
        self._require_place(call, call.body.other_id, "/other_id")
        return self._change_place(call, TellPlacesApart(call.path["place_id"], call.body.other_id))

    @route("DELETE", "/v1/places/<uuid:place_id>/personal", scope="places:erase")
    def erase_place(self, call: Call) -> Reply:
        """Destroys the keys of everything personal about the place under all its ids, also the notes of its visits.
        Every count stays, and nothing personal is kept of it from then on."""
        group = self.place_queries.one_with(call.path["place_id"])
        if not group:
            raise Problem("not-found", where="path")
        for place_id in group:
            self._require_place(call, place_id, "")
        envelope = call.envelope(ErasePlace(group[0]))
        answer = self.places.handle(envelope)
        for other in group[1:]:
            command_id = uuid5(envelope.command_id, str(other))
            self.places.handle(Envelope(command_id, ErasePlace(other), call.actor.sub, call.now))
        for place_id in group:
            for subject in (place_id, *self.place_queries.opinions(place_id)):
                self.vault.destroy(str(subject))
            audit.info("place erased", audit=True, place=str(place_id), sub=call.actor.sub)
        return answered(answer, erased=group)

    def _change_place(self, call: Call, command: Any, day: date | None = None, *, part: bool = False) -> Reply:
        """The caller must answer for the unit in which the place stands now, and for that of ``day``."""
        place_id: UUID = call.path["place_id"]
        self._require_place(call, place_id, "", day, part=part)
        return answered(self.places.handle(call.envelope(command)), id=str(place_id))

    def _require_place(
        self, call: Call, place_id: UUID, at: str, day: date | None = None, *, part: bool = False
    ) -> None:
        where = "body" if at else "path"
        place, _ = self._found(place_id, at)
        known: Place = place.place if isinstance(place, Merged) else place
        today, areas = hanoi_day(call.now), self._areas(call)
        answers = areas.covers_part if part else areas.covers
        for on in {today, day or today}:
            if not answers(known.unit_on(on), on):
                raise Problem("forbidden-unit", at, where=where, day=on.isoformat())

    def _found(self, place_id: UUID, at: str = "") -> tuple[Place | Merged, int]:
        found = self.place_queries.place(place_id)
        if found is None:
            raise Problem("unknown-place", at) if at else Problem("not-found", where="path")
        return found

    def _areas(self, call: Call) -> Areas:
        return Areas(self.units.tree(), call.actor)

"""People: names go in, and out only to those with people:read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid5

import eventlet
import structlog
from marshmallow import Schema, fields, validate

from services.teams.domain.people import ErasePerson, RegisterPerson
from services.teams.queries.duplicates import Asked, Duplicates
from services.teams.queries.matching import Matching, Wanted
from services.teams.queries.people import PeopleQueries
from services.teams.schemas import kinds
from services.teams.schemas.base import Loaded, Picked, row_of
from services.teams.schemas.people import (
    PEOPLE_CHANGES,
    ChangePersonSchema,
    DismissDuplicateSchema,
    JoinPeopleSchema,
    Reference,
    RegisterPersonSchema,
    SeparatePeopleSchema,
    is_label,
)
from services.teams.service.base import PAGE, AsOf, Pieces, day_of, one
from shared.edge import Call, Reply, Row, Rows, answered, route
from shared.edge_batch import YIELD_EVERY
from shared.handler import Envelope
from shared.moments import Moment
from shared.pairs import CURSOR
from shared.problems import Problem
from shared.vietnamese import hanoi_day

audit = structlog.get_logger("audit")
NO_STORE = {"Cache-Control": "no-store"}
OF_WHOM = ("person_id", "duplicate_id", "other_id")


class PersonQuery(Schema):
    known_at = Moment(load_default=None)


class ErasureQuery(Schema):
    """``joined=false`` leaves those who are one with this person alone."""

    joined = kinds.Choice(("true", "false"), load_default="true")


class SubtreeQuery(AsOf):
    """``unit``: the root of a subtree (else all of the caller's); ``after``: the ``next`` of the page before."""

    unit = kinds.Matching(kinds.UNIT_ID, load_default=None)
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))


class PeopleQuery(SubtreeQuery):
    after = kinds.Uid(load_default="")


class DuplicateQuery(SubtreeQuery):
    after = kinds.Matching(CURSOR, load_default="")


class PeopleRoutes(Pieces):
    people_queries: PeopleQueries
    duplicates: Duplicates
    matching: Matching

    # --- changes -------------------------------------------------------------------------------------------------

    @route("POST", "/v1/people", scope="teams:write", body=RegisterPersonSchema)
    def register_person(self, call: Call) -> Reply:
        return self.change(call, bound=False)

    @route("POST", "/v1/people/batch", scope="teams:write", body=Rows(row_of(RegisterPersonSchema)))
    def register_people(self, call: Call) -> Reply:
        return self.intake.batch(call, bound=False)

    @route("POST", "/v1/people/changes/batch", scope="teams:write", body=Rows(Picked(PEOPLE_CHANGES)))
    def change_people(self, call: Call) -> Reply:
        rows: list[Row] = call.body
        whom = {row.index: dict(_whom(row.loaded.command())) for row in rows if row.problem is None}
        today = hanoi_day(call.now)
        mine = self.people.entitled(call.actor, {id_ for named in whom.values() for id_ in named.values()}, today)
        for row in rows:
            denied = next((at for at, id_ in whom.get(row.index, {}).items() if id_ not in mine), None)
            if denied is not None:
                row.refuse(Problem("forbidden-unit", denied, day=today.isoformat()))
        return self.intake.batch(call, bound=False)

    @route("POST", "/v1/people/<uuid:person_id>/change", scope="teams:write", body=one(ChangePersonSchema, "person_id"))
    def change_person(self, call: Call) -> Reply:
        return self._change(call)

    @route("POST", "/v1/people/join", scope="teams:write", body=JoinPeopleSchema)
    def join_people(self, call: Call) -> Reply:
        return self._change(call)

    @route("POST", "/v1/people/separate", scope="teams:write", body=SeparatePeopleSchema)
    def separate_people(self, call: Call) -> Reply:
        return self._change(call)

    @route("POST", "/v1/people/dismiss", scope="teams:write", body=DismissDuplicateSchema)
    def dismiss_duplicate(self, call: Call) -> Reply:
        return self._change(call)

    @route("DELETE", "/v1/people/<uuid:person_id>", scope="people:erase", query=ErasureQuery)
    def erase_person(self, call: Call) -> Reply:
        """The seats and every count stay; name and phone number are gone, here and in every copy of the log.

        Whoever asks to be erased means all that is kept of them, so those who are one with this person go too; ``left``
        are those among them that are for others to erase.
        """
        person_id = str(call.path["person_id"])
        self._require(call, {"/person_id": person_id}, where="path")
        group = self._group(person_id) if call.query["joined"] == "true" else {person_id}
        mine = self.people.entitled(call.actor, group, hanoi_day(call.now))
        envelope = call.envelope(ErasePerson(person_id))
        answer = self.intake.one(call, envelope, bound=False)
        others = sorted(group & mine - {person_id})
        ids = (uuid5(envelope.command_id, other) for other in others)
        self.intake.handle_many(
            [Envelope(i, ErasePerson(p), call.actor.sub, call.now) for i, p in zip(ids, others, strict=True)]
        )
        for erased in (person_id, *others):
            self.people.erase(erased)
            audit.info("person erased", audit=True, person=erased, sub=call.actor.sub)
        return answered(answer, erased=[person_id, *others], left=sorted(group - mine - {person_id}))

    # --- reads ---------------------------------------------------------------------------------------------------

    @route("GET", "/v1/people/<uuid:person_id>", scope="people:read", query=PersonQuery)
    def show_person(self, call: Call) -> Reply:
        """``same_as``: whoever is kept for this person; ``joined``: who is one with it, if it is the kept one."""
        person_id, known_at = str(call.path["person_id"]), call.query["known_at"]
        self._require(call, {"/person_id": person_id}, where="path")
        known = self.people.one(person_id, known_at)
        kept = self.people.kept(known, known_at)
        joined = self.people.joined(known, known_at) if kept is known else {}
        audit.info("person read", audit=True, person=person_id, sub=call.actor.sub)
        shown = known.shown() | {
            "same_as": None if kept is known else kept.person_id,
            "joined": [{"person_id": duplicate, "into": into} for duplicate, into in joined.items()],
            "version": known.version,
        }
        # For If-Match only: the answer also tells of other streams, so it is never "not modified".
        return Reply(200, shown, NO_STORE | {"ETag": f'"{known.version}"'})

    @route("GET", "/v1/people", scope="people:read", query=PeopleQuery)
    def list_people(self, call: Call) -> Reply:
        """Who has a seat in the subtree on that day, by id, with names; ``next`` is ``after`` of the next page.

        ``totals`` (first page): seats, the ids that fill them, and the people these are.
        """
        query, day = call.query, self._day_in(call)
        page = self.people_queries.page(query["unit"], call.actor.units, day, query["after"], query["limit"])
        known = self.people.read([row["person_id"] for row in page.people])
        people = [
            known[row["person_id"]].shown() | {"same_as": row["kept_id"], "seats": row["seats"]}
            for row in page.people
            if row["person_id"] in known
        ]
        audit.info("people listed", audit=True, unit=query["unit"], people=len(people), sub=call.actor.sub)
        following = page.people[-1]["person_id"] if len(page.people) == query["limit"] else None
        document = {"as_of": day, "position": page.position, "people": people, "next": following}
        return Reply(200, document if page.totals is None else document | {"totals": page.totals}, NO_STORE)

    @route("GET", "/v1/people/duplicates", scope="people:read", query=DuplicateQuery)
    def suggest_duplicates(self, call: Call) -> Reply:
        """Pairs that may be one person, with the reasons; ``next`` is ``after`` of the next page."""
        query, day = call.query, self._day_in(call)
        asked = Asked(query["unit"], call.actor.units, day, query["after"], query["limit"])
        pairs, following = self.duplicates.page(asked)
        return Reply(200, {"as_of": day, "duplicates": pairs, "next": following}, NO_STORE)

    @route("POST", "/v1/people/match", scope="people:match", query=AsOf, body=Rows(Reference))
    def match_people(self, call: Call) -> Reply:
        """Per row ``matched`` with one id, ``ambiguous`` with several, or ``none``: whom a name means on that day."""
        rows: list[Row] = call.body
        day = day_of(call)
        for row in rows:
            if row.problem is None and row.loaded["unit_id"] is not None:
                self._check_reference(call, row)
        good = [row for row in rows if row.problem is None]
        wanted = [self._wanted(row.loaded) for row in good]
        found: dict[int, list[str]] = {}
        for n, (row, people) in enumerate(zip(good, self.matching.match(wanted, call.actor.units, day), strict=True)):
            found[row.index] = people
            if n % YIELD_EVERY == 0:
                eventlet.sleep(0)
        results = [_matched(row, found.get(row.index), call.locale) for row in rows]
        counts = Counter(result["outcome"] for result in results)
        audit.info("people matched", audit=True, sub=call.actor.sub, rows=len(rows), **counts)
        return Reply(200, {"as_of": day, "results": results, "counts": counts}, NO_STORE)

    # --- who may -------------------------------------------------------------------------------------------------

    def _change(self, call: Call) -> Reply:
        loaded: Loaded = call.body
        command = loaded.command(**{name: str(value) for name, value in call.path.items()})
        self._require(call, dict(_whom(command)), where="path" if call.path else "body")
        return self.change(call, bound=False)

    def _require(self, call: Call, people: Mapping[str, str], where: str) -> None:
        today = hanoi_day(call.now)
        mine = self.people.entitled(call.actor, set(people.values()), today)
        for pointer, person_id in people.items():
            if person_id not in mine:
                raise Problem("forbidden-unit", pointer, where=where, day=today.isoformat())

    def _group(self, person_id: str) -> set[str]:
        """Everybody who is one with this person."""
        kept = self.people.kept(self.people.one(person_id))
        return {kept.person_id, *self.people.joined(kept)}

    def _day_in(self, call: Call) -> Any:
        """The day asked for, if the unit asked for is the caller's on it."""
        day = day_of(call)
        if call.query["unit"] is not None:
            self.authority.require(call.actor, call.query["unit"], day, "/unit")
        return day

    def _check_reference(self, call: Call, row: Row) -> None:
        try:
            self.authority.require(call.actor, row.loaded["unit_id"], day_of(call), "/unit_id")
        except Problem as problem:
            row.refuse(problem)

    def _wanted(self, reference: Mapping[str, Any]) -> Wanted:
        phone = reference["phone"]
        return self.matching.wanted(reference["name"].text, phone and phone.text, reference["unit_id"])


def _whom(command: Any) -> Iterator[tuple[str, str]]:
    """Pointer and id of everybody whom a command is about, but for one it registers."""
    if not isinstance(command, RegisterPerson):
        for name in OF_WHOM:
            if (person_id := getattr(command, name, None)) is not None:
                yield f"/{name}", person_id


def _matched(row: Row, people: list[str] | None, locale: str) -> dict[str, Any]:
    label = row.raw.get("row") if isinstance(row.raw, dict) else None
    result: dict[str, Any] = {"row": label if is_label(label) else row.index}
    if row.problem is not None:
        return result | {"outcome": "rejected", "problem": row.problem.document(locale)}
    match people:
        case [person_id]:
            return result | {"outcome": "matched", "person_id": person_id}
        case [_, *_]:
            return result | {"outcome": "ambiguous", "person_ids": people}
        case _:
            return result | {"outcome": "none"}

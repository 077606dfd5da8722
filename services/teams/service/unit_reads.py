"""Administrative units as they were on a day (``as_of``), by what was known at an instant (``known_at``)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

from marshmallow import Schema, fields, validate

from services.teams import shown_units as shown
from services.teams.domain.units import reorganisation_stream, unit_stream
from services.teams.schemas.kinds import CODE, UNIT_ID, WORD, Choice, Day, Line, Matching
from services.teams.service.base import PAGE, AsOf, Pieces, day_of, known
from shared.edge import Call, Reply, route
from shared.log import Log
from shared.moments import Moment
from shared.problems import Problem
from shared.units import GSO, LEVELS, UnitTree

PATH = 400
FOLLOW_SECONDS, FOLLOW_PAUSE = 3.0, 0.05


class KnownAt(Schema):
    known_at = Moment(load_default=None)


class UnitAsked(AsOf, KnownAt):
    pass


class PageAsked(UnitAsked):
    """``after``: ``next`` of the page before."""

    level = Choice(LEVELS, load_default=None)
    after = Line(PATH, load_default="")
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))


class UnitQuery(PageAsked):
    """One of ``code`` (of a ``system``), ``name`` (``former``: also names of earlier days), ``parent``, ``below``."""

    code = Matching(CODE, load_default=None)
    system = Matching(WORD, load_default=GSO)
    name = Line(120, load_default=None)
    former = fields.Boolean(load_default=False)
    parent = Matching(UNIT_ID, load_default=None)
    below = Matching(UNIT_ID, load_default=None)


class KinshipAsked(UnitAsked):
    """``map``: the day of the map on which the unit is looked for; ``as_of`` if not given."""

    map = Day(load_default=None)


Found = Iterable[tuple[str, dict[str, Any]]]
"""What to pass as ``after`` to go on behind a unit, and the unit as shown."""


class UnitReads(Pieces):
    log: Log

    @route("GET", "/v1/units", scope="teams:read", query=UnitQuery)
    def find_units(self, call: Call) -> dict[str, Any]:
        query = call.query
        if [query[name] for name in ("code", "name", "parent", "below")].count(None) != 3:
            raise Problem("unit-query", where="query")
        tree, position = self.units.as_known(query["known_at"])
        return _page(call, position, _found(tree, query, day_of(call)))

    @route("GET", "/v1/units/<unit_id>", scope="teams:read", query=UnitAsked)
    def show_unit(self, call: Call) -> Reply:
        """With the version for If-Match. What is shown depends on other units too, so it is never "not modified"."""
        (tree, unit_id), day = self._followed(call), day_of(call)
        _, version = self.handler.state(unit_stream(unit_id))
        body = shown.unit(tree, unit_id, day) | {"version": version}
        return Reply(200, body, {"ETag": f'"{version}"'})

    @route("GET", "/v1/units/<unit_id>/children", scope="teams:read", query=PageAsked)
    def show_children(self, call: Call) -> dict[str, Any]:
        tree, position = self.units.as_known(call.query["known_at"])
        query = call.query | {"parent": known(tree, call.path["unit_id"])}
        return _page(call, position, _children(tree, query, day_of(call)))

    @route("GET", "/v1/units/<unit_id>/ancestors", scope="teams:read", query=UnitAsked)
    def show_ancestors(self, call: Call) -> dict[str, Any]:
        """From the unit right above to the nation."""
        (tree, unit_id), day = self._followed(call), day_of(call)
        above = tree.ancestors(unit_id, day)[1:]
        return {"as_of": day, "units": [shown.unit(tree, unit, day) for unit in above]}

    @route("GET", "/v1/units/<unit_id>/successors", scope="teams:read", query=KinshipAsked)
    def show_successors(self, call: Call) -> dict[str, Any]:
        tree, unit_id = self._followed(call)
        return shown.kinship(tree, unit_id, call.query["map"] or day_of(call))

    @route("GET", "/v1/units/<unit_id>/history", scope="teams:read", query=UnitAsked)
    def show_history(self, call: Call) -> dict[str, Any]:
        """Facts in the order of recording, with their numbers; ``as_of``: those that had taken effect by then."""
        unit_id: str = call.path["unit_id"]
        stream = unit_stream(unit_id)
        events = self.log.load({stream: 0})[stream] if UNIT_ID.fullmatch(unit_id) else []
        told = shown.history(events, call.query["known_at"])
        if not told["facts"]:
            raise Problem("not-found", where="path")
        last: date | None = call.query["as_of"]
        facts = [fact for fact in told["facts"] if last is None or fact["effective"] <= last.isoformat()]
        return {"unit_id": unit_id, "as_of": last, "known_at": call.query["known_at"], **told, "facts": facts}

    @route("GET", "/v1/units/reorganisations/<uuid:reorganisation_id>", scope="teams:read", query=KnownAt)
    def show_reorganisation(self, call: Call) -> Reply:
        stream = reorganisation_stream(str(call.path["reorganisation_id"]))
        known_at = call.query["known_at"]
        events = self.log.load({stream: 0})[stream]
        told = shown.reorganisation(events, known_at)
        if told is None:
            raise Problem("not-found", where="path")
        return Reply(200, told, etag=events[-1].version if known_at is None else None)

    def _followed(self, call: Call) -> tuple[UnitTree, str]:
        """The tree, and the unit asked for. The tree follows the log: what was registered just now is waited for."""
        unit_id: str = call.path["unit_id"]
        tree = self.units.tree(call.query["known_at"])
        if unit_id not in tree and call.query["known_at"] is None and self._registered(unit_id):
            until = time.monotonic() + FOLLOW_SECONDS
            while unit_id not in (tree := self.units.refresh()) and time.monotonic() < until:
                time.sleep(FOLLOW_PAUSE)
        return tree, known(tree, unit_id)

    def _registered(self, unit_id: str) -> bool:
        _, version = self.handler.state(unit_stream(unit_id)) if UNIT_ID.fullmatch(unit_id) else (None, 0)
        return bool(version)


def _found(tree: UnitTree, query: dict[str, Any], day: date) -> Found:
    if query["code"] is not None:
        bearer = tree.by_code(query["code"], day, query["system"])
        return (
            [(bearer, shown.unit(tree, bearer, day))] if bearer and query["level"] in (None, tree.level(bearer)) else []
        )
    if query["name"] is not None:
        names = tree.called(query["name"], day, query["level"], former=query["former"], after=query["after"])
        by_unit = groupby(names, attrgetter("unit_id"))
        return ((unit_id, shown.called(tree, unit_id, borne, day)) for unit_id, borne in by_unit)
    if query["parent"] is not None:
        known(tree, query["parent"], "query")
        return _children(tree, query, day)
    root = known(tree, query["below"], "query")
    after = query["after"].split("/") if query["after"] else ()
    paths = tree.below(root, day, query["level"], after)
    return (("/".join(path), shown.unit(tree, path[-1], day)) for path in paths)


def _children(tree: UnitTree, query: dict[str, Any], day: date) -> Iterator[tuple[str, dict[str, Any]]]:
    for child in tree.children(query["parent"], day):
        if child > query["after"] and query["level"] in (None, tree.level(child)):
            yield child, shown.unit(tree, child, day)


def _page(call: Call, position: int, found: Found) -> dict[str, Any]:
    """``position``: the last unit fact that the answer rests on."""
    limit: int = call.query["limit"]
    units = list(islice(iter(found), limit + 1))
    following = units[limit - 1][0] if len(units) > limit else None
    return {
        "as_of": day_of(call),
        "known_at": call.query["known_at"],
        "position": f"0:{position}",
        "units": [one for _, one in units[:limit]],
        "next": following,
    }

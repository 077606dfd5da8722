"""Administrative units."""

from __future__ import annotations

from typing import Any

from services.teams import shown
from services.teams.schemas.base import Picked
from services.teams.schemas.kinds import UNIT_ID, Choice, Line, Matching
from services.teams.schemas.units import UNIT_CHANGES
from services.teams.service.base import PAGE, AsOf, Pieces, day_of, known
from shared.edge import Call, Reply, Rows, route
from shared.problems import Problem
from shared.units import LEVELS


class UnitQuery(AsOf):
    """One of ``code``, ``name`` and ``parent``."""

    code = Line(20, load_default=None)
    name = Line(120, load_default=None)
    parent = Matching(UNIT_ID, load_default=None)
    level = Choice(LEVELS, load_default=None)


class UnitRoutes(Pieces):
    @route("POST", "/v1/units/batch", scope="teams:admin", body=Rows(Picked(UNIT_CHANGES)))
    def change_units(self, call: Call) -> Reply:
        return self.intake.batch(call)

    @route("GET", "/v1/units", scope="teams:read", query=UnitQuery)
    def find_units(self, call: Call) -> dict[str, Any]:
        query, day, tree = call.query, day_of(call), self.units.tree()
        if [query["code"], query["name"], query["parent"]].count(None) != 2:
            raise Problem("unit-query", where="query")
        if query["code"] is not None:
            found = [unit for unit in (tree.by_code(query["code"], day),) if unit]
        elif query["name"] is not None:
            found = list(tree.find_by_name(query["name"], day, query["level"]))
        else:
            found = list(tree.children(known(tree, query["parent"], "query"), day))
        wanted = [unit for unit in found if query["level"] in (None, tree.level(unit))]
        return {"as_of": day, "units": [shown.unit(tree, unit, day) for unit in wanted[:PAGE]]}

    @route("GET", "/v1/units/<unit_id>", scope="teams:read", query=AsOf)
    def show_unit(self, call: Call) -> dict[str, Any]:
        tree = self.units.tree()
        return shown.unit(tree, known(tree, call.path["unit_id"]), day_of(call))

    @route("GET", "/v1/units/<unit_id>/children", scope="teams:read", query=AsOf)
    def show_children(self, call: Call) -> dict[str, Any]:
        tree, day = self.units.tree(), day_of(call)
        children = tree.children(known(tree, call.path["unit_id"]), day)
        return {"as_of": day, "units": [shown.unit(tree, unit, day) for unit in children]}

    @route("GET", "/v1/units/<unit_id>/successors", scope="teams:read", query=AsOf)
    def show_successors(self, call: Call) -> dict[str, Any]:
        tree = self.units.tree()
        return shown.kinship(tree, known(tree, call.path["unit_id"]), day_of(call))

"""Composition warnings: where teams are not made up as the policy of their area has it. They refuse nothing."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from services.teams.domain.policy import CODES
from services.teams.queries.policy import WantedWarnings, WarningQueries
from services.teams.schemas.kinds import CANONICAL, UNIT_ID, Choice, Matching, Uid
from services.teams.service.affairs import KnownAt
from services.teams.service.base import PAGE, Pieces, day_of
from shared.edge import Call, route


class After(fields.Field[tuple[str, str]]):
    """``<team>/<code>`` of the last warning of the page before."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, str]:
        team, _, code = value.partition("/") if isinstance(value, str) else ("", "", "")
        if not CANONICAL.fullmatch(team) or code not in CODES:
            raise ValidationError("String does not match expected pattern.")
        return team, code


class WarningQuery(KnownAt):
    """``unit``: the root of a subtree (else all of the caller's)."""

    unit = Matching(UNIT_ID, load_default=None)
    team = Uid(load_default=None)
    code = Choice(CODES, load_default=None)
    after = After(load_default=("", ""))
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))


class WarningRoutes(Pieces):
    warnings: WarningQueries

    @route("GET", "/v1/warnings", scope="teams:read", query=WarningQuery)
    def list_warnings(self, call: Call) -> dict[str, Any]:
        """Warnings by team and code; ``expected`` and ``found`` are numbers of seats, or affiliations.

        ``unjudged``: teams and areas that have changed and are still to be looked at.
        """
        query, day = call.query, day_of(call)
        if query["unit"] is not None:
            self.authority.require(call.actor, query["unit"], day, "/unit")
        roots = [query["unit"]] if query["unit"] is not None else call.actor.units
        asked = {name: query[name] for name in ("known_at", "code", "team", "after", "limit")}
        found, position, unjudged = self.warnings.page(WantedWarnings(roots, day, **asked))
        following = f"{found[-1]['team_id']}/{found[-1]['code']}" if len(found) == query["limit"] else None
        answer = {"as_of": day, "position": position, "unjudged": unjudged}
        return answer | {"warnings": found, "next": following}

"""One document for the teams of a commune or a district."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from services.teams.bulk import Bulk, Step, steps
from services.teams.domain.team.life import team_stream
from services.teams.queries.proposals import Asked
from services.teams.schemas.bulk import BulkSchema
from services.teams.service.base import Pieces
from services.teams.service.proposals import path_behind
from shared.decider import Rejected
from shared.edge import Call, route
from shared.handler import Answer, Envelope
from shared.handling import handle_many
from shared.log import Outcome
from shared.problems import Problem, from_rejected
from shared.rehearsal import Rehearsal


class BulkRoutes(Pieces):
    @route("POST", "/v1/teams/bulk", scope="teams:write", body=BulkSchema)
    def change_teams_by_one_document(self, call: Call) -> dict[str, Any]:
        """A result per change; ``next`` is the ``after`` of the same request about the teams that come then."""
        asked: Mapping[str, Any] = call.body
        bulk = Bulk(**{name: asked[name] for name in Bulk.__slots__})
        teams, following = self._selected(call, asked)
        named = [*teams, *(new.team_id for new in bulk.reconstitute)]
        states = self.handler.states(map(team_stream, named))
        todo = list(steps(bulk, teams, states, self.units.tree()))
        results = self._carried_out(call, todo, dry_run=asked["dry_run"])
        return {
            "dry_run": asked["dry_run"],
            "teams": len(teams),
            "results": results,
            "counts": Counter(result["outcome"] for result in results),
            "next": following,
        }

    def _selected(self, call: Call, asked: Mapping[str, Any]) -> tuple[Sequence[str], str | None]:
        """The teams asked for, and where the next ones begin."""
        unit, day, kind = asked["unit"], asked["effective"], asked["kind"]
        if unit is not None and asked["team_ids"]:
            raise Problem("bulk-selection", "/team_ids")
        if unit is None:
            return list(dict.fromkeys(asked["team_ids"])), None
        self.authority.require(call.actor, unit, day, "/unit")
        after = path_behind(asked["after"], "body")
        page = self.standings.page(Asked([unit], day, lambda g: kind in (None, g.kind), after, asked["limit"]))
        return [team.team_id for group in page.groups for team in group.teams], page.following

    def _carried_out(self, call: Call, todo: Sequence[Step], *, dry_run: bool) -> list[dict[str, Any]]:
        knowledge = self.authority.knowledge(step.command for step in todo)
        refused: dict[int, Problem] = {}
        for n, step in enumerate(todo):
            try:
                self.authority.check(call.actor, step.command, knowledge)
            except Problem as problem:
                refused[n] = problem
        good = [n for n in range(len(todo)) if n not in refused]
        envelopes = [Envelope(todo[n].command_id, todo[n].command, call.actor.sub, call.now) for n in good]
        answers = dict(
            zip(good, handle_many(Rehearsal(self.handler) if dry_run else self.handler, envelopes), strict=True)
        )
        return [
            {**step.told, "id": str(step.command_id), **_outcome(refused.get(n) or answers[n], call.locale)}
            for n, step in enumerate(todo)
        ]


def _outcome(answer: Answer | Rejected | Problem, locale: str) -> dict[str, Any]:
    if isinstance(answer, Rejected):
        answer = from_rejected(answer)
    elif isinstance(answer, Answer) and answer.outcome in (Outcome.CONFLICT, Outcome.STALE):
        answer = Problem(answer.outcome.value)
    if isinstance(answer, Problem):
        return {"outcome": "rejected", "problem": answer.document(locale)}
    return {"outcome": answer.outcome.value, "version": answer.version, "position": answer.token}

"""Rules, exemptions, and who has to be trained until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from services.training.answers import obligations as answers
from services.training.domain.exemptions import EndExemption, Exemption, ExemptPerson
from services.training.domain.rules import EndRule, ReplaceRule, Rule, SetRule
from services.training.queries.obligations import ObligationQueries, Wanted
from services.training.queries.places import Area
from services.training.schemas.obligations import (
    EndExemptionSchema,
    EndRuleSchema,
    ExemptionSchema,
    ObligationsQuery,
    ReplaceRuleSchema,
    RuleSchema,
    RulesQuery,
    SummaryQuery,
)
from services.training.service.base import Pieces, identity
from shared.edge import Call, Reply, answered, require_unit, route
from shared.problems import Problem
from shared.vietnamese import hanoi_day


class ObligationRoutes(Pieces):
    obligations: ObligationQueries

    # --- rules -----------------------------------------------------------------------------------------------------

    @route("POST", "/v1/rules", scope="training:admin", body=RuleSchema)
    def set_rule(self, call: Call) -> Reply:
        command: SetRule = call.body
        require_unit(call.actor, self.units.tree(), command.unit_id, command.effective)
        command_id, rule_id = identity(call, "rule", command.rule_id)
        answer = self.handler.handle(call.envelope(replace(command, rule_id=rule_id), command_id))
        return answered(answer, rule_id=rule_id)

    @route("POST", "/v1/rules/<uuid:rule_id>/replace", scope="training:admin", body=ReplaceRuleSchema)
    def replace_rule(self, call: Call) -> Reply:
        return self._change_rule(call)

    @route("POST", "/v1/rules/<uuid:rule_id>/end", scope="training:admin", body=EndRuleSchema)
    def end_rule(self, call: Call) -> Reply:
        return self._change_rule(call)

    @route("GET", "/v1/rules/<uuid:rule_id>", scope="training:read")
    def show_rule(self, call: Call) -> Reply:
        """Rules are public among those who may read: whoever is under one has to know it."""
        rule, version = self._rule(call)
        return Reply(200, answers.rule(rule, version), etag=version)

    @route("GET", "/v1/rules", scope="training:read", query=RulesQuery)
    def list_rules(self, call: Call) -> dict[str, Any]:
        """Rules in force on a day; ``unit``: those for it, for units above it, and for units below it."""
        day, unit_id, tree = _day(call), call.query["unit"], self.units.tree()
        found = [
            {"rule_id": rule.rule_id, "unit_id": rule.unit_id, "first": rule.first, "terms": rule.terms}
            for rule in self.obligations.rules(day)
            if unit_id is None
            or Area(tree, rule.unit_id, day).holds(unit_id)
            or Area(tree, unit_id, day).holds(rule.unit_id)
        ]
        return {"as_of": day, "rules": found}

    def _change_rule(self, call: Call) -> Reply:
        command: ReplaceRule | EndRule = call.body
        rule, _ = self._rule(call)
        require_unit(call.actor, self.units.tree(), rule.set.unit_id, command.effective, at="/rule_id")
        return answered(self.handler.handle(call.envelope(replace(command, rule_id=rule.set.rule_id))))

    def _rule(self, call: Call) -> tuple[Rule, int]:
        state, version = self.handler.state(f"rule:{call.path['rule_id']}")
        if not isinstance(state, Rule):
            raise Problem("not-found", where="path")
        return state, version

    # --- exemptions ------------------------------------------------------------------------------------------------

    @route("POST", "/v1/exemptions", scope="training:write", body=ExemptionSchema)
    def exempt_person(self, call: Call) -> Reply:
        command: ExemptPerson = call.body
        self._serving(call, command.person_id, command.since)
        command_id, exemption_id = identity(call, "exemption", command.exemption_id)
        answer = self.handler.handle(call.envelope(replace(command, exemption_id=exemption_id), command_id))
        return answered(answer, exemption_id=exemption_id)

    @route("POST", "/v1/exemptions/<uuid:exemption_id>/end", scope="training:write", body=EndExemptionSchema)
    def end_exemption(self, call: Call) -> Reply:
        command: EndExemption = call.body
        exemption_id = str(call.path["exemption_id"])
        state, _ = self.handler.state(f"exemption:{exemption_id}")
        if not isinstance(state, Exemption):
            raise Problem("not-found", where="path")
        self._serving(call, state.given.person_id, state.given.since)
        return answered(self.handler.handle(call.envelope(replace(command, exemption_id=exemption_id))))

    def _serving(self, call: Call, person_id: str, day: date) -> None:
        """Whoever holds a unit of one of the person's seats may exempt it."""
        tree = self.units.tree()
        seats = self.identities.serving(person_id, day)
        if not any(tree.covers(call.actor.units, unit_id, day) for unit_id in seats):
            raise Problem("forbidden-unit", "/person_id", day=day.isoformat())

    # --- obligations -----------------------------------------------------------------------------------------------

    @route("GET", "/v1/obligations", scope="training:read", query=ObligationsQuery)
    def list_obligations(self, call: Call) -> dict[str, Any]:
        """Each person once per rule, where the team stands on the map of the day. A page may be shorter than asked for;
        ``next`` tells whether there is more."""
        query, (unit_id, day) = call.query, self._asked(call)
        after = answers.place(query["after"])
        page = self.obligations.page(Wanted(unit_id, day, query["state"], query["rule"], after, query["limit"]))
        return {
            "unit_id": unit_id,
            "as_of": day,
            "obligations": [answers.obligation(one) for one in page.found],
            "next": answers.cursor(page.next),
            **answers.positions(page),
        }

    @route("GET", "/v1/obligations/summary", scope="training:read", query=SummaryQuery)
    def count_obligations(self, call: Call) -> dict[str, Any]:
        """People by rule and state. Whoever has seats in two units counts in each of them, and once above both."""
        unit_id, day = self._asked(call)
        found, page = self.obligations.summary(unit_id, day, call.query["rule"])
        return {"unit_id": unit_id, "as_of": day, "rules": answers.summary(found), **answers.positions(page)}

    def _asked(self, call: Call) -> tuple[str, date]:
        unit_id, day = call.query["unit"], _day(call)
        require_unit(call.actor, self.units.tree(), unit_id, day, at="/unit")
        return unit_id, day


def _day(call: Call) -> date:
    given: date | None = call.query["as_of"]
    return given or hanoi_day(call.now)

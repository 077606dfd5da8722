"""Plans against what was reached, and how many of those who serve were trained."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import msgspec

from services.training.domain.plans import Plan, RevisePlan, SetPlan, WithdrawPlan
from services.training.queries.figures import Figures
from services.training.schemas.plans import (
    EARLIEST,
    CoverageQuery,
    PlanSchema,
    PlansQuery,
    RevisePlanSchema,
    WithdrawPlanSchema,
)
from services.training.service.base import Pieces, identity
from shared.edge import Call, Reply, answered, require_unit, route
from shared.problems import Problem
from shared.vietnamese import hanoi_day


class PlanRoutes(Pieces):
    figures: Figures

    @route("POST", "/v1/plans", scope="training:write", body=PlanSchema)
    def set_plan(self, call: Call) -> Reply:
        command: SetPlan = call.body
        require_unit(call.actor, self.units.tree(), command.unit_id, command.first_day)
        command_id, plan_id = identity(call, "plan", command.plan_id)
        answer = self.handler.handle(call.envelope(replace(command, plan_id=plan_id), command_id))
        return answered(answer, plan_id=plan_id)

    @route("POST", "/v1/plans/<uuid:plan_id>/revise", scope="training:write", body=RevisePlanSchema)
    def revise_plan(self, call: Call) -> Reply:
        command: RevisePlan = call.body
        plan, _ = self._own_plan(call)
        return answered(self.handler.handle(call.envelope(replace(command, plan_id=plan.set.plan_id))))

    @route("POST", "/v1/plans/<uuid:plan_id>/withdraw", scope="training:write", body=WithdrawPlanSchema)
    def withdraw_plan(self, call: Call) -> Reply:
        plan, _ = self._own_plan(call)
        return answered(self.handler.handle(call.envelope(WithdrawPlan(plan.set.plan_id))))

    @route("GET", "/v1/plans/<uuid:plan_id>", scope="training:read")
    def show_plan(self, call: Call) -> Reply:
        """Each target with what was reached of it until today, in the unit as it is on the last day that counts."""
        plan, version = self._own_plan(call)
        return Reply(200, self._shown(plan, hanoi_day(call.now)) | {"version": version}, etag=version)

    @route("GET", "/v1/plans", scope="training:read", query=PlansQuery)
    def list_plans(self, call: Call) -> dict[str, Any]:
        """The plans of a unit itself; withdrawn ones are not among them."""
        unit_id, today = call.query["unit"], hanoi_day(call.now)
        require_unit(call.actor, self.units.tree(), unit_id, call.query["as_of"] or today, at="/unit")
        found = [
            self.handler.state(f"plan:{plan_id}")[0] for plan_id in self.figures.plans(unit_id, call.query["as_of"])
        ]
        return {"unit_id": unit_id, "plans": [self._shown(plan, today) for plan in found]}

    @route("GET", "/v1/coverage", scope="training:read", query=CoverageQuery)
    def show_coverage(self, call: Call) -> dict[str, Any]:
        """People with a seat on ``as_of`` and how many of them were trained by ``trained_as_of``; and all who were. A
        ratio of numbers of two dates says so in ``warnings``."""
        query, today = call.query, hanoi_day(call.now)
        unit_id, day = query["unit"], query["as_of"] or today
        trained_day = query["trained_as_of"] or day
        require_unit(call.actor, self.units.tree(), unit_id, day, at="/unit")
        serving = self.figures.serving(unit_id, day, trained_day, query["topic"])
        trained = self.figures.trained(unit_id, EARLIEST, trained_day, topic=query["topic"])
        warnings = ["dates_differ"] if trained_day != day else []
        return {
            "unit_id": unit_id,
            "as_of": day,
            "trained_as_of": trained_day,
            "topic": query["topic"],
            "serving": serving,
            "trained": trained,
            "ratios": {
                "trained_of_serving_people": _ratio(serving.trained, serving.people, warnings),
                "all_trained_over_seats": _ratio(trained.people, serving.seats, ["seats_are_not_people", *warnings]),
            },
            "warnings": warnings,
        }

    def _shown(self, plan: Plan, today: date) -> dict[str, Any]:
        last = min(today, plan.set.last_day)
        shown: dict[str, Any] = msgspec.to_builtins(plan.set)
        targets = []
        for target in plan.targets:
            reached = self.figures.reached(target, plan.set.unit_id, plan.set.first_day, last)
            targets.append(msgspec.to_builtins(target) | {"reached": reached, "share": _share(reached, target.value)})
        now = {"targets": targets, "document_id": plan.document_id, "withdrawn": plan.withdrawn}
        return shown | now | {"reached_until": last}

    def _own_plan(self, call: Call) -> tuple[Plan, int]:
        state, version = self.handler.state(f"plan:{call.path['plan_id']}")
        if not isinstance(state, Plan):
            raise Problem("not-found", where="path")
        require_unit(call.actor, self.units.tree(), state.set.unit_id, state.set.first_day, at="/plan_id")
        return state, version


def _ratio(numerator: int, denominator: int, warnings: list[str]) -> dict[str, Any]:
    value = _share(numerator, denominator)
    return {"numerator": numerator, "denominator": denominator, "value": value, "warnings": warnings}


def _share(numerator: int, denominator: int) -> float | None:
    return round(numerator / denominator, 4) if denominator else None

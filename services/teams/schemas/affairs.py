"""``POST /v1/affairs`` and its batch: rows with ``do``, the command in lower case (``issue_regulation``…)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from marshmallow import Schema, fields, validate

from services.teams.domain.affairs import AFFAIRS, bodies, channels, partners, plans, policies, regulations, tasks
from services.teams.domain.affairs.entries import VoidEntry
from services.teams.domain.team.events import TeamKind
from services.teams.schemas.affair_fields import LINK, Link, Number, OneRules, Words, targets
from services.teams.schemas.base import Change, Picked
from services.teams.schemas.kinds import UNIT_ID, WORD, Choice, Day, Line, Matching, Uid

PLATFORMS = ("zalo", "mocha", "gapo", "other")


# --- what all have in common --------------------------------------------------------------------------------------


class Entry(Change):
    """``corrects``: the number of the fact that this one replaces; it then gives a ``reason``."""

    effective = Day(required=True)
    corrects = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1))
    reason = Matching(WORD, load_default=None, allow_none=True)


class Cited(Entry):
    document_id = Uid(required=True)


class MayCite(Entry):
    document_id = Uid(load_default=None, allow_none=True)


class OfUnit(Schema):
    unit_id = Matching(UNIT_ID, required=True)


class OfTeam(Schema):
    team_id = Uid(required=True)


class OfEither(Schema):
    """One of the two."""

    unit_id = Matching(UNIT_ID, load_default=None, allow_none=True)
    team_id = Uid(load_default=None, allow_none=True)


# --- each kind ----------------------------------------------------------------------------------------------------


class Regulation(Cited):
    regulation_id = Uid(required=True)


class IssueRegulation(Regulation, OfUnit):
    makes = regulations.IssueRegulation
    title = Line(300, required=True)


class ReplaceRegulation(Regulation):
    makes = regulations.ReplaceRegulation
    by_regulation_id = Uid(required=True)


class RepealRegulation(Regulation):
    makes = regulations.RepealRegulation


class AdoptPlan(Cited, OfEither):
    makes = plans.AdoptPlan
    plan_id = Uid(required=True)
    year = fields.Integer(strict=True, required=True, validate=validate.Range(min=2020, max=2200))
    title = Line(300, required=True)
    targets = targets()


class RevisePlan(Cited):
    makes = plans.RevisePlan
    plan_id = Uid(required=True)
    targets = targets()


class ReportTarget(MayCite):
    makes = plans.ReportTarget
    plan_id = Uid(required=True)
    indicator = Matching(WORD, required=True)
    value = Number(required=True)


class WithdrawPlan(Cited):
    makes = plans.WithdrawPlan
    plan_id = Uid(required=True)


class GiveTask(MayCite, OfTeam):
    makes = tasks.GiveTask
    task_id = Uid(required=True)
    topic = Matching(WORD, required=True)
    due = Day(required=True)
    body_id = Uid(load_default=None, allow_none=True)


class ReportTask(MayCite):
    makes = tasks.ReportTask
    task_id = Uid(required=True)
    count = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=0, max=10**9))


class WithdrawTask(MayCite):
    makes = tasks.WithdrawTask
    task_id = Uid(required=True)


class OpenChannel(MayCite, OfEither):
    makes = channels.OpenChannel
    channel_id = Uid(required=True)
    platform = Choice(PLATFORMS, required=True)
    participants = Words(load_default=())
    link = Link(LINK, required=True)


class CloseChannel(MayCite):
    makes = channels.CloseChannel
    channel_id = Uid(required=True)


class RegisterPartner(MayCite, OfUnit):
    makes = partners.RegisterPartner
    partner_id = Uid(required=True)
    kind = Matching(WORD, required=True)
    name = Line(200, required=True)


class EngagePartner(MayCite, OfEither):
    makes = partners.EngagePartner
    engagement_id = Uid(required=True)
    partner_id = Uid(required=True)


class EndEngagement(MayCite):
    makes = partners.EndEngagement
    engagement_id = Uid(required=True)


class RegisterBody(Cited, OfUnit):
    makes = bodies.RegisterBody
    body_id = Uid(required=True)
    kind = Matching(WORD, required=True)
    name = Line(200, required=True)


class RenameBody(Cited):
    makes = bodies.RenameBody
    body_id = Uid(required=True)
    name = Line(200, required=True)


class EndBody(Cited):
    makes = bodies.EndBody
    body_id = Uid(required=True)


class AssignRole(Cited, OfUnit):
    makes = bodies.AssignRole
    role_id = Uid(required=True)
    body_id = Uid(required=True)
    role = Matching(WORD, required=True)
    team_kind = Choice(TeamKind, load_default=None, allow_none=True)


class EndRole(Cited):
    makes = bodies.EndRole
    role_id = Uid(required=True)


class SetPolicy(MayCite, OfUnit):
    makes = policies.SetPolicy
    policy_id = Uid(required=True)
    team_kind = Choice(TeamKind, required=True)
    rules = OneRules(required=True)
    source = Line(300, load_default=None, allow_none=True)


class ReplacePolicy(MayCite):
    makes = policies.ReplacePolicy
    policy_id = Uid(required=True)
    rules = OneRules(required=True)
    source = Line(300, load_default=None, allow_none=True)


class EndPolicy(MayCite):
    makes = policies.EndPolicy
    policy_id = Uid(required=True)


class VoidEntrySchema(MayCite):
    """Takes back the fact ``corrects``, or without it the whole record."""

    makes = VoidEntry
    affair = Choice(tuple(AFFAIRS), required=True)
    record_id = Uid(required=True)
    reason = Matching(WORD, required=True)


SCHEMAS: tuple[type[Change], ...] = (
    IssueRegulation,
    ReplaceRegulation,
    RepealRegulation,
    AdoptPlan,
    RevisePlan,
    ReportTarget,
    WithdrawPlan,
    GiveTask,
    ReportTask,
    WithdrawTask,
    OpenChannel,
    CloseChannel,
    RegisterPartner,
    EngagePartner,
    EndEngagement,
    RegisterBody,
    RenameBody,
    EndBody,
    AssignRole,
    EndRole,
    SetPolicy,
    ReplacePolicy,
    EndPolicy,
    VoidEntrySchema,
)


def _do(command: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", command.__name__).lower()


AFFAIR_CHANGES: Mapping[str, type[Change]] = {_do(schema.makes): schema for schema in SCHEMAS}
"""What a row says it does → its schema."""


class One(Picked):
    """A single change; its command id may be left to the Idempotency-Key."""

    def __init__(self, kinds: Mapping[str, type[Change]]) -> None:
        super().__init__(kinds)
        self.kinds = {do: schema() for do, schema in kinds.items()}

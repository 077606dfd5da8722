"""Fields of affairs: numbers, lists of words, links, targets, rules of composition."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from services.teams.domain.affairs import plans, policies
from services.teams.domain.team.events import Role
from services.teams.schemas.items import Items, like
from services.teams.schemas.kinds import WORD, Choice, Matching
from shared.decider import Personal

LINK = re.compile(r"https://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/[!-~]*)?")
MOST = 1e12


class Number(fields.Field[float]):
    """A JSON number, not negative."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError("Not a valid number.")
        if not 0 <= value <= MOST:
            raise ValidationError("Must be greater than or equal to 0 and less than or equal to 1000000000000.")
        return float(value)


class Words(fields.Field[Any]):
    """A list of different words → a tuple; ``of`` makes each what it stands for."""

    def __init__(self, of: fields.Field[Any] | None = None, *, most: int = 30, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.of, self.most = of or Matching(WORD), most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise ValidationError("Not a valid list.")
        if len(value) > self.most:
            raise ValidationError(f"Longer than maximum length {self.most}.")
        return tuple(dict.fromkeys(self.of.deserialize(word) for word in value))


class Link(Matching):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        link = super()._deserialize(value, attr, data, **kwargs)
        if len(link) > 500:
            raise ValidationError("Longer than maximum length 500.")
        return Personal(link)


class TargetSchema(Schema):
    indicator = Matching(WORD, required=True)
    value = Number(required=True)
    measure = Matching(WORD, required=True)


class QuickTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    indicator: Annotated[str, like(WORD)]
    value: Annotated[float, msgspec.Meta(ge=0, le=MOST)]
    measure: Annotated[str, like(WORD)]


def targets() -> Items:
    return Items(TargetSchema, QuickTarget, plans.Target, most=50, required=True)


def size() -> fields.Integer:
    return fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1, max=100))


class RulesSchema(Schema):
    min_size = size()
    max_size = size()
    roles = Words(Choice(Role), load_default=())
    leaders = Words(load_default=())
    deputies = Words(load_default=())
    affiliations = Words(load_default=())


class OneRules(fields.Field[policies.Rules]):
    schema = RulesSchema(unknown=RAISE)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> policies.Rules:
        return policies.Rules(**self.schema.load(value))

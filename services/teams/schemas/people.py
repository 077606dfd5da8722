"""People at the HTTP edge: the only bodies with names. Nothing here is ever quoted in an answer.

What must never be stored has a refusal of its own (``forbidden``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from marshmallow import RAISE, Schema, ValidationError, fields

from services.teams.domain.duplicates import DismissDuplicate, JoinPeople, SeparatePeople
from services.teams.domain.people import ChangePerson, RegisterPerson
from services.teams.schemas.base import Change
from services.teams.schemas.forbidden import IDENTITY_NUMBER, LONG_NUMBER, NEVER, RULE, with_rule
from services.teams.schemas.kinds import UNIT_ID, WORD, Flag, Line, Matching, Uid
from services.teams.schemas.quick import Kind, QuickLoad
from shared.decider import Personal

__all__ = ["NEVER"]

PHONE = re.compile(r"\+?[0-9][0-9 .-]{6,18}[0-9]")


class Name(Line):
    """A person's name; a number inside would be an identity or phone number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        name = super()._deserialize(value, attr, data, **kwargs)
        if LONG_NUMBER.search(name):
            raise ValidationError(RULE)
        return Personal(name)

    def quick(self) -> Kind:
        return str, lambda value: self._deserialize(value, None, None)


class Phone(Matching):
    """A phone number as written; twelve digits beginning with 0 are an identity number instead."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        phone = super()._deserialize(value, attr, data, **kwargs)
        if len(phone) > 11 and IDENTITY_NUMBER.fullmatch("".join(filter(str.isdigit, phone))) and phone[0] != "+":
            raise ValidationError(RULE)
        return Personal(phone)

    def quick(self) -> Kind:
        return str, lambda value: self._deserialize(value, None, None)


class Word(Matching):
    """A word of a list of the client's: it is published, so it carries no number of anybody."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        word = super()._deserialize(value, attr, data, **kwargs)
        if LONG_NUMBER.search(word):
            raise ValidationError(RULE)
        return word

    def quick(self) -> Kind:
        return str, lambda value: self._deserialize(value, None, None)


class RegisterPersonSchema(Change):
    makes = RegisterPerson
    person_id = Uid(required=True)
    name = Name(120, required=True)
    phone = Phone(PHONE, load_default=None, allow_none=True)
    affiliation = Word(WORD, load_default=None, allow_none=True)
    simulated = Flag(load_default=False)


class NewcomerSchema(Schema):
    """Somebody who is registered together with the team."""

    class Meta:
        unknown = RAISE

    person_id = Uid(required=True)
    name = Name(120, required=True)
    phone = Phone(PHONE, load_default=None, allow_none=True)
    affiliation = Word(WORD, load_default=None, allow_none=True)
    simulated = Flag(load_default=False)


class Newcomers(fields.Field[Any]):
    """A list of people → a tuple of ``RegisterPerson``."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most, self.schema = most, NewcomerSchema()
        self._quick = QuickLoad(self.schema)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[RegisterPerson, ...]:
        if not isinstance(value, list):
            raise ValidationError("Not a valid list.")
        if len(value) > self.most:
            raise ValidationError(f"Longer than maximum length {self.most}.")
        try:
            return tuple(RegisterPerson(**self._quick.load(item)) for item in value)
        except (msgspec.ValidationError, ValidationError):
            return tuple(RegisterPerson(**item) for item in self.schema.load(value, many=True))


class ChangePersonSchema(Change):
    """What is left out stays as it is; null takes a phone number or an affiliation away."""

    makes = ChangePerson
    person_id = Uid(required=True)
    name = Name(120, load_default=None, allow_none=False)
    phone = Phone(PHONE, load_default=None, allow_none=True)
    affiliation = Word(WORD, load_default=None, allow_none=True)

    def load(self, data: Any, **options: Any) -> Any:
        loaded = super().load(data, **options)
        loaded.found["fields"] = tuple(name for name in ("name", "phone", "affiliation") if name in data)
        return loaded


class OfTwoPeople(Change):
    person_id = Uid(required=True)
    duplicate_id = Uid(required=True)
    reason = Word(WORD, required=True)
    document_id = Uid(load_default=None, allow_none=True)


class JoinPeopleSchema(OfTwoPeople):
    makes = JoinPeople


class SeparatePeopleSchema(OfTwoPeople):
    makes = SeparatePeople


class DismissDuplicateSchema(Change):
    makes = DismissDuplicate
    person_id = Uid(required=True)
    other_id = Uid(required=True)
    reason = Word(WORD, load_default=None, allow_none=True)


PEOPLE_CHANGES: Mapping[str, type[Change]] = {
    "register": RegisterPersonSchema,
    "change": ChangePersonSchema,
    "join": JoinPeopleSchema,
    "separate": SeparatePeopleSchema,
    "dismiss": DismissDuplicateSchema,
}


def is_label(value: Any) -> bool:
    """A number, or a short word such as ``B7``: it is sent back."""
    return type(value) is int or (isinstance(value, str) and UNIT_ID.fullmatch(value) is not None)


class Reference(Schema):
    """Somebody as a paper or a file names them. ``row``: whatever the sender counts by, answered with the row."""

    class Meta:
        unknown = RAISE

    row = fields.Raw(load_default=None, validate=is_label)
    name = Name(120, required=True)
    unit_id = Matching(UNIT_ID, load_default=None, allow_none=True)
    phone = Phone(PHONE, load_default=None, allow_none=True)

    def load(self, data: Any, **options: Any) -> Any:
        try:
            return super().load(data, **options)
        except ValidationError as error:
            raise ValidationError(with_rule(error.messages)) from None

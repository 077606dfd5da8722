"""``POST /v1/people`` and its batch: the only bodies with names.

National ID numbers, birth dates, credentials and ID photos must never be stored, so they have a refusal of their own,
which says why (Law on Personal Data Protection 91/2025/QH15). Nothing here is ever quoted in an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from services.teams.domain.people import RegisterPerson
from services.teams.schemas.base import Change
from services.teams.schemas.kinds import WORD, Flag, Line, Matching, Uid
from shared.decider import Personal

NEVER = frozenset(
    {
        "national_id",
        "citizen_id",
        "identity_number",
        "id_number",
        "passport",
        "cccd",
        "cmnd",
        "so_cccd",
        "so_cmnd",
        "so_dinh_danh",
        "birth_date",
        "birthdate",
        "date_of_birth",
        "birthday",
        "birth_year",
        "dob",
        "ngay_sinh",
        "nam_sinh",
        "password",
        "pin",
        "otp",
        "photo",
        "id_photo",
    }
)
PHONE = re.compile(r"\+?[0-9][0-9 .-]{6,18}[0-9]")
LONG_NUMBER = re.compile(r"[0-9]{6,}")


class Name(Line):
    """A person's name; a number inside would be an identity or phone number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        name = super()._deserialize(value, attr, data, **kwargs)
        if LONG_NUMBER.search(name):
            raise ValidationError("forbidden-personal-field")
        return Personal(name)


class Phone(Matching):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return Personal(super()._deserialize(value, attr, data, **kwargs))


class RegisterPersonSchema(Change):
    makes = RegisterPerson
    person_id = Uid(required=True)
    name = Name(120, required=True)
    phone = Phone(PHONE, load_default=None, allow_none=True)
    affiliation = Matching(WORD, load_default=None, allow_none=True)
    simulated = Flag(load_default=False)

    def load(self, data: Any, **options: Any) -> Any:
        if isinstance(data, Mapping):
            found = {key: ["forbidden-personal-field"] for key in data if _plain(key) in NEVER}
            if found:
                raise ValidationError(found)
        return super().load(data, **options)


def _plain(key: object) -> str:
    return str(key).lower().replace("-", "_")

"""From a body or a batch row to a command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from marshmallow import RAISE, Schema, ValidationError, missing

from services.teams.schemas.forbidden import with_rule
from services.teams.schemas.kinds import CommandId, Version
from services.teams.schemas.quick import QuickLoad


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a body says, and the id it was sent with; a single request may leave the id to its Idempotency-Key.

    ``if_match``: the version that the changed stream must have, as the header If-Match of a single request.
    """

    makes: type
    found: dict[str, Any]
    command_id: UUID | None
    if_match: int | None = None

    def command(self, **path: Any) -> Any:
        """The command; ``path`` are the fields that a single route takes from its path."""
        return self.makes(**self.found, **path)


class Change(Schema):
    """Fields named like those of the command that it ``makes``; ``load`` answers with ``Loaded``."""

    class Meta:
        unknown = RAISE

    makes: ClassVar[type]
    id = CommandId(load_default=None)
    if_match = Version(load_default=None, allow_none=True)
    _quick: QuickLoad | None = None

    def load(self, data: Any, **options: Any) -> Any:
        if self._quick is None:
            self._quick = QuickLoad(self)
        try:
            found = self._quick.load(data)
        except (msgspec.ValidationError, ValidationError):
            found = self._slowly(data, options)
        return Loaded(self.makes, found, found.pop("id", None), found.pop("if_match", None))

    def _slowly(self, data: Any, options: dict[str, Any]) -> dict[str, Any]:
        """What the quick way refuses is wrong, or one of the spellings that only marshmallow takes."""
        try:
            found: dict[str, Any] = super().load(data, **options)
        except ValidationError as error:
            raise ValidationError(with_rule(error.messages)) from None
        return found


def row_of(schema: type[Change]) -> Change:
    """The schema of a batch row: its command id is not optional."""
    made = schema()
    made.load_fields["id"].required = True
    made.load_fields["id"].load_default = missing
    return made


class Picked(Schema):
    """Rows of several kinds: ``do`` says which."""

    def __init__(self, kinds: Mapping[str, type[Change]]) -> None:
        super().__init__()
        self.kinds = {do: row_of(schema) for do, schema in kinds.items()}

    def load(self, data: Any, **options: Any) -> Any:
        if not isinstance(data, Mapping):
            raise ValidationError("Invalid input type.")
        do = data.get("do", missing)
        if do is missing:
            raise ValidationError({"do": ["Missing data for required field."]})
        schema = self.kinds.get(do) if isinstance(do, str) else None
        if schema is None:
            raise ValidationError({"do": [f"Must be one of: {', '.join(self.kinds)}."]})
        return schema.load({key: value for key, value in data.items() if key != "do"})

"""Lists of small objects inside a row, such as the seats of a team."""

from __future__ import annotations

from typing import Any

import msgspec
from marshmallow import RAISE, Schema, ValidationError, fields

from services.teams.schemas.quick import like

__all__ = ["Items", "like"]


class Items(fields.Field[Any]):
    """A list of objects → a tuple of domain values.

    Seven seats would cost marshmallow more than the rest of a team's row. So ``quick``, a msgspec struct with the
    fields of ``schema`` in the order of ``makes``, reads their usual spelling; what it refuses is read by the schema,
    which names what is wrong.
    """

    def __init__(
        self, schema: type[Schema], quick: type[msgspec.Struct], makes: type, *, most: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.schema = schema(many=True, unknown=RAISE)
        self.quick, self.makes, self.most = list[quick], makes, most  # type: ignore[valid-type]  # made at run time

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise ValidationError("Not a valid list.")
        if len(value) > self.most:
            raise ValidationError(f"Longer than maximum length {self.most}.")
        try:
            return tuple(self.makes(*msgspec.structs.astuple(item)) for item in msgspec.convert(value, self.quick))
        except msgspec.ValidationError:
            return tuple(self.makes(**item) for item in self.schema.load(value))

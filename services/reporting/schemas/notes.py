"""Bodies and queries about notes."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, fields, validate

from services.reporting.domain.notes import Withdrawing
from services.reporting.schemas.base import UNIT_ID, Line
from shared.vietnamese import nfc

PAGE = 50
TOPIC = validate.Regexp(r"[a-z][a-z0-9_]{0,39}\Z")
"""A skill or another word: the list is open."""


class Words(fields.String):
    """A text of several lines in NFC."""

    def __init__(self, longest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._length = validate.Length(min=1, max=longest)
        self._printable = validate.Regexp(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f]*\Z")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = nfc(super()._deserialize(value, attr, data, **kwargs)).strip()
        self._printable(text)
        return self._length(text)


class NoteSchema(Schema):
    """``note_id`` makes a repeat of the request one and the same note."""

    note_id = fields.UUID(load_default=None)
    unit_id = fields.String(required=True, validate=UNIT_ID)
    topic = fields.String(required=True, validate=TOPIC)
    day = fields.Date(required=True)
    team_id = fields.UUID(load_default=None, allow_none=True)
    title = Line(150, required=True)
    text = Words(4_000, required=True)


class WithdrawNoteSchema(Schema):
    reason = fields.Enum(Withdrawing, by_value=True, required=True)


class NotesQuery(Schema):
    """Notes of ``unit`` and of the units below it, the latest first."""

    unit = fields.String(required=True, validate=UNIT_ID)
    topic = fields.String(load_default=None, validate=TOPIC)
    first = fields.Date(data_key="from", load_default=date.min)
    last = fields.Date(data_key="to", load_default=date.max)
    after = fields.String(load_default=None, validate=validate.Length(max=60))
    limit = fields.Integer(load_default=20, validate=validate.Range(1, PAGE))

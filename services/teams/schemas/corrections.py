"""``POST /v1/teams/<id>/correct`` and its row of the batch: facts by number, and facts that come late."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, missing, validate

from services.teams.domain.team.corrections import Correction, CorrectTeam
from services.teams.domain.team.events import CorrectionReason
from services.teams.schemas.base import Change, Loaded
from services.teams.schemas.kinds import UNIT_ID, WORD, Choice, Day, Flag, Line, Matching, Uid
from services.teams.schemas.teams import (
    TEAM_CHANGES,
    AppointSeatSchema,
    ChangeLeaderSchema,
    ChangeSeatSchema,
    DissolveTeamSchema,
    EndPilotSchema,
    OneSeat,
    ReassignTeamSchema,
    ReconstituteTeamSchema,
    ReleaseSeatSchema,
    RenameTeamSchema,
    ResumeTeamSchema,
    SuspendTeamSchema,
    seats,
)

MOST = 100


class CorrectionSchema(Schema):
    """``fact`` is its number in the history; ``void`` true: it never was so, false: it was after all. What else is
    sent is stated anew."""

    class Meta:
        unknown = RAISE

    fact = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=100_000))
    void = Flag()
    effective = Day()
    document_id = Uid()
    unit_id = Matching(UNIT_ID)
    name = Line(200)
    pilot = Flag()
    converted = Flag()
    seats = seats()
    seat = OneSeat()
    seat_id = Matching(UNIT_ID)
    reason = Matching(WORD, allow_none=True)


LATE: Mapping[str, Change] = {
    do: schema(exclude=("team_id", "id", "if_match"))
    for do, schema in {
        "rename": RenameTeamSchema,
        "reassign": ReassignTeamSchema,
        "suspend": SuspendTeamSchema,
        "resume": ResumeTeamSchema,
        "reconstitute": ReconstituteTeamSchema,
        "appoint": AppointSeatSchema,
        "release": ReleaseSeatSchema,
        "change_seat": ChangeSeatSchema,
        "change_leader": ChangeLeaderSchema,
        "end_pilot": EndPilotSchema,
        "dissolve": DissolveTeamSchema,
    }.items()
}
"""What ``do`` of a late fact may be: its fields are those of the change, the team is the corrected one."""


class Several(fields.Field[Any]):
    """A list of ``least`` to ``most`` objects → a tuple, each loaded by itself."""

    def __init__(self, load: Callable[[Any], Any], *, least: int = 0, most: int = MOST, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._one, self._least, self._most = load, least, most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise ValidationError("Not a valid list.")
        if len(value) > self._most:
            raise ValidationError(f"Longer than maximum length {self._most}.")
        if len(value) < self._least:
            raise ValidationError(f"Shorter than minimum length {self._least}.")
        found, wrong = [], {}
        for n, item in enumerate(value):
            try:
                found.append(self._one(item))
            except ValidationError as error:
                wrong[n] = error.messages
        if wrong:
            raise ValidationError(wrong)
        return tuple(found)


_CORRECTION = CorrectionSchema()


def _correction(item: Any) -> Correction:
    found = _CORRECTION.load(item)
    return Correction(found.pop("fact"), found.pop("void", None), found)


def _late(item: Any) -> Loaded:
    if not isinstance(item, Mapping):
        raise ValidationError("Invalid input type.")
    do = item.get("do", missing)
    if do is missing:
        raise ValidationError({"do": ["Missing data for required field."]})
    schema = LATE.get(do) if isinstance(do, str) else None
    if schema is None:
        raise ValidationError({"do": [f"Must be one of: {', '.join(LATE)}."]})
    loaded: Loaded = schema.load({key: value for key, value in item.items() if key != "do"})
    return loaded


@dataclass(frozen=True, slots=True)
class LoadedCorrection(Loaded):
    def command(self, **path: Any) -> CorrectTeam:
        found = self.found | path
        added = tuple(late.command(team_id=found["team_id"]) for late in found.pop("added"))
        return CorrectTeam(added=added, **found)


class CorrectTeamSchema(Change):
    makes = CorrectTeam
    team_id = Uid(required=True)
    corrections = Several(_correction, load_default=())
    added = Several(_late, load_default=())
    reason = Choice(CorrectionReason, required=True)
    document_id = Uid(required=True)

    def load(self, data: Any, **options: Any) -> Any:
        loaded: Loaded = super().load(data, **options)
        return LoadedCorrection(loaded.makes, loaded.found, loaded.command_id, loaded.if_match)


CHANGES: Mapping[str, type[Change]] = {**TEAM_CHANGES, "correct": CorrectTeamSchema}
"""What ``do`` of a row of ``POST /v1/teams/changes/batch`` may be."""

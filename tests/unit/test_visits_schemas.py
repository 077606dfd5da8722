"""Bodies at the door: what is accepted becomes the same command whichever way it was loaded."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from services.visits.domain import AgeBand, Learner, Level, PlaceKind, RecordVisit, Skill, SkillLevel
from services.visits.schemas.campaigns import ScheduleCampaignSchema, schedule_campaign
from services.visits.schemas.visits import RecordVisitSchema, record_visit
from services.visits.standing import Stand
from shared.compiled import CompiledSchema
from shared.decider import Personal
from shared.problems import from_validation
from tests.visit_days import by

LATEST = by(date(2026, 3, 2))
SCHEMA = RecordVisitSchema()


def body(**changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "visit_id": "0190a2b0-0000-7000-8000-000000000001",
        "place_id": "0190a2b0-0000-7000-8000-000000000002",
        "place_kind": "household",
        "unit_id": "thon-1",
        "day": "2026-03-01",
        "team_id": "0190a2b0-0000-7000-8000-000000000003",
        "member_ids": ["0190a2b0-0000-7000-8000-000000000004"],
        "started_at": "2026-03-01T09:30:00+07:00",
        "duration_minutes": 35,
        "learners": [
            {"ref": "a", "age_band": "60_plus", "skills": [{"skill": "public_services", "level": "does"}]},
            {"ref": "b", "age_band": "under_16"},
        ],
        "platforms": ["vneid"],
        "note": "Bà cần gặp lại",
    }
    return {key: value for key, value in (said | changes).items() if value is not ...}


def recorded(said: Any) -> RecordVisit:
    return record_visit(SCHEMA.load(said), LATEST, Stand(said["unit_id"]), ())


def test_a_body_becomes_a_command() -> None:
    command = recorded(body())
    assert isinstance(command, RecordVisit)
    assert command.visit_id == UUID("0190a2b0-0000-7000-8000-000000000001")
    assert (command.place_kind, command.day, command.latest) == (PlaceKind.HOUSEHOLD, date(2026, 3, 1), LATEST)
    does = SkillLevel(Skill.PUBLIC_SERVICES, Level.DOES)
    assert command.learners == (Learner("a", AgeBand.FROM_60, (does,)), Learner("b", AgeBand.UNDER_16))
    assert command.note == Personal("Bà cần gặp lại")


def test_text_is_stored_composed() -> None:
    command = recorded(body(note="Ba\u0300"))
    assert command.note == Personal("Bà")


def test_what_may_be_left_out() -> None:
    left_out = {name: ... for name in ("started_at", "duration_minutes", "learners", "platforms", "note")}
    command = recorded(body(**left_out))
    assert (command.learners, command.platforms, command.note, command.started_at) == ((), (), None, None)


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"visit_id": ...}, "/visit_id", "missing-field"),
        ({"visit_id": "x"}, "/visit_id", "wrong-type"),
        ({"member_ids": []}, "/member_ids", "wrong-length"),
        ({"member_ids": [None]}, "/member_ids/0", "missing-field"),
        ({"duration_minutes": 1441}, "/duration_minutes", "out-of-range"),
        ({"duration_minutes": 0}, "/duration_minutes", "out-of-range"),
        ({"duration_minutes": True}, "/duration_minutes", "wrong-type"),
        ({"duration_minutes": 5.0}, "/duration_minutes", "wrong-type"),
        ({"place_kind": "castle"}, "/place_kind", "unknown-choice"),
        ({"place_kind": []}, "/place_kind", "unknown-choice"),
        ({"started_at": "2026-03-01T09:30:00"}, "/started_at", "wrong-type"),
        ({"day": "2026-02-30"}, "/day", "wrong-type"),
        ({"citizen_id": "001099012345"}, "/citizen_id", "unknown-field"),
        ({"learners": [{"ref": "a", "age_band": "60_plus", "name": "Hoa"}]}, "/learners/0/name", "unknown-field"),
        ({"learners": [{"ref": "0912345678", "age_band": "60_plus"}]}, "/learners/0/ref", "wrong-format"),
        ({"learners": [{"ref": "0912-345-678", "age_band": "60_plus"}]}, "/learners/0/ref", "wrong-format"),
        ({"learners": [{"ref": "CCCD001099012345", "age_band": "60_plus"}]}, "/learners/0/ref", "wrong-format"),
        ({"consent_ref": "001099012345"}, "/consent_ref", "wrong-format"),
        ({"consent_ref": "SDT_0912345678"}, "/consent_ref", "wrong-format"),
        ({"learners": [{"ref": "Bà Hoa", "age_band": "60_plus"}]}, "/learners/0/ref", "wrong-format"),
        (
            {"learners": [{"ref": "a", "age_band": "60_plus", "skills": [{"skill": "magic", "level": "does"}]}]},
            "/learners/0/skills/0/skill",
            "unknown-choice",
        ),
        ({"platforms": ["VNeID"]}, "/platforms/0", "wrong-format"),
        ({"platforms": ["a\n"]}, "/platforms/0", "wrong-format"),
        ({"unit_id": "a.b"}, "/unit_id", "wrong-format"),
        ({"note": ""}, "/note", "wrong-length"),
        ({"note": "x" * 2001}, "/note", "wrong-length"),
    ],
)
def test_mistakes_are_named_and_located(changes: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SCHEMA.load(body(**changes))
    problem = from_validation(caught.value)
    assert (problem.pointer, problem.code) == (pointer, code)


@pytest.mark.parametrize("no_row", [None, 5, "x", [], [body()]])
def test_what_is_no_object_is_refused(no_row: Any) -> None:
    with pytest.raises(ValidationError):
        SCHEMA.load(no_row)


# --- the compiled way and marshmallow's own --------------------------------------------------------------------------

junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3000),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.sampled_from(
        ["does", "household", "2026-03-01", "20260301", "2026-03-01T00:00:00Z", "2026-03-01 00:00+07", "a", "60_plus"]
    ),
    st.just("0190A2B0-0000-7000-8000-0000000000ff"),
    st.just("{0190a2b0-0000-7000-8000-0000000000ff}"),
    st.just([]),
    st.just({}),
)


def spots(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(spot for key, value in below for spot in spots(value, (*path, key)))]


def changed(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    node = copy.copy(node)
    node[path[0]] = changed(node[path[0]], path[1:], value)
    return node


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(spots(body())), junk, st.sampled_from(spots(body())), junk)
def test_the_compiled_schema_accepts_what_marshmallow_accepts(
    one: tuple[Any, ...], first: Any, two: tuple[Any, ...], second: Any
) -> None:
    row = changed(body(), one, first)
    if two in spots(row):
        row = changed(row, two, second)
    try:
        expected: Any = Schema.load(SCHEMA, row)
    except ValidationError as error:
        with pytest.raises(ValidationError) as caught:
            SCHEMA.load(row)
        assert caught.value.messages == error.messages
    else:
        assert msgspec.json.encode(SCHEMA.load(row)) == msgspec.json.encode(expected)


def refused(**members: Any) -> None:
    schema = type("OddSchema", (CompiledSchema,), members)()
    with pytest.raises(TypeError):
        schema.load({})


def test_what_cannot_be_compiled_does_not_start() -> None:
    refused(x=fields.Float())
    refused(x=fields.String(validate=validate.Email()))
    refused(x=fields.String(validate=lambda value: True))
    refused(x=fields.String(validate=validate.Regexp("b")))
    refused(x=fields.Integer(validate=[validate.Range(1), validate.Range(2)]))
    refused(x=fields.Integer(validate=validate.Range(1, min_inclusive=False)))
    refused(x=fields.String(data_key="y"))
    refused(x=fields.String(), hook=post_load(lambda self, data, **_: data))
    refused(x=fields.String())  # optional without a default
    refused(x=fields.Nested(Schema.from_dict({"y": fields.String(required=True)}), unknown=EXCLUDE, required=True))


def test_a_campaign() -> None:
    command = schedule_campaign(
        ScheduleCampaignSchema().load(
            {
                "campaign_id": "0190a2b0-0000-7000-8000-000000000009",
                "name": "Ngày chủ nhật số",
                "first_day": "2026-10-11",
                "last_day": "2026-10-11",
                "unit_ids": ["tinh-1"],
                "targets": {"visits": 50000},
            }
        )
    )
    plan = command.plan
    assert (plan.first_day, plan.unit_ids, plan.targets.visits) == (date(2026, 10, 11), ("tinh-1",), 50000)

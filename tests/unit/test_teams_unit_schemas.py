"""Bodies about units: what is taken, and what is refused and where."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from marshmallow import ValidationError

from services.teams.domain.units import (
    AbolishUnit,
    AssignUnitCode,
    Correction,
    CorrectUnit,
    EstablishUnit,
    Reason,
    RedoReorganisation,
    ReorganiseUnits,
    Successor,
    UndoReorganisation,
)
from services.teams.messages import MESSAGES
from services.teams.schemas.base import Picked
from services.teams.schemas.units import (
    UNIT_CHANGES,
    AssignUnitCodeSchema,
    CorrectUnitSchema,
    RedoReorganisationSchema,
    ReorganiseUnitsSchema,
    UndoReorganisationSchema,
)
from shared.problems import from_validation, register

register(MESSAGES)
DAY, DOCUMENT, NUMBER = date(2025, 7, 1), str(uuid4()), str(uuid4())


def refused(schema: Any, body: Any) -> set[tuple[str, str]]:
    """Codes and pointers."""
    with pytest.raises(ValidationError) as error:
        schema.load(body)
    return {(issue.code, issue.pointer) for issue in from_validation(error.value).issues}


def test_a_reorganisation_gives_its_day_and_document_to_every_change() -> None:
    heirs = [{"unit_id": "a", "share": 60}, {"unit_id": "b", "share": 40}]
    commune = {"do": "establish", "unit_id": "a", "level": "commune", "kind": "xã", "name": "Cự Khê", "parent_id": "p"}
    body = {"reorganisation_id": NUMBER, "document_id": DOCUMENT, "effective": "2025-07-01"}
    changes = [commune, {"do": "abolish", "unit_id": "c", "successors": heirs}]
    made = ReorganiseUnitsSchema().load(body | {"changes": changes}).command()
    assert made == ReorganiseUnits(
        NUMBER,
        DOCUMENT,
        DAY,
        (
            EstablishUnit("a", "commune", "xã", "Cự Khê", "p", None, DAY, DOCUMENT),
            AbolishUnit("c", DAY, (Successor("a", False, 60), Successor("b", False, 40)), document_id=DOCUMENT),
        ),
    )
    schema = ReorganiseUnitsSchema()
    assert refused(schema, body | {"changes": []}) == {("wrong-length", "/changes")}
    assert refused(schema, body | {"changes": [commune] * 1_001}) == {("wrong-length", "/changes")}
    bad = [commune | {"effective": "2025-07-02"}, {"do": "correct"}, {"unit_id": "c"}, "x", changes[1] | {"name": "N"}]
    assert refused(schema, body | {"changes": bad}) == {
        ("unknown-field", "/changes/0/effective"),
        ("unknown-choice", "/changes/1/do"),
        ("missing-field", "/changes/2/do"),
        ("wrong-type", "/changes/3"),
        ("unknown-field", "/changes/4/name"),
    }
    too_much = [changes[1] | {"successors": [{"unit_id": "a", "share": 101}]}]
    assert refused(schema, body | {"changes": too_much}) == {("out-of-range", "/changes/0/successors/0/share")}


def test_a_correction_of_a_unit_names_facts_and_a_reason_of_the_list() -> None:
    corrections = [{"fact": 2, "code": None, "successors": [{"unit_id": "a", "main": True}]}, {"fact": 1, "void": True}]
    body = {"reason": "wrong_day", "document_id": DOCUMENT, "corrections": corrections}
    made = CorrectUnitSchema(exclude=("unit_id",)).load(body).command(unit_id="u")
    anew = {"code": None, "successors": (Successor("a", True),)}
    assert made == CorrectUnit("u", (Correction(2, None, anew), Correction(1, True)), Reason.WRONG_DAY, DOCUMENT)
    row = Picked(UNIT_CHANGES).load(body | {"do": "correct", "unit_id": "u", "id": NUMBER})
    assert row.command() == made
    bad = body | {
        "reason": "bà Hoa nói vậy",
        "corrections": [{"fact": 0}, {"void": True}, {"fact": 1, "level": "commune"}],
    }
    assert {pointer for _, pointer in refused(CorrectUnitSchema(exclude=("unit_id",)), bad)} == {
        "/reason",
        "/corrections/0/fact",
        "/corrections/1/fact",
        "/corrections/2/level",
    }


def test_a_code_may_be_given_up_and_a_reorganisation_undone_and_redone() -> None:
    body = {"unit_id": "u", "system": "post", "code": None, "effective": "2025-07-01"}
    assert AssignUnitCodeSchema().load(body).command() == AssignUnitCode("u", "post", None, DAY)
    del body["code"]
    assert refused(AssignUnitCodeSchema(), body) == {("missing-field", "/code")}
    reason = {"reorganisation_id": NUMBER, "reason": "withdrawn", "document_id": DOCUMENT}
    assert UndoReorganisationSchema().load(reason).command() == UndoReorganisation(NUMBER, Reason.WITHDRAWN, DOCUMENT)
    assert RedoReorganisationSchema().load(reason).command() == RedoReorganisation(NUMBER, Reason.WITHDRAWN, DOCUMENT)

"""What reporting records itself: decisions about declared figures and notes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from services.reporting.domain.declared import (
    DECLARED,
    CorrectFigure,
    DeclareFigure,
    Figure,
    FigureCorrected,
    FigureDeclared,
    FigureWithdrawn,
    Mistake,
    Qualifier,
    WithdrawFigure,
    declared_stream,
    holds,
)
from services.reporting.domain.notes import (
    NOTES,
    NoteShared,
    NoteWithdrawn,
    ShareNote,
    WithdrawNote,
    is_personal,
    note_stream,
)
from services.reporting.domain.notes import Withdrawing as Reason
from services.reporting.schemas.declared import DeclareSchema
from services.reporting.schemas.notes import NoteSchema
from shared.decider import Personal
from shared.testing import Spec

ID, TODAY = UUID(int=1), date(2026, 11, 28)
FIGURE = Figure("vn", "seats", date(2023, 12, 31), 348_362, Qualifier.EXACT, "Bộ Thông tin và Truyền thông")
STREAM, NOTE_STREAM = declared_stream(ID), note_stream(ID)
DECLARE = DeclareFigure(ID, FIGURE, TODAY)
SAID = (STREAM, FigureDeclared(ID, FIGURE))


def test_a_figure_is_declared_once_and_corrected_with_its_reason() -> None:
    Spec(DECLARED).when(DECLARE).then(SAID)
    Spec(DECLARED).given(SAID).when(DECLARE).then()
    other = replace(FIGURE, value=348_000, qualifier=Qualifier.ABOUT)
    Spec(DECLARED).given(SAID).when(DeclareFigure(ID, other, TODAY)).then_rejected("figure-exists")
    correction = (STREAM, FigureCorrected(ID, Mistake.TYPO, FIGURE, other))
    spec = Spec(DECLARED).given(SAID).when(CorrectFigure(ID, Mistake.TYPO, other, TODAY)).then(correction)
    spec.when(CorrectFigure(ID, Mistake.TYPO, other, TODAY)).then()
    spec.when(WithdrawFigure(ID, Mistake.RETRACTED)).then((STREAM, FigureWithdrawn(ID, Mistake.RETRACTED, other)))
    spec.when(WithdrawFigure(ID, Mistake.OTHER)).then()
    spec.when(CorrectFigure(ID, Mistake.TYPO, FIGURE, TODAY)).then_rejected("figure-withdrawn")
    spec.when(DECLARE).then_rejected("figure-exists")
    Spec(DECLARED).when(WithdrawFigure(ID, Mistake.TYPO)).then_rejected("unknown-figure")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"day": date(2026, 11, 29)}, "figure-in-future"),
        ({"since": date(2024, 1, 1)}, "figure-days-reversed"),
        ({"of": 348_361}, "figure-above-whole"),
    ],
)
def test_what_cannot_be_is_refused_when_declared_and_when_corrected(change: dict[str, Any], code: str) -> None:
    wrong = replace(FIGURE, **change)
    Spec(DECLARED).when(DeclareFigure(ID, wrong, TODAY)).then_rejected(code)
    Spec(DECLARED).given(SAID).when(CorrectFigure(ID, Mistake.OTHER, wrong, TODAY)).then_rejected(code)


@given(st.integers(1, 10**7), st.integers(0, 10**7))
def test_qualifiers_hold_on_the_side_they_speak_of(declared: int, counted: int) -> None:
    assert holds(Qualifier.EXACT, declared, counted) == (declared == counted)
    assert holds(Qualifier.MORE_THAN, declared, counted) == (counted > declared)
    assert not (holds(Qualifier.NEARLY, declared, counted) and counted >= declared)
    for qualifier in Qualifier:
        assert holds(qualifier, declared, declared) == (qualifier in (Qualifier.EXACT, Qualifier.ABOUT))


def test_published_qualifiers_as_they_are_meant() -> None:
    assert holds(Qualifier.MORE_THAN, 8_400, 8_412)
    assert holds(Qualifier.NEARLY, 12_000, 11_500) and not holds(Qualifier.NEARLY, 12_000, 10_000)
    assert holds(Qualifier.ABOUT, 10_000, 10_500) and not holds(Qualifier.ABOUT, 10_000, 10_501)


BODY = {"unit_id": "vn", "indicator": "seats", "day": "2023-12-31", "value": 348_362, "source": "  Bộ  TT&TT "}


def test_a_body_is_a_figure_with_its_source_on_one_line() -> None:
    said = DeclareSchema().load(BODY)
    assert said.figure.source == "Bộ TT&TT" and said.figure.value == 348_362 and said.figure_id is None
    assert DeclareSchema().load(BODY | {"value": 72.5}).figure.value == 72.5
    for change in ({"value": "7"}, {"value": True}, {"value": -1}, {"indicator": "happiness"}, {"source": "a\nb"}):
        with pytest.raises(ValidationError):
            DeclareSchema().load(BODY | change)


# --- notes -----------------------------------------------------------------------------------------------------------

SHARE = ShareNote(ID, "vn", "public_services", date(2026, 1, 1), Personal("Điểm hỗ trợ"), Personal("Mỗi tối"), TODAY)
SHARED = NoteShared(ID, "vn", "public_services", date(2026, 1, 1), None, Personal("Điểm hỗ trợ"), Personal("Mỗi tối"))


def test_a_note_is_shared_once_and_withdrawn_once() -> None:
    spec = Spec(NOTES).when(SHARE).then((NOTE_STREAM, SHARED))
    spec.when(SHARE).then_rejected("note-exists")
    spec.when(WithdrawNote(ID, Reason.OUTDATED)).then((NOTE_STREAM, NoteWithdrawn(ID, "vn", Reason.OUTDATED)))
    spec.when(WithdrawNote(ID, Reason.OTHER)).then()
    Spec(NOTES).when(WithdrawNote(ID, Reason.OTHER)).then_rejected("unknown-note")
    Spec(NOTES).when(replace(SHARE, day=date(2027, 1, 1))).then_rejected("note-in-future")


@pytest.mark.parametrize(
    "words",
    [
        "Gọi 0912 345 678",
        "gọi +84 91.234.5678 nhé",
        "CCCD 001099012345",
        "số 123456789",
        "thư: nguyen.an@example.vn",
        "024.3825 1234",
    ],
)
def test_what_looks_like_a_number_or_an_address_of_a_person_is_refused(words: str) -> None:
    for name in ("title", "text"):
        Spec(NOTES).when(replace(SHARE, **{name: Personal(words)})).then_rejected("note-personal")


@pytest.mark.parametrize(
    "words",
    [
        "Năm 2026 có 1.675 tổ, 8.412 thành viên",
        "Từ 15/12/2025 đến 14/12/2026, lúc 19h30",
        "72,5 % của 1 200 300 400 hộ",
        "Quyết định 749/QĐ-TTg ngày 03/6/2020",
    ],
)
def test_ordinary_numbers_are_no_persons(words: str) -> None:
    assert not is_personal(words)


def test_words_of_a_note_are_nfc_and_keep_their_lines() -> None:
    body = {"unit_id": "v", "topic": "skills", "day": "2026-01-01", "title": "Ti\u0301ch", "text": " a\nb\u0323 "}
    loaded = NoteSchema().load(body)
    assert (loaded["title"], loaded["text"]) == ("Tích", "a\nḅ")
    for change in ({"text": "a\x00b"}, {"title": "a\nb"}, {"topic": "Kỹ năng"}, {"text": " "}):
        with pytest.raises(ValidationError):
            NoteSchema().load(body | change)

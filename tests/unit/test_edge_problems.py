"""Problems: stable codes, pointers, two languages; and bodies that are refused before anybody sees them."""

from __future__ import annotations

import gzip
import io
import json
import string
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from eventlet.wsgi import Input
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields, validate

from shared import edge_body
from shared.decider import Rejected
from shared.problem_texts import EXPECTED_VI, GENERIC, Text
from shared.problems import CATALOGUE, Problem, from_rejected, from_validation, pointer, register, rejection_codes


class Inner(Schema):
    level = fields.String(required=True, validate=validate.OneOf(["knows", "does"]))


class Everything(Schema):
    number = fields.Integer(strict=True, validate=validate.Range(min=1, max=5))
    above = fields.Integer(validate=validate.Range(min=0, min_inclusive=False))
    text = fields.String(validate=validate.Length(min=2, max=4))
    exact = fields.String(validate=validate.Length(equal=3))
    code = fields.String(validate=validate.Regexp("^a+$"))
    flag = fields.Boolean()
    id = fields.UUID()
    day = fields.Date()
    at = fields.AwareDateTime()
    inner = fields.List(fields.Nested(Inner))


def found(body: Any) -> Problem:
    with pytest.raises(ValidationError) as error:
        Everything().load(body)
    return from_validation(error.value)


@pytest.mark.parametrize(
    ("body", "code", "at", "vietnamese", "english"),
    [
        ({"number": "1"}, "wrong-type", "/number", "số nguyên", "integer"),
        ({"number": 9}, "out-of-range", "/number", "≥ 1, ≤ 5", "≥ 1, ≤ 5"),
        ({"above": 0}, "out-of-range", "/above", "> 0", "> 0"),
        ({"text": "x"}, "wrong-length", "/text", "2–4", "2–4"),
        ({"exact": "x"}, "wrong-length", "/exact", "3", "3"),
        ({"code": "b"}, "wrong-format", "/code", "định dạng", "format"),
        ({"flag": "maybe"}, "wrong-type", "/flag", "true hoặc false", "boolean"),
        ({"id": 5}, "wrong-type", "/id", "UUID", "UUID"),
        ({"day": "1/5"}, "wrong-type", "/day", "ngày", "date"),
        ({"at": "2026-01-01T00:00:00"}, "wrong-type", "/at", "múi giờ", "aware datetime"),
        ({"inner": {}}, "wrong-type", "/inner", "danh sách", "list"),
        ({"inner": [{"level": "does"}, 1]}, "wrong-type", "/inner/1", "đối tượng", "object"),
        ({"inner": [{"level": "x"}]}, "unknown-choice", "/inner/0/level", "knows, does", "knows, does"),
        ({"inner": [{}]}, "missing-field", "/inner/0/level", "bắt buộc", "required"),
        ({"text": None}, "missing-field", "/text", "null", "null"),
        ({"x/y~z": 1}, "unknown-field", "/x~1y~0z", "trường", "field"),
        ([], "wrong-type", "", "đối tượng", "object"),
    ],
)
def test_every_finding_of_a_schema_has_code_pointer_and_words(
    body: Any, code: str, at: str, vietnamese: str, english: str
) -> None:
    problem = found(body)
    assert (problem.code, problem.pointer) == (code, at)
    assert vietnamese in problem.document("vi")["detail"]
    assert english in problem.document("en")["detail"]


def test_all_findings_are_listed_but_not_without_end() -> None:
    problem = found({f"x{i}": 1 for i in range(80)})
    assert len(problem.document("vi")["errors"]) == 50


def test_values_never_show_in_a_problem() -> None:
    secret = "Nguyễn Văn A"
    for name in Everything().fields:
        with pytest.raises(ValidationError) as error:
            Everything().load({name: secret, "nguyen": 1})
        for locale in ("vi", "en"):
            assert secret not in json.dumps(from_validation(error.value).document(locale), ensure_ascii=False)


def test_a_rejection_finds_its_words_and_an_unknown_one_keeps_its_name() -> None:
    register({"two-leaders": Text(409, "Hai tổ trưởng", "Tổ {team} đã có.", "Two leaders", "Team {team} has one.")})
    known = from_rejected(Rejected("two-leaders", "/seats/0", team="t1", where="params may have any name"))
    assert (known.status, known.pointer) == (409, "/seats/0")
    assert (known.document("vi")["detail"], known.document("en")["detail"]) == ("Tổ t1 đã có.", "Team t1 has one.")
    unknown = from_rejected(Rejected("no-such-code"))
    assert (unknown.status, unknown.code) == (422, "rejected")
    assert "no-such-code" in unknown.document("en")["detail"]
    assert "…" in from_rejected(Rejected("two-leaders")).document("vi")["detail"]


def test_a_generic_code_keeps_its_status() -> None:
    with pytest.raises(ValueError, match="stale"):
        register({"stale": Text(200, "a", "b", "c", "d")})
    assert CATALOGUE["stale"] is GENERIC["stale"]


def test_a_problem_moves_into_its_row() -> None:
    moved = found({"number": "1", "day": 2}).under("/rows/3")
    assert [issue.pointer for issue in moved.issues] == ["/rows/3/number", "/rows/3/day"]


@pytest.mark.parametrize("code", sorted(GENERIC))
def test_texts_are_composed_unicode_and_ask_for_the_same_params(code: str) -> None:
    text = GENERIC[code]
    fields_of = [{name for _, name, _, _ in string.Formatter().parse(detail) if name} for detail in text.details]
    assert fields_of[0] == fields_of[1]
    for part in (*text.titles, *text.details, *EXPECTED_VI.values()):
        assert unicodedata.is_normalized("NFC", part)
    assert 400 <= text.status < 600


def test_codes_that_the_edge_raises_have_texts() -> None:
    shared = Path(edge_body.__file__).parent
    codes = rejection_codes(*shared.glob("edge*.py"), shared / "problems.py")
    assert {"body-too-large", "unknown-partition", "overloaded"} <= codes
    assert codes <= set(CATALOGUE)


def test_pointers_are_escaped() -> None:
    assert pointer("a/b", 3, "~") == "/a~1b/3/~0"


# --- bodies ------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=5), below, max_size=4),
    max_leaves=20,
)


def holds_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(holds_nul, [*value.keys(), *value.values()]))
    return any(map(holds_nul, value)) if isinstance(value, list) else isinstance(value, str) and "\0" in value


@given(JSON)
def test_what_is_parsed_is_what_was_sent_or_is_refused_for_its_characters(value: Any) -> None:
    raw = json.dumps(value).encode()
    if holds_nul(value):
        with pytest.raises(Problem, match="forbidden-character"):
            edge_body.parse(raw)
    else:
        assert edge_body.parse(raw) == value


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_raise_a_problem(raw: bytes) -> None:
    try:
        edge_body.parse(raw)
    except Problem as problem:
        assert problem.code in {"malformed-json", "forbidden-character"}


@given(st.integers(0, 5), st.sampled_from(["\ud800", "x\udfff", "\udc00\ud800", "\0"]))
def test_a_forbidden_character_is_found_where_it_is(key: int, bad: str) -> None:
    raw = json.dumps([*["fine"] * key, {"a": bad}]).encode()
    with pytest.raises(Problem) as refused:
        edge_body.parse(raw)
    assert (refused.value.code, refused.value.pointer) == ("forbidden-character", f"/{key}/a")


def body_of(raw: bytes, **environ: str) -> bytes:
    stream = Input(io.BytesIO(raw), len(raw), None)
    return edge_body.read({"wsgi.input": stream, **environ}, 1_000)


def test_gzip_is_unpacked_up_to_the_limit() -> None:
    assert body_of(gzip.compress(b"x" * 1_000), HTTP_CONTENT_ENCODING="GZIP") == b"x" * 1_000
    with pytest.raises(Problem, match="body-too-large"):
        body_of(gzip.compress(b"x" * 1_001), HTTP_CONTENT_ENCODING="gzip")
    with pytest.raises(Problem, match="body-too-large"):
        body_of(b"x" * 1_001)

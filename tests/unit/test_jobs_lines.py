"""NDJSON from a cursor on."""

from __future__ import annotations

import io

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.jobs import lines
from shared.jobs.lines import read_lines


@given(
    st.lists(st.dictionaries(st.text(max_size=3), st.integers(-9, 9), max_size=2) | st.none(), max_size=20),
    st.integers(1, 7),
)
def test_every_object_is_read_once_whatever_the_size_of_a_step(objects: list[dict[str, int] | None], most: int) -> None:
    content = b"\n".join(b"  " if each is None else orjson.dumps(each) for each in objects)
    found, cursor = [], 0
    while cursor is not None:
        step, cursor = read_lines(io.BytesIO(content), cursor, most)
        assert len(step) <= most
        found += [line.value for line in step]
    assert found == [each for each in objects if each is not None]


def test_what_is_no_object_is_broken_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 50)
    content = b'{"a":1}\n[1]\n{"a":\n' + b'{"b":"' + b"x" * 500 + b'"}\n{"c":1}'
    found, cursor = read_lines(io.BytesIO(content), 0, 10)
    assert cursor is None
    assert [(line.number, line.broken) for line in found] == [(1, False), (2, True), (3, True), (4, True), (5, False)]
    assert found[-1].value == {"c": 1}

"""Queries whose schema says so are loaded once for a text; what is refused is refused every time."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from marshmallow import Schema, fields, post_load, validate

from services.reporting.schemas.reports import ReportQuery
from shared.edge import PUBLIC, Route
from shared.problems import Problem


class Window(Schema):
    size = fields.Integer(load_default=10, validate=validate.Range(max=100))
    loads = 0

    @post_load
    def counted(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        self.loads += 1
        return data


class Remembered(Window):
    remembered = True


def asked(schema: Schema) -> Route:
    return Route("GET", "/windows", scope=PUBLIC, body=None, query=schema, max_bytes=1, lane=None)


@pytest.mark.parametrize(("schema", "loads"), [(Window(), 3), (Remembered(), 2)])
def test_only_where_the_schema_says_so_a_text_is_loaded_once(schema: Window, loads: int) -> None:
    route = asked(schema)
    found = [route._query({"QUERY_STRING": text}) for text in ("size=3", "size=4", "size=3")]
    assert found == [{"size": 3}, {"size": 4}, {"size": 3}] and schema.loads == loads
    assert asked(schema)._query({}) == {"size": 10}


def test_what_is_refused_is_refused_again() -> None:
    route = asked(Remembered())
    for _ in range(2):
        with pytest.raises(Problem) as refused:
            route._query({"QUERY_STRING": "size=101"})
        assert refused.value.code == "out-of-range"


def test_a_question_for_a_report_can_be_given_to_many() -> None:
    route = asked(ReportQuery())
    first, again = (route._query({"QUERY_STRING": "from=2026-01-01&by=month"}) for _ in range(2))
    assert first is again
    with pytest.raises(FrozenInstanceError):
        first.by = "day"

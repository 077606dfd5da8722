"""Lists below units: every team that stands there, once, in one order, however the pages are cut."""

from __future__ import annotations

import base64

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.teams.queries.order import Place, apart, path_of, place, stops
from tests.unit.test_units_reforms import Event, days_of, fold_all, histories, units_of


@settings(max_examples=60, deadline=None)
@given(histories(), st.data())
def test_the_walk_meets_every_unit_where_its_facts_stand(events: list[Event], data: st.DataObject) -> None:
    tree, units = fold_all(events), sorted(units_of(events))
    day = data.draw(st.sampled_from(days_of(tree)))
    roots = data.draw(st.lists(st.sampled_from(units), min_size=1, max_size=3))
    walked = [(stop.path, source) for stop in stops(tree, roots, day) for source in stop.sources]
    expected = [Place(path, unit, "") for unit in units if (path := path_of(tree, apart(tree, roots, day), unit, day))]
    assert walked == [(p.path, p.source) for p in sorted(expected, key=lambda one: one.key)]
    for stop in stops(tree, roots, day):
        rest = [other.path for other in stops(tree, roots, day, after=stop.path)]
        every = [other.path for other in stops(tree, roots, day)]
        assert rest == every[every.index(stop.path) :]


def test_a_cursor_is_a_place() -> None:
    somewhere = Place(("vn", "c1", "v1"), "v9", "00000000-0000-0000-0000-000000000001")
    assert place(str(somewhere)) == somewhere


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        5,
        [["a"], "b"],
        [[], "b", "c"],
        [["a"], 1, "c"],
        ["a", "b", "c"],
        [["a\u0000"], "b", "c"],
        [["a"], "b'", "c"],
    ],
)
def test_what_is_no_cursor_is_refused(value: object) -> None:
    text = base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")
    with pytest.raises(ValueError, match="cursor"):
        place(text)


@pytest.mark.parametrize("text", ["x!", "é", "AAAA", "=", "a" * 1999])
def test_nor_is_any_other_text(text: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        place(text)

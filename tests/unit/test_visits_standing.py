"""Which unit of a day a reported one is, and who may report for it."""

from __future__ import annotations

from datetime import date

import pytest

from services.visits.areas import Areas
from services.visits.domain import Flag
from services.visits.standing import Stand, Standing
from shared.access import Actor
from shared.problems import Problem
from shared.units import UnitTree
from tests.unit_events import abolished, established

JUNE, REFORM, JULY, TODAY = date(2025, 6, 15), date(2025, 7, 1), date(2025, 7, 20), date(2026, 3, 1)
EVER = date(2022, 1, 1)


def tree() -> UnitTree:
    """Tứ Liên went to Hồng Hà; Nhật Tân was split between Hồng Hà (its main successor) and Phú Thượng; Quảng An is
    gone, and nobody has written down where to."""
    found = UnitTree()
    for event in (
        established("nation", "nation", None, EVER),
        established("hn", "province", "nation", EVER),
        established("tay-ho", "district", "hn", EVER),
        established("tu-lien", "commune", "tay-ho", EVER, code="00097"),
        established("nhat-tan", "commune", "tay-ho", EVER, code="00094"),
        established("quang-an", "commune", "tay-ho", EVER),
        established("hong-ha", "commune", "hn", REFORM, code="00097"),
        established("phu-thuong", "commune", "hn", REFORM),
        established("late", "commune", "hn", date(2026, 1, 1)),
        abolished("tu-lien", REFORM, "hong-ha"),
        abolished("nhat-tan", REFORM, "hong-ha", "phu-thuong"),
        abolished("quang-an", REFORM, unknown=True),
    ):
        found.apply(*event)
    return found


def standing(*units: str, today: date = TODAY) -> Standing:
    return Standing(tree(), Actor("phone", frozenset(), frozenset(units or ("nation",))), today)


HONG_HA = Stand("hong-ha", ("nhat-tan", "tu-lien"))


@pytest.mark.parametrize(
    ("named", "day", "unit", "how"),
    [
        ("tu-lien", JUNE, "tu-lien", "sure"),
        ("tu-lien", JULY, "hong-ha", "sure"),
        ("00097", JUNE, "tu-lien", "sure"),
        ("00097", JULY, "hong-ha", "sure"),
        ("00094", JULY, "hong-ha", "chosen"),
        ("nhat-tan", JULY, "hong-ha", "chosen"),
        ("phu-thuong", JUNE, "nhat-tan", "sure"),
        ("hong-ha", JUNE, "tu-lien", "chosen"),
        ("quang-an", JULY, "tay-ho", "higher"),
        ("late", JULY, "hn", "higher"),
    ],
)
def test_units_and_codes_of_any_day_are_those_of_the_day(named: str, day: date, unit: str, how: str) -> None:
    found = standing().require(named, day)
    assert found == Stand(unit, tree().held(unit, day), how == "sure", how == "higher")
    doubts = () if how == "sure" else (Flag.UNIT_DIFFERS,)
    assert found.with_doubts((Flag.TEAM_UNKNOWN,)) == (*doubts, Flag.TEAM_UNKNOWN)


def test_a_code_of_another_day_is_first_that_of_a_unit_which_is_there() -> None:
    found = tree()
    for code, day in (("00111", EVER), ("00222", REFORM)):
        data = {"unit_id": "hn", "system": "gso", "code": code, "effective": day.isoformat(), "document_id": None}
        found.apply("UnitCodeAssigned", data)
    assert found.by_code_of_any_day("00111", JULY) == found.by_code_of_any_day("00222", JUNE) == "hn"
    assert (found.by_code("00111", JULY), found.by_code("00222", JUNE)) == (None, None)
    assert found.by_code_of_any_day("00333", JULY) is None


def test_of_several_it_is_the_one_that_the_caller_answers_for() -> None:
    assert standing("phu-thuong").of("nhat-tan", JULY) == Stand("phu-thuong")
    assert standing("hong-ha").of("nhat-tan", JULY) == HONG_HA
    assert standing("hn").of("nhat-tan", JULY) == HONG_HA._replace(sure=False)


@pytest.mark.parametrize(
    ("units", "named", "day", "code"),
    [
        (["nation"], "nowhere", JULY, "unknown-unit"),
        (["nation"], "99999", JULY, "unknown-unit"),
        (["nation"], "hong-ha", date(2021, 1, 1), "unit-not-on-day"),
        (["phu-thuong"], "tu-lien", JULY, "forbidden-unit"),
        (["phu-thuong"], "tu-lien", JUNE, "forbidden-unit"),
        (["tu-lien"], "phu-thuong", JULY, "forbidden-unit"),
    ],
)
def test_what_is_no_unit_or_not_the_callers_is_refused(units: list[str], named: str, day: date, code: str) -> None:
    found = standing(*units).of(named, day, "/unit_id")
    assert isinstance(found, Problem) and (found.code, found.pointer) == (code, "/unit_id")
    with pytest.raises(Problem, match=code):
        standing(*units).require(named, day)


@pytest.mark.parametrize(
    ("named", "day", "unit"),
    [("00097", JUNE, "tu-lien"), ("00094", JULY, "hong-ha"), ("phu-thuong", JUNE, "nhat-tan")],
)
def test_whoever_answers_for_it_a_unit_is_found(named: str, day: date, unit: str) -> None:
    assert standing("late").anywhere(named, day, "/to_unit_id").unit_id == unit


@pytest.mark.parametrize(("named", "code"), [("quang-an", "unit-not-on-day"), ("nowhere", "unknown-unit")])
def test_a_higher_unit_or_none_is_not_it(named: str, code: str) -> None:
    with pytest.raises(Problem, match=code) as raised:
        standing().anywhere(named, JULY, "/to_unit_id")
    assert raised.value.pointer == "/to_unit_id"


def test_a_total_goes_with_a_unit_that_only_has_a_new_name() -> None:
    units = tree()
    units.apply(*established("old", "commune", "tay-ho", EVER, code="00111"))
    units.apply(*established("new", "commune", "hn", REFORM))
    units.apply(*abolished("old", REFORM, "new"))
    found = Standing(units, Actor("officer", frozenset(), frozenset({"nation"})), TODAY)
    assert found.same("00097", JUNE) == found.same("tu-lien", JUNE) == "tu-lien"
    assert found.same("00111", JULY) == found.same("old", JULY) == "new" and found.same("new", JUNE) == "old"
    for named, day in (("tu-lien", JULY), ("nhat-tan", JULY), ("hong-ha", JUNE), ("phu-thuong", JUNE), ("late", JULY)):
        with pytest.raises(Problem, match="unit-not-on-day"):
            found.same(named, day)


def test_phones_that_come_after_the_reform_report_for_days_before_it() -> None:
    """Their tokens name the units of today."""
    for named in ("tu-lien", "hong-ha"):
        found = standing("hong-ha").of(named, JUNE)
        assert isinstance(found, Stand) and found.unit_id == "tu-lien"
    before = standing("hong-ha", today=JUNE).of("tu-lien", JUNE)
    assert isinstance(before, Problem) and before.code == "forbidden-unit"


def test_whoever_answers_for_a_part_of_a_former_unit_may_speak_about_its_places() -> None:
    areas = Areas(tree(), Actor("officer", frozenset(), frozenset({"phu-thuong"})))
    assert areas.covers_part("nhat-tan", JULY) and not areas.covers("nhat-tan", JULY)
    assert not areas.covers_part("tu-lien", JULY) and not areas.covers_part("nhat-tan", JUNE)

"""The dashboard without a server: addresses, classes, the map's provinces, figures, words, problems."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.units.seed import NATION_ID, REFORM, load
from services.reporting.domain import USES
from services.reporting.indicators import CATALOGUE
from services.reporting.messages import MESSAGES
from services.reporting.pages import shapes
from services.reporting.pages.classes import MOST, classes
from services.reporting.pages.event_names import EVENT_NAMES, event_name
from services.reporting.pages.figures import (
    BESIDE,
    COUNTED,
    SKILL_CODES,
    TILES,
    at_levels,
    changed,
    comparable,
    period_name,
    places,
    shown,
    span,
    spark,
    state_of,
)
from services.reporting.pages.rendering import _ENVIRONMENT, problem_page, rendered
from services.reporting.pages.view import View
from services.reporting.pages.words import WORDS, words
from services.reporting.periods import Step
from services.reporting.placing import BEFORE_REFORM
from services.reporting.schemas.pages import PageQuery, SignInQuery
from shared.problems import Issue, Problem, register
from shared.units import UnitTree
from shared.vietnamese import nfc

TODAY = date(2026, 11, 28)


@pytest.fixture(scope="module")
def tree() -> UnitTree:
    return load().tree


# --- the map ---------------------------------------------------------------------------------------------------------


def test_every_shape_is_one_of_the_63_provinces_and_the_archipelagos_belong_to_theirs(tree: UnitTree) -> None:
    found = shapes.drawn(tree, NATION_ID)
    assert len(shapes.SHAPES) == 65 and set(found) == set(shapes.SHAPES)
    assert set(found.values()) == set(tree.children(NATION_ID, BEFORE_REFORM)) and len(set(found.values())) == 63
    names = {shape: tree.name(found[shape], BEFORE_REFORM) for shape in ("hoangsa", "truongsa", "tthue", "baria")}
    assert names == {"hoangsa": "Đà Nẵng", "truongsa": "Khánh Hòa", "tthue": "Huế", "baria": "Bà Rịa - Vũng Tàu"}


def test_the_34_provinces_are_made_of_the_former_ones_that_they_were_formed_of(tree: UnitTree) -> None:
    found, drawn = shapes.on_map(tree, NATION_ID, REFORM), shapes.drawn(tree, NATION_ID)
    assert set(found) == set(tree.children(NATION_ID, REFORM)) and len(found) == 34
    assert sorted(shape for of in found.values() for shape in of) == sorted(shapes.SHAPES)
    for province, of in found.items():
        formed_of = {each for each in tree.predecessors(province) if tree.level(each) == "province"} or {province}
        assert {drawn[shape] for shape in of} == formed_of, tree.name(province, REFORM)
    before = shapes.on_map(tree, NATION_ID, BEFORE_REFORM)
    assert len(before) == 63 and {unit for unit, of in before.items() if len(of) == 2} == {
        drawn["hoangsa"],
        drawn["truongsa"],
    }


def test_a_country_that_is_not_on_the_map_has_no_shapes() -> None:
    tree = UnitTree()
    assert shapes.on_map(tree, "vn", TODAY) == {}
    data = {"unit_id": "vn", "level": "nation", "kind": "quốc gia", "name": "Lilliput", "parent_id": None, "code": None}
    tree.apply("UnitEstablished", data | {"effective": "2022-01-01", "document_id": None, "simulated": True})
    assert shapes.on_map(tree, "vn", TODAY) == {}


# --- classes ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.none() | st.integers(0, 50) | st.floats(0, 100, allow_nan=False), max_size=70))
def test_classes_hold_every_value_once_and_shades_follow_values(values: list[float | None]) -> None:
    found = classes(values)
    worth = sorted(value for value in values if value)
    assert len(found.spans) <= MOST and all(low <= high for low, high in found.spans)
    assert all(one[1] < other[0] for one, other in zip(found.spans, found.spans[1:], strict=False))
    shades = [found.shade(value) for value in worth]
    assert shades == sorted(shades) and len(set(shades)) == len(found.spans)
    assert {found.shade(value) for value in values if not value} <= {"q0", "qx"}
    assert (found.zero, found.unknown) == (0 in values, None in values)


def test_classes_have_about_as_many_values_each() -> None:
    found = classes(range(1, 35))
    assert found.spans == [(1, 6), (7, 13), (14, 20), (21, 27), (28, 34)]
    assert [found.shade(value) for value in (1, 34)] == ["q1", "q5"]
    assert classes([7, 7, 7, 7, 7, 7]).spans == [(7, 7)] and classes([7]).shade(7) == "q3"


# --- addresses -------------------------------------------------------------------------------------------------------

VIEWS = st.builds(
    View,
    unit=st.none() | st.text("abc-đ/&?#", min_size=1),
    first=st.none() | st.dates(date(2022, 1, 1), TODAY),
    last=st.none() | st.dates(date(2022, 1, 1), TODAY),
    calendar=st.sampled_from(["calendar", "administrative"]),
    map_day=st.none() | st.dates(date(2022, 1, 1), TODAY),
    by=st.none() | st.sampled_from(Step),
    indicator=st.none() | st.sampled_from([each for each in CATALOGUE.latest.values() if each.numerator]),
    sort=st.none() | st.sampled_from(["name", "-visits"]),
)


@given(VIEWS)
def test_an_address_is_the_whole_state_of_a_page(view: View) -> None:
    url = urlsplit(view.link("en"))
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert url.path == "/" and asked.pop("lang") == "en"
    assert PageQuery().load(asked) == view


def test_blanks_are_filled_in_with_this_year_today_and_a_step_that_makes_a_chart() -> None:
    showing = View().settled("u", TODAY)
    assert (showing.first, showing.last, showing.map_day) == (date(2026, 1, 1), TODAY, TODAY)
    assert (showing.step, showing.indicator.code) == (Step.MONTH, "households_reached")
    steps = [View(first=first).settled("u", TODAY).step for first in (TODAY, date(2026, 9, 1), TODAY, date(2022, 1, 1))]
    assert steps == [Step.DAY, Step.WEEK, Step.DAY, Step.QUARTER]
    past = View(last=date(2024, 5, 5)).settled("u", TODAY)
    assert (past.first, past.last) == (date(2024, 1, 1), date(2024, 5, 5))


def test_of_the_usual_periods_one_is_the_one_shown() -> None:
    for word, changes, _ in View().settled("u", TODAY).presets():
        again = View(**changes).settled("u", TODAY)
        assert [name for name, _, now in again.presets() if now] == [word]


@pytest.mark.parametrize("there", ["//evil.vn", "https://evil.vn", "/\\evil.vn", "evil", "/a b", "/\n", ""])
def test_signing_in_never_leads_to_another_site(there: str) -> None:
    assert "next" in SignInQuery().validate({"next": there})
    assert SignInQuery().load({"next": "/?unit=x"})["next"] == "/?unit=x"


CAMPAIGN_DAYS = {"first_day": TODAY, "last_day": TODAY}


@pytest.mark.parametrize(
    ("state", "on_its_day", "later"),
    [
        ("scheduled", "scheduled", "unopened"),
        ("open", "open", "unclosed"),
        ("closed", "closed", "closed"),
        ("cancelled", "cancelled", "cancelled"),
    ],
)
def test_of_a_campaign_that_is_over_it_is_told_what_was_left_undone(state: str, on_its_day: str, later: str) -> None:
    campaign = CAMPAIGN_DAYS | {"state": state}
    found = [state_of(campaign, TODAY + timedelta(days)) for days in (-1, 0, 1)]
    assert found == [on_its_day, on_its_day, later]
    assert words(f"state_{later}", "vi") != words(f"state_{later}", "en")


# --- figures and words -----------------------------------------------------------------------------------------------


def test_tiles_and_skills_are_indicators_that_are_counted() -> None:
    for code in (*TILES, *SKILL_CODES, *COUNTED.values(), *BESIDE.values()):
        assert CATALOGUE.latest[code].numerator, code


@pytest.mark.parametrize(
    ("code", "knows"),
    [
        ("covered_public_services", "covered_public_services_knows"),
        ("coverage_all_understands", "coverage_all_knows"),
        ("covered_shop_online_payment", "covered_shop_online_payment_knows"),
        ("covered_online_safety_60_plus", "covered_online_safety_knows_60_plus"),
        ("covered_online_safety_understands_60_plus", "covered_online_safety_knows_60_plus"),
    ],
)
def test_coverage_is_a_click_away_at_each_level(code: str, knows: str) -> None:
    found = at_levels(code)
    assert list(found) == ["does", "understands", "knows"] and found["knows"] == knows
    assert code in found.values() and all(at_levels(each) == found for each in found.values())


def test_every_indicator_of_coverage_has_its_levels_and_no_other_has() -> None:
    levels = {code for code in CATALOGUE.latest if at_levels(code)}
    coverage = {code for code, each in CATALOGUE.latest.items() if each.group == "coverage"}
    assert coverage - levels == {"households", "villages_declared"} and levels <= coverage


def test_numbers_differences_and_periods_are_written_as_people_write_them() -> None:
    assert changed(1234567, "vi") == ("+1.234.567", "up") and changed(-1234.5, "en") == ("−1,234.5", "down")
    assert changed(0, "vi") == ("không đổi", "same") and changed(None, "vi") == (None, "same")
    row = {"period": "2026-Q4", "from": date(2026, 10, 1)}
    assert period_name(row, "quarter", "vi") == "Quý 4/2026" and period_name(row, "day", "vi") == "01/10/2026"
    assert period_name({"period": "2026-W05", "from": TODAY}, "week", "en") == "Week 5/2026"
    assert (
        span("2026-11-15", "2026-11-15") == "15/11/2026" and span(date(2026, 1, 1), TODAY) == "01/01/2026 – 28/11/2026"
    )
    assert spark([0, 0]) == spark([3]) == "" and spark([0, 5]).endswith("120.0,2.0")


def test_numbers_of_one_column_have_as_many_decimals() -> None:
    column, percent = [rate(50.0, 1), rate(None, 0), rate(33.33, 1), rate(1_250.5, 1)], CATALOGUE.latest["coverage_all"]
    assert places(column) == 2 and places([3, 1_000]) == places([None]) == 0
    told = [shown(value, percent, "vi", places(column)) for value in column]
    assert told == ["50,00 %", "–", "33,33 %", "1.250,50 %"] and shown(rate(50.0, 1), percent, "en") == "50 %"


def rate(value: float | None, numerator: int) -> dict[str, float | None]:
    return {"value": value, "numerator": numerator, "denominator": None}


def test_what_is_drawn_side_by_side_is_of_one_kind() -> None:
    assert comparable([rate(50.0, 4), rate(25.0, 3), rate(None, 0)]) == [50.0, 25.0, 0]
    assert comparable([rate(50.0, 4), rate(None, 30), rate(None, 0)]) == [4, 30, 0], "no share beside a number"
    assert comparable([3, 0, 7]) == [3, 0, 7] and comparable([]) == []
    assert comparable([{"value": 5, "by": {"vneid": 5}}, {"value": 0, "by": {}}]) == [5, 0]


def test_every_text_is_there_in_both_languages_and_every_word_of_a_template_is_known() -> None:
    assert all(vi.strip() and en.strip() and nfc(vi) == vi for vi, en in WORDS.values())
    fields = re.compile(r"\{\w+\}")
    assert [name for name, (vi, en) in WORDS.items() if set(fields.findall(vi)) != set(fields.findall(en))] == []
    templates = {name: _ENVIRONMENT.loader.get_source(_ENVIRONMENT, name)[0] for name in _ENVIRONMENT.list_templates()}  # type: ignore[union-attr]  # it has a loader
    said = {word for text in templates.values() for word in re.findall(r"""say\(["'](\w+)["'][,)]""", text)}
    assert said <= set(WORDS) and len(said) > 60
    for group in {each.group for each in CATALOGUE.latest.values()}:
        assert words(f"group_{group}", "vi")


def test_every_event_that_counts_has_a_name_of_its_own_in_both_languages() -> None:
    assert EVENT_NAMES.keys() == {type_ for types in USES.values() for type_ in types}
    for told in zip(*EVENT_NAMES.values(), strict=True):
        assert len(set(told)) == len(told) and all(nfc(each) == each.strip() != "" for each in told)
    assert (
        event_name("VisitVoided", "vi") == "Hủy lượt hướng dẫn" and event_name("SeatReleased", "en") == "Seat released"
    )


def test_a_page_without_events_reads_on_by_itself_and_says_how_far_it_has_come() -> None:
    view = View("q1", date(2026, 1, 1), date(2026, 3, 31), indicator=CATALOGUE.latest["platforms"])
    event = {"source": "visits", "partition": 0, "position": 7, "id": "a:1", "type": "VisitRecorded"}
    event |= {"recorded_at": datetime(2026, 1, 2, tzinfo=UTC), "facts": [], "adds": 1, "document_id": None}

    def shown(events: list[dict[str, object]], following: str | None) -> str:
        answer = {"unit": {"id": "q1", "name": "Q1"}, "period": {"from": "2026-01-01", "to": "2026-03-31"}, "figure": 3}
        answer |= {"events": events, "next": following, "read": {"positions": 2_000, "of": 50_000}, "map": TODAY}
        answer |= {"positions": {}, "lag": {}, "warnings": [], "freshness": {"moved_at": None}}
        context = {"answer": answer, "view": view, "name": "Platforms: VNeID", "code": "vneid", "tree": UnitTree()}
        return rendered("events.html", "en", sub="", path="q1", **context)

    asked = ("indicator=platforms%3Avneid", "from=2026-01-01", "to=2026-03-31", "lang=en", "page=visits%3A0%3A9")
    following = "/events/q1?" + "&amp;".join(asked)
    empty = shown([], "visits:0:9")
    assert f'content="1; url={following}"' in empty and "2,000 of 50,000 positions" in empty and "reading on" in empty
    some = shown([event], "visits:0:9")
    assert "http-equiv" not in some and f'href="{following}"' in some
    assert "http-equiv" not in shown([], None) and "No events on this page" in shown([], None)


def test_no_template_has_a_style_or_script_of_its_own() -> None:
    for name in _ENVIRONMENT.list_templates():
        text = _ENVIRONMENT.loader.get_source(_ENVIRONMENT, name)[0]  # type: ignore[union-attr]  # it has a loader
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)|https?://(?!creativecommons)", text), name


def test_a_problem_is_a_page_that_says_where_it_is() -> None:
    register(MESSAGES)
    told = problem_page(Problem("unknown-indicator", "/indicator", where="query", indicator="<b>"), "vi")
    assert "Không có chỉ tiêu này" in told and "/indicator" in told and "<b>" not in told
    several = problem_page(Problem("missing-field", "/a", others=[Issue("missing-field", "/b")]), "en")
    assert "/b" in several and several.count(" /a<") == 1 and "<code>/a</code>" not in several


def test_who_meets_a_problem_may_go_back_and_sign_in_otherwise_where_that_helps() -> None:
    register(MESSAGES)
    for problem, helps in ((Problem("forbidden-scope", scope="x"), True), (Problem("not-found", where="path"), False)):
        for locale in ("vi", "en"):
            told = problem_page(problem, locale)
            assert words("problem_back", locale) in told and f'href="/?lang={locale}"' in told
            assert (words("problem_sign_in", locale) in told) is helps


def test_what_a_visitor_sends_is_shown_as_text() -> None:
    page = rendered("sign_in.html", "vi", sub="", next='/?unit="><script>alert(1)</script>', problem=None)
    assert "<script>alert" not in page and "&lt;script&gt;" in page

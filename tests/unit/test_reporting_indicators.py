"""The catalogue of indicators: what its data has to keep to, and what values are made of."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain import COVERED, FIRST, FLOWS, GAINED, STOCKS
from services.reporting.figures import KEYED, OF_EVENTS, REACHED, UNITS
from services.reporting.indicators import CATALOGUE, Catalogue, Indicator, UnknownIndicator, difference, value
from services.reporting.indicators.catalogue import BadCatalogue
from services.reporting.indicators.codes import CATALOGUES, LISTS, WORDS, Entry, by_pillar, names_in
from services.reporting.indicators.families import expanded
from services.reporting.messages import MESSAGES, WARNINGS
from services.teams.domain import policy
from services.training.domain.words import Mode, Organiser
from services.visits.domain import vocabulary
from services.visits.domain.catalogue import Pillar
from services.visits.domain.outreach import Occasion
from shared.problems import CATALOGUE as TEXTS
from shared.problems import rejection_codes
from shared.vietnamese import nfc

ROW: dict[str, Any] = {
    "code": "seats",
    "version": 1,
    "group": "network",
    "pillar": None,
    "source": "teams",
    "unit": "count",
    "name": {"vi": "Số vị trí", "en": "Seats"},
    "about": {"vi": "Vị trí", "en": "Seats"},
    "numerator": ["seats"],
    "denominator": None,
    "additive": {"units": True, "periods": False},
    "usual": True,
}
MEAN = ROW | {"unit": "ratio", "denominator": ["teams_commune"], "additive": {"units": False, "periods": False}}


def made(*rows: dict[str, Any]) -> Catalogue:
    return Catalogue(msgspec.convert(list(rows), list[Indicator]))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"numerator": ["seets"]}, "no figure seets"),
        ({"numerator": []}, "not empty"),
        ({"code": "network"}, "no name of a group"),
        ({"code": "Seats"}, "lower case"),
        ({"version": 2}, "from 1"),
        ({"denominator": ["teams_village"]}, "only a ratio"),
        ({"whole": ["homes_declared", "homes"]}, "has a denominator"),
        ({"numerator": ["seats", "visits"]}, "cannot be put together"),
        ({"additive": {"units": True, "periods": True}}, "over periods"),
        ({"name": {"vi": "Vi\u0323 tri\u0301", "en": "Seats"}}, "NFC"),
        ({"about": {"vi": " ", "en": "Seats"}}, "both languages"),
        (MEAN | {"denominator": ["visits"]}, "cannot be put together"),
        (MEAN | {"additive": {"units": True, "periods": False}}, "over units"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_with_its_reason(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(BadCatalogue, match=fault):
        made(ROW | change)


def test_unknown_members_and_missing_ones_are_refused() -> None:
    for row in (ROW | {"colour": "red"}, {k: v for k, v in ROW.items() if k != "about"}, ROW | {"unit": "metres"}):
        with pytest.raises(msgspec.ValidationError):
            made(row)


def test_versions_follow_one_another_and_the_last_one_counts() -> None:
    catalogue = made(ROW, ROW | {"version": 2, "name": {"vi": "Vị trí", "en": "Seats filled"}})
    assert catalogue.latest["seats"].version == 2 and len(catalogue.rows) == 2
    with pytest.raises(BadCatalogue, match="from 1"):
        made(ROW, ROW | {"version": 3})


def test_indicators_are_chosen_by_code_and_group_each_once() -> None:
    chosen = CATALOGUE.chosen(("visits", "training", "people_trained"))
    codes = [each.code for each in chosen]
    assert codes[0] == "visits" and codes.count("people_trained") == 1
    assert {each.group for each in chosen[1:]} == {"training"} and "attendances" in codes
    assert all(each.usual and each.numerator for each in CATALOGUE.chosen(()))
    declared = made(ROW, ROW | {"code": "villages_online", "numerator": None})
    assert [each.code for each in declared.chosen(("villages_online",))] == ["villages_online"]
    assert [each.code for each in declared.chosen(("network",))] == ["seats"] == [e.code for e in declared.chosen(())]
    with pytest.raises(UnknownIndicator):
        CATALOGUE.chosen(("happiness",))


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_ratio_tells_what_it_is_made_of_and_never_divides_by_nothing(seats: int, teams: int) -> None:
    [mean] = made(MEAN).chosen(("seats",))
    told = value(mean, {"seats": seats, "teams_commune": teams})
    assert isinstance(told, dict) and (told["numerator"], told["denominator"]) == (seats, teams)
    assert told["value"] == (round(seats / teams, 4) if teams else None)


def test_without_a_denominator_there_is_no_rate() -> None:
    [rate] = made(MEAN | {"unit": "percent", "denominator": None}).chosen(("seats",))
    now = value(rate, {"seats": 7})
    assert now == {"value": None, "numerator": 7, "denominator": "unknown"}
    assert difference(now, now) is None and difference(7, 9) == -2


def test_there_is_no_rate_before_the_whole_denominator_is_known() -> None:
    [rate] = made(MEAN | {"unit": "percent", "whole": ["homes_declared", "homes"]}).chosen(("seats",))
    counted = {"seats": 3, "teams_commune": 4, "homes": 2}
    assert value(rate, counted | {"homes_declared": 2}) == {
        **{"value": 75.0, "numerator": 3, "denominator": 4},
        **{"known": 2, "of": 2},
    }
    part = value(rate, counted | {"homes_declared": 1})
    assert part == {"value": None, "numerator": 3, "denominator": 4, "known": 1, "of": 2}
    none = value(rate, counted | {"homes_declared": 0, "teams_commune": 0})
    assert none == {"value": None, "numerator": 3, "denominator": "unknown", "known": 0, "of": 2}


def test_a_family_is_a_row_for_every_choice_of_words() -> None:
    words = {"fruit": {"apple": {"vi": "táo", "en": "apples", "pillar": None}, "pear": {"vi": "lê", "en": "pears"}}}
    words["fruit"]["pear"]["pillar"] = "economy"
    words["how"] = {"raw": {"vi": "tươi", "en": "raw"}, "dried": {"vi": "khô", "en": "dried"}}
    family = {"each": {"fruit": ["apple", "pear"], "how": ["raw", "dried"]}, "code": "{how}_{fruit}", "pillar": "fruit"}
    family |= {"name": {"vi": "Số {fruit} {how}", "en": "{Fruit}, {how}"}, "numerator": ["{fruit}_{how}"], "version": 1}
    plain = {"code": "plums", "pillar": "society"}
    rows = list(expanded([plain, family], words))
    assert rows[0] == {"code": "plums", "pillar": "society"}
    assert [row["code"] for row in rows[1:]] == ["raw_apple", "dried_apple", "raw_pear", "dried_pear"]
    assert rows[-1] == {
        "code": "dried_pear",
        "pillar": "economy",
        "name": {"vi": "Số lê khô", "en": "Pears, dried"},
        "numerator": ["pear_dried"],
        "version": 1,
    }


def test_every_figure_of_coverage_has_its_indicator() -> None:
    asked = {name for each in CATALOGUE.latest.values() for name in each.figures}
    assert {*COVERED, *GAINED} <= asked
    assert {name for name in UNITS if name not in asked} == set()


def test_an_open_list_is_told_by_code_the_most_frequent_first() -> None:
    [platforms] = CATALOGUE.chosen(("platforms",))
    counted = {"platforms": 6, "platforms:qr": 2, "platforms:vneid": 4, "platforms:voso": 0, "outcomes:qr": 9}
    assert value(platforms, counted) == {"value": 6, "by": {"vneid": 4, "qr": 2}}
    assert difference(value(platforms, counted), value(platforms, {"platforms": 1})) == 5


ENTRIES = {
    "platform": {
        "vneid": Entry({"vi": "VNeID – định danh", "en": "VNeID"}, ["government", "society"]),
        "qr": Entry({"vi": "Mã QR", "en": "QR"}, ["economy"]),
        "portal": Entry({"vi": "Cổng", "en": "Portal"}, []),
    }
}


def test_codes_are_summed_by_the_pillars_of_their_catalogue_and_those_without_say_so() -> None:
    [platforms, modes] = CATALOGUE.chosen(("platforms", "attendances_by_mode"))
    worth = {"value": 11, "by": {"vneid": 5, "qr": 3, "portal": 2, "new": 1}}
    expected = {"government": 5, "economy": 3, "society": 5, "none": 3}
    assert by_pillar(platforms, worth, ENTRIES) == worth | {"by_pillar": expected}
    assert list(expected) == list(by_pillar(platforms, worth, ENTRIES)["by_pillar"]), "in the order of the pillars"
    assert by_pillar(platforms, worth, {})["by_pillar"] == {"none": 11}
    other = {"value": 1, "by": {"online": 1}}
    assert by_pillar(modes, other, ENTRIES) == other


def test_codes_are_named_once_wherever_they_occur_in_an_answer() -> None:
    indicators = CATALOGUE.chosen(("platforms", "attendances_by_mode", "visits"))

    def figures(platform: str, mode: str) -> dict[str, Any]:
        told = {"platforms": {"value": 1, "by": {platform: 1}}, "attendances_by_mode": {"value": 1, "by": {mode: 1}}}
        return {"figures": told | {"visits": 1}}

    answer = figures("qr", "online") | {"periods": [figures("vneid", "x") | {"previous": figures("new", "hybrid")}]}
    assert names_in(answer, indicators, ENTRIES) == {
        "platforms": {code: ENTRIES["platform"][code].names for code in ("qr", "vneid")},
        "attendances_by_mode": {code: WORDS["mode"][code] for code in ("online", "hybrid")},
    }


def test_what_other_services_fix_themselves_has_a_name_for_every_code() -> None:
    fixed = {
        **{"obstacle": vocabulary.Obstacle, "flag": vocabulary.Flag, "occasion": Occasion},
        **{"mode": Mode, "organiser": Organiser, "pillar": (*Pillar, "none"), "warning": policy.CODES},
    }
    for name, codes in fixed.items():
        assert set(WORDS[name]) == {str(code) for code in codes}, name
    assert {*WORDS, *CATALOGUES} == {*LISTS.values()} and LISTS.keys() <= KEYED
    names = [name for words in WORDS.values() for each in words.values() for name in each.values()]
    assert all(name.strip() and nfc(name) == name for name in names)


def test_every_column_is_of_events_or_of_stories() -> None:
    """Whoever adds a figure has to know whether its events can be shown one by one."""
    stories = {
        *("teams_commune_pilot", "teams_commune_suspended", "teams_village_pilot", "teams_village_suspended"),
        *("leaders", "deputies", "members", "people", "serving_trained", "warnings", "regulations", "plans"),
        *("teams_renamed", "teams_reconstituted", "once_renamed", "once_reconstituted", "reached_team"),
        *("households_total", "households_declared", "certificates_valid", "sessions_held"),
        *("opinions_recorded", "opinions_answered", "opinions_closed", "opinions_withdrawn", "opinions_open"),
        "answer_days",
        *("seats_affiliation", "warnings_code", "plans_year", "opinions_topic", "opinions_pillar"),
        *("sessions_mode", "sessions_organiser", "sessions_course"),
    }
    firsts = set(FIRST.values())
    assert {*STOCKS, *FLOWS, *GAINED, *REACHED, *KEYED} - firsts == OF_EVENTS | stories
    assert not OF_EVENTS & stories


def test_every_refusal_of_this_service_has_its_texts() -> None:
    codes = rejection_codes(*Path("services/reporting").rglob("*.py"))
    assert codes and codes <= TEXTS.keys() | MESSAGES.keys()
    for text in MESSAGES.values():
        assert all(nfc(each) == each and each.strip() for each in (*text.titles, *text.details))
    assert all(nfc(each) == each and each.strip() for texts in WARNINGS.values() for each in texts)


def test_every_warning_that_is_given_has_its_texts() -> None:
    given_codes = {
        node.args[0].value
        for path in Path("services/reporting").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "warning"
        if isinstance(node.args[0], ast.Constant)
    }
    assert given_codes and given_codes <= WARNINGS.keys()

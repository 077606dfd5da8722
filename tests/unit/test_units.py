"""Small trees made by hand: what one event means, and where the facts of former and later units stand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from shared.units import LEVEL_NAMES, LEVELS, Called, Placement, UnitTree

OLD, NEW = date(2025, 6, 30), date(2025, 7, 1)
SINCE, REFORM = "2022-01-01", "2025-07-01"


def tree(*events: tuple[str, dict[str, Any]]) -> UnitTree:
    made = UnitTree()
    for type_, data in events:
        made.apply(type_, data)
    return made


def established(
    unit: str,
    level: str,
    parent: str | None,
    since: str = SINCE,
    code: str | None = None,
    name: str = "",
    kind: str = "",
) -> tuple[str, dict[str, Any]]:
    return "UnitEstablished.v1", {
        "unit_id": unit,
        "level": level,
        "kind": kind or level,
        "name": name or unit.title(),
        "parent_id": parent,
        "code": code,
        "effective": since,
        "document_id": None,
        "simulated": level == "village",
    }


def abolished(unit: str, *successors: str, day: str = REFORM, unknown: bool = False) -> tuple[str, dict[str, Any]]:
    links = [{"unit_id": successor, "main": n == 0} for n, successor in enumerate(successors)]
    return "UnitAbolished", {
        "unit_id": unit,
        "effective": day,
        "successors": links,
        "successor_unknown": unknown,
    }


def reparented(unit: str, parent: str, day: str = REFORM) -> tuple[str, dict[str, Any]]:
    return "UnitReparented", {"unit_id": unit, "parent_id": parent, "effective": day}


COUNTRY = (
    established("vn", "nation", None),
    established("north", "province", "vn"),
    established("delta", "district", "north"),
    established("an", "commune", "delta", code="00001"),
    established("binh", "commune", "delta", code="00002"),
    established("oak", "village", "an"),
)


def test_every_level_has_a_name_in_both_languages() -> None:
    assert all(set(LEVEL_NAMES[language]) == set(LEVELS) for language in ("vi", "en"))


def test_a_unit_exists_from_its_first_day_to_the_day_before_its_end() -> None:
    units = tree(*COUNTRY, established("new", "commune", "north", REFORM), abolished("an", "new"))
    assert units.exists("an", date(2022, 1, 1))
    assert not units.exists("an", date(2021, 12, 31))
    assert units.exists("an", OLD) and not units.exists("an", NEW)
    assert not units.exists("new", OLD) and units.exists("new", NEW)
    assert units.life("an") == (date(2022, 1, 1), NEW)


def test_name_kind_and_code_are_dated() -> None:
    units = tree(
        established("an", "commune", None, code="00001", name="An", kind="xã"),
        ("UnitRenamed", {"unit_id": "an", "name": "Ấn", "effective": "2024-03-01"}),
        ("UnitKindChanged", {"unit_id": "an", "kind": "phường", "effective": "2024-05-01"}),
        ("UnitCodeAssigned", {"unit_id": "an", "system": "gso", "code": "00009", "effective": REFORM}),
        ("UnitCodeAssigned", {"unit_id": "an", "system": "post", "code": "X", "effective": REFORM}),
    )
    assert [units.full_name("an", day) for day in (date(2024, 2, 29), date(2024, 3, 1), date(2024, 5, 1))] == [
        "Xã An",
        "Xã Ấn",
        "Phường Ấn",
    ]
    assert units.by_code("00001", OLD) == units.by_code("00009", NEW) == units.by_code("X", NEW, "post") == "an"
    assert units.by_code("00001", NEW) is None and units.by_code("00009", OLD) is None


def test_a_code_is_not_an_identity() -> None:
    units = tree(
        *COUNTRY,
        established("new", "commune", "north", REFORM),
        abolished("an", "new"),
        ("UnitCodeAssigned", {"unit_id": "new", "system": "gso", "code": "00001", "effective": REFORM}),
    )
    assert (units.by_code("00001", OLD), units.by_code("00001", NEW)) == ("an", "new")


def test_names_are_found_without_accents_and_with_or_without_kind() -> None:
    units = tree(
        established("a", "commune", None, name="Hoà An", kind="xã"),
        established("b", "commune", None, name="Hòa An", kind="thị trấn"),
        established("c", "village", None, name="Hòa An", kind="thôn"),
    )
    assert units.find_by_name("hoa an", OLD) == ("a", "b", "c")
    assert units.find_by_name("HÒA AN", OLD, "commune") == ("a", "b")
    assert units.find_by_name("Thị trấn Hoà An", OLD) == ("b",)
    units.apply("UnitRenamed", {"unit_id": "b", "name": "Bình Minh", "effective": REFORM})
    assert units.find_by_name("Hoà An", NEW, "commune") == ("a",)
    assert units.find_by_name("binh minh", NEW) == ("b",) and not units.find_by_name("binh minh", OLD)


def test_ancestors_run_from_the_unit_to_the_nation() -> None:
    units = tree(*COUNTRY)
    assert units.ancestors("oak", OLD) == ("oak", "an", "delta", "north", "vn")
    assert units.ancestors("oak", date(2021, 1, 1)) == ()
    assert units.children("delta", OLD) == ("an", "binh")
    assert units.covers({"north"}, "oak", OLD) and not units.covers({"binh"}, "oak", OLD)


def test_a_commune_whose_district_is_gone_belongs_to_the_province() -> None:
    units = tree(*COUNTRY, abolished("delta"))
    assert units.ancestors("an", NEW) == ("an", "north", "vn")
    assert units.children("north", NEW) == ("an", "binh")
    assert units.place("delta", NEW) == Placement("north")


def test_facts_of_a_merged_commune_stand_at_its_successor() -> None:
    units = tree(
        *COUNTRY, established("new", "commune", "north", REFORM), abolished("an", "new"), abolished("binh", "new")
    )
    assert units.place("an", NEW) == Placement("new")
    assert units.place("an", OLD) == Placement("an")
    assert units.successors("an") == ("new",) and set(units.predecessors("new")) == {"an", "binh"}


def test_facts_of_a_split_commune_stand_at_the_main_successor_and_are_estimated() -> None:
    units = tree(
        *COUNTRY,
        established("east", "commune", "north", REFORM),
        established("west", "commune", "north", REFORM),
        abolished("an", "west", "east"),
    )
    assert units.place("an", NEW) == Placement("west", uncertain=frozenset({"west"}))


def test_facts_of_a_merged_unit_stand_at_its_main_predecessor_on_the_old_map() -> None:
    units = tree(
        *COUNTRY,
        established("new", "commune", "north", REFORM),
        abolished("an", "new"),
        abolished("binh", "new"),
        ("UnitCodeAssigned", {"unit_id": "new", "system": "gso", "code": "00002", "effective": REFORM}),
    )
    assert units.predecessors("new") == ("binh", "an")  # it took over the code of binh
    assert units.place("new", OLD) == Placement("binh", uncertain=frozenset({"binh"}))


def test_a_choice_between_units_is_none_for_what_holds_them_all() -> None:
    units = tree(
        *COUNTRY,
        established("gamma", "district", "north"),
        established("can", "commune", "gamma"),
        established("new", "commune", "north", REFORM),
        *(abolished(commune, "new") for commune in ("an", "binh")),
    )
    assert units.place("new", OLD) == Placement("an", uncertain=frozenset({"an"}))
    units.apply(*abolished("can", "new"))
    assert units.place("new", OLD) == Placement("an", uncertain=frozenset({"an", "delta"}))
    elsewhere = (
        established("south", "province", "vn"),
        established("dan", "commune", "south"),
        abolished("dan", "new"),
    )
    for event in elsewhere:
        units.apply(*event)
    assert units.place("new", OLD) == Placement("an", uncertain=frozenset({"an", "delta", "north"}))


def test_a_split_that_was_taken_back_leaves_no_choice() -> None:
    units = tree(
        *COUNTRY,
        *(established(part, "commune", "delta", "2023-01-01") for part in ("east", "west")),
        abolished("an", "west", "east", day="2023-01-01"),
        established("new", "commune", "north", REFORM),
        *(abolished(part, "new") for part in ("east", "west")),
    )
    assert units.place("an", OLD) == Placement("west", uncertain=frozenset({"west"}))
    assert units.place("an", NEW) == Placement("new")
    assert units.place("oak", NEW) == Placement("oak") and units.parent("oak", NEW) == "new"


def test_a_way_that_goes_up_is_a_choice_like_another() -> None:
    """One part of a commune ended without a known successor: its district holds what it held."""
    parts = [established(part, "commune", "delta", "2023-01-01") for part in ("east", "west")]
    units = tree(*COUNTRY, *parts, abolished("an", "west", "east", day="2023-01-01"), abolished("east", unknown=True))
    assert units.place("an", NEW) == Placement("west", uncertain=frozenset({"west"}))
    units.apply(*abolished("an", "east", "west", day="2023-01-01"))
    assert units.place("an", NEW) == Placement("delta", successor_unknown=True)


def test_ways_that_part_and_meet_again_are_gone_once() -> None:
    made = [established("0a", "commune", "delta", "2022-01-01"), established("0b", "commune", "delta", "2022-01-01")]
    for n in range(1, 60):
        day = f"2022-{1 + n // 28:02}-{1 + n % 28:02}"
        made += [established(f"{n}{part}", "commune", "delta", day) for part in "ab"]
        made += [abolished(f"{n - 1}{part}", f"{n}a", f"{n}b", day=day) for part in "ab"]
    units = tree(*COUNTRY, *made)
    assert units.place("0a", NEW) == Placement("59a", uncertain=frozenset({"59a"}))
    assert units.place("59b", date(2022, 1, 1)) == Placement("0a", uncertain=frozenset({"0a"}))
    circle = tree(*COUNTRY, abolished("an", "binh", day="2023-01-01"), abolished("binh", "an", day="2023-01-01"))
    assert circle.place("an", NEW) == Placement("delta", successor_unknown=True)


def test_facts_of_a_part_of_a_split_commune_stand_at_the_whole_without_doubt() -> None:
    units = tree(
        *COUNTRY,
        established("east", "commune", "north", REFORM),
        established("west", "commune", "north", REFORM),
        abolished("an", "west", "east"),
    )
    assert units.place("east", OLD) == Placement("an")


def test_without_known_successor_facts_go_up_and_never_vanish() -> None:
    units = tree(
        *COUNTRY,
        established("greater", "province", "vn", REFORM),
        abolished("an", unknown=True),
        abolished("delta"),
        abolished("north", "greater"),
    )
    assert units.place("an", NEW) == Placement("greater", successor_unknown=True)
    assert units.place("oak", NEW) == Placement("oak", successor_unknown=True)
    assert units.ancestors("oak", NEW) == ("oak", "greater", "vn")


def test_a_village_follows_its_commune_until_told_otherwise() -> None:
    parts = (
        established("east", "commune", "north", REFORM),
        established("west", "commune", "north", REFORM),
        abolished("an", "west", "east"),
    )
    followed = tree(*COUNTRY, *parts)
    assert followed.parent("oak", NEW) == "west"
    assert followed.place("oak", NEW) == Placement("oak", uncertain=frozenset({"west"}))
    told = tree(*COUNTRY, *parts, reparented("oak", "east"))
    assert told.ancestors("oak", NEW) == ("oak", "east", "north", "vn")
    assert told.place("oak", NEW) == Placement("oak")
    assert told.parent("oak", OLD) == "an"


def test_a_village_registered_under_a_later_commune_stands_at_its_predecessor_before() -> None:
    units = tree(
        *COUNTRY,
        established("new", "commune", "north", REFORM),
        abolished("an", "new"),
        established("elm", "village", "new", SINCE),
        established("fir", "village", "new", "2026-02-01"),
    )
    assert units.ancestors("elm", OLD) == ("elm", "an", "delta", "north", "vn")
    assert units.place("fir", OLD) == Placement("an")


def test_a_former_district_is_its_communes_successors_never_a_namesake() -> None:
    units = tree(
        *COUNTRY,
        established("delta-ward", "commune", "north", REFORM, name="Delta", kind="phường"),
        established("new", "commune", "north", REFORM, name="New", kind="xã"),
        established("other", "commune", "north"),
        abolished("other", "delta-ward"),
        abolished("an", "new"),
        abolished("binh", "new"),
        abolished("delta"),
    )
    assert [(part.unit_id, part.name, part.whole) for part in units.former_unit_on_map("delta", NEW)] == [
        ("new", "Xã New", True)
    ]
    shared = tree(*COUNTRY, established("new", "commune", "north", REFORM), established("far", "commune", "north"))
    for event in (abolished("an", "new"), abolished("far", "new"), abolished("delta")):
        shared.apply(*event)
    assert [(part.unit_id, part.whole) for part in shared.former_unit_on_map("delta", NEW)] == [
        ("binh", True),
        ("new", False),
    ]


def test_a_chain_of_mergers_is_followed_to_the_end() -> None:
    units = tree(
        *COUNTRY,
        abolished("an", "binh", day="2024-01-01"),
        established("new", "commune", "north", REFORM),
        abolished("binh", "new"),
    )
    assert units.place("an", date(2024, 6, 1)) == Placement("binh")
    assert units.place("an", NEW) == Placement("new")
    assert units.place("new", date(2023, 1, 1)) == Placement("binh")


def test_days_between_two_changes_share_a_map() -> None:
    units = tree(*COUNTRY, abolished("delta"))
    assert units.map_changes == (date(2022, 1, 1), NEW)
    assert units.map_key(date(2023, 5, 5)) == units.map_key(OLD) == date(2022, 1, 1)
    assert units.map_key(date(2030, 1, 1)) == NEW and units.map_key(date(2000, 1, 1)) == date.min


def test_what_is_not_known_is_answered_as_unknown_until_it_is() -> None:
    units = tree(abolished("an", "new"), reparented("oak", "an", SINCE))
    assert units.place("an", NEW) is None and units.place("nowhere", NEW) is None
    assert (units.level("an"), units.name("nowhere", NEW), units.ancestors("oak", NEW)) == (None, None, ())
    assert "an" not in units and not units.covers({"vn"}, "an", NEW)
    for event in (*reversed(COUNTRY), established("new", "commune", "north", REFORM)):
        units.apply(*event)
    assert units.place("an", NEW) == Placement("new")
    assert units.ancestors("oak", OLD) == ("oak", "an", "delta", "north", "vn")


def test_a_later_recording_corrects_an_earlier_one() -> None:
    units = tree(*COUNTRY, abolished("an", "binh"), abolished("an", "binh", day="2025-08-01"))
    assert units.exists("an", NEW) and not units.exists("an", date(2025, 8, 1))
    units.apply(*abolished("an", unknown=True))
    assert units.predecessors("binh") == () and units.successor_unknown("an")


def test_other_events_are_ignored() -> None:
    units = tree(*COUNTRY)
    units.apply("TeamEstablished.v1", {"team_id": "t"})
    assert units.map_changes == (date(2022, 1, 1),)


@pytest.mark.parametrize("unit", ["an", "delta", "oak"])
def test_an_upload_for_a_former_unit_is_covered_by_whoever_holds_its_facts(unit: str) -> None:
    units = tree(*COUNTRY, abolished("an", "binh"), abolished("delta"))
    assert units.covers({"north"}, unit, NEW) and units.covers({unit}, unit, NEW)


def test_others_may_ask_while_one_thread_applies() -> None:
    units = tree(*COUNTRY)
    events = [established(f"village {n}", "village", "an" if n % 2 else "binh") for n in range(1_500)]
    events[750:750] = [established("new", "commune", "north", REFORM), abolished("an", "new"), abolished("delta")]

    def ask() -> int:
        asked = 0
        while "village 1499" not in units:
            asked += len(units.children("an", OLD)) + len(units.find_by_name("village 7", OLD))
            assert units.ancestors("oak", NEW)[-1] == "vn" and sum(1 for _ in units.existing(OLD)) >= len(COUNTRY)
        return asked

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(ask) for _ in range(2)]
        for event in events:
            units.apply(*event)
        assert all(reader.result(timeout=30) >= 0 for reader in readers)
    assert len(units.children("an", OLD)) == 751 and units.parent("oak", NEW) == "new"
    assert units.find_by_name("village 7", OLD) == ("village 7",)


def test_a_copy_goes_its_own_way() -> None:
    tree = UnitTree()
    nation = {"unit_id": "vn", "level": "nation", "kind": "quốc gia", "name": "Việt Nam", "parent_id": None}
    tree.apply("UnitEstablished", nation | {"code": "00", "effective": "2022-01-01"})
    other = tree.copy()
    other.apply("UnitRenamed", {"unit_id": "vn", "name": "Khác", "effective": "2023-01-01"})
    other.apply("UnitCodeAssigned", {"unit_id": "vn", "system": "gso", "code": "01", "effective": "2023-01-01"})
    day = date(2024, 1, 1)
    assert (tree.name("vn", day), tree.by_code("01", day), len(tree.map_changes)) == ("Việt Nam", None, 1)
    assert (other.name("vn", day), other.by_code("01", day), other.code("vn", date(2022, 5, 1))) == ("Khác", "vn", "00")


def corrected(unit: str, established: str | None, parent: str, **other: Any) -> tuple[str, dict[str, Any]]:
    def since(value: str) -> list[dict[str, Any]]:
        return [{"since": established or SINCE, "value": value}]

    whole = {"level": "commune", "established": established, "ended": None, "names": since(unit.title())}
    whole |= {"kinds": since("xã"), "parents": since(parent), "codes": [], "successors": [], "successor_unknown": False}
    return "UnitCorrected", {"unit_id": unit, "effective": SINCE, "simulated": False} | whole | other


def test_a_correction_replaces_what_was_known_of_the_unit() -> None:
    units = tree(*COUNTRY, established("new", "commune", "north", REFORM), abolished("an", "new"))
    codes = [
        {"system": "gso", "since": REFORM, "code": "00009"},
        {"system": "gso", "since": "2026-01-01", "code": None},
    ]
    names = [{"since": SINCE, "value": "Yên"}, {"since": REFORM, "value": "Yên Bình"}]
    units.apply(*corrected("an", SINCE, "delta", names=names, codes=codes))
    assert units.exists("an", NEW) and units.successors("an") == () and units.predecessors("new") == ()
    assert [units.by_code("00001", day) for day in (OLD, NEW)] == [None, None]
    assert [units.by_code("00009", day) for day in (OLD, NEW, date(2026, 1, 1))] == [None, "an", None]
    assert (units.find_by_name("An", OLD), units.find_by_name("yen", OLD), units.name("an", NEW)) == (
        (),
        ("an",),
        "Yên Bình",
    )
    assert units.children("delta", NEW) == ("an", "binh") and units.place("oak", NEW) == Placement("oak")
    units.apply(
        *corrected("an", SINCE, "north", ended=REFORM, successors=[{"unit_id": "new", "main": True, "share": 100}])
    )
    assert (units.parent("an", OLD), units.place("an", NEW), units.shares("an")) == (
        "north",
        Placement("new"),
        {"new": 100},
    )


def test_facts_of_a_unit_that_never_was_go_up_and_never_vanish() -> None:
    units = tree(*COUNTRY, established("elm", "village", "binh"), corrected("binh", None, "delta"))
    assert "binh" not in units and not units.exists("binh", OLD) and units.life("binh") == (None, None)
    assert units.children("delta", OLD) == ("an", "elm")
    assert units.place("binh", OLD) == Placement("delta", successor_unknown=True)
    assert units.place("elm", OLD) == Placement("elm", successor_unknown=True)
    assert units.covers({"north"}, "binh", OLD) and units.find_by_name("binh", OLD) == ()


def test_a_unit_goes_without_a_code_until_it_is_given_one() -> None:
    units = tree(established("an", "commune", None))
    for day, code in ((REFORM, "00009"), ("2026-01-01", None)):
        units.apply("UnitCodeAssigned", {"unit_id": "an", "system": "gso", "code": code, "effective": day})
    assert [units.code("an", day) for day in (OLD, NEW, date(2026, 1, 1))] == [None, "00009", None]
    assert units.codes("an", NEW) == {"gso": "00009"} and units.codes("an", OLD) == {}


def test_former_names_are_found_with_the_days_on_which_they_were_borne() -> None:
    units = tree(
        established("an", "commune", None, name="Hoà An", kind="xã"),
        ("UnitKindChanged", {"unit_id": "an", "kind": "phường", "effective": "2023-01-01"}),
        ("UnitRenamed", {"unit_id": "an", "name": "Bình Minh", "effective": "2024-03-01"}),
        abolished("an", unknown=True),
    )
    borne = Called("an", "Hoà An", date(2022, 1, 1), date(2024, 3, 1))
    for text in ("HÒA AN", "xã hoà an", "Phường Hòa An"):
        assert list(units.called(text, NEW)) == [] and list(units.called(text, NEW, former=True)) == [borne]
    assert list(units.called("thị trấn hoà an", NEW, former=True)) == []
    assert list(units.called("phường hoà an", date(2022, 5, 1))) == []  # not yet
    assert list(units.called("bình minh", date(2023, 1, 1), former=True)) == []
    assert list(units.called("bình minh", OLD)) == [Called("an", "Bình Minh", date(2024, 3, 1), NEW)]

"""What counts: single events, mergers, and that figures do not depend on batches or maps."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.domain import FIGURES, LEVELS, UnknownTeam, teams_named
from services.reporting.messages import MESSAGES, WARNINGS
from services.reporting.placing import BEFORE_REFORM, EVERYWHERE, UNPLACED, place
from shared.problem_texts import GENERIC
from shared.problems import rejection_codes
from shared.units import UnitTree
from tests.reporting_kit import REFORM, START, Counted, country, some_facts
from tests.unit_events import abolished, established

DAY = "2026-03-01"


def numbers(counted: Counted, unit: str, day: str = DAY) -> dict[str, int]:
    return counted.on(unit, day)


def about(subject: str, counted: Counted, unit: str, day: str = DAY) -> dict[str, int]:
    """The numbers whose names begin so."""
    return counted.on(unit, day, subject)


def counted(*events: tuple[str, dict[str, Any]]) -> Counted:
    return Counted().add(*events)


def visit(**more: Any) -> tuple[str, dict[str, Any]]:
    return "VisitRecorded", {"unit_id": "v", **content(), "reach": [], "covered": []} | more


def content(**more: Any) -> dict[str, Any]:
    known = {"day": DAY, "place_kind": "household", "people_taught": 3, "ages": {"25_39": 2, "60_plus": 1}}
    return known | {"team_id": "t", "platforms": [], "outcomes": [], "obstacle": None, "flags": []} | more


def test_a_first_visit_counts_the_household_as_reached_and_people_by_age() -> None:
    tally = counted(visit(reach=[{"day": DAY, "previous_day": None, "n": 1}]))
    assert numbers(tally, "v") == {
        "visits": 1,
        "visits_household": 1,
        "people_taught": 3,
        "taught_25_39": 2,
        "taught_60_plus": 1,
        "facts": 1,
        "first_households": 1,
    }
    assert not tally.tally.reached


def test_a_visit_before_another_one_takes_its_place_as_the_first() -> None:
    reach = [
        {"day": DAY, "previous_day": None, "n": 1},
        {"day": "2026-04-01", "previous_day": None, "n": -1},
        {"day": "2026-04-01", "previous_day": DAY, "n": 1},
    ]
    tally = counted(visit(reach=reach))
    assert numbers(tally, "v", "2026-04-01") == {"first_households": -1}
    assert tally.tally.reached == {("v", "household", "2026-04-01", DAY): 1}


def test_places_of_other_kinds_are_visited_and_reached_as_such() -> None:
    tally = counted(visit(place_kind="shop", reach=[{"day": DAY, "previous_day": None, "n": 1}]))
    assert about("visits", tally, "v") == {"visits": 1, "visits_shop": 1}
    assert about("first", tally, "v") == {"first_shops": 1}


def test_who_does_it_understands_and_knows_it_too() -> None:
    tally = counted(visit(covered=[{"to": {"online_safety": "understands"}}]))
    both = {"covered_online_safety_knows": 1, "covered_online_safety_understands": 1}
    assert about("covered", tally, "v") == both
    better = {"from": {"online_safety": "understands"}, "to": {"online_safety": "does"}}
    tally.add(visit(covered=[better]))
    assert about("covered", tally, "v") == both | {"covered_online_safety_does": 1}


def test_ages_are_covered_beside_anybody_and_in_households_only() -> None:
    changed = [{"to": {"online_safety": "knows"}}, {"to": {"online_safety": "knows"}, "age_band": "60_plus"}]
    assert about("covered", counted(visit(covered=changed)), "v") == {
        "covered_online_safety_knows": 1,
        "covered_online_safety_knows_60_plus": 1,
    }
    shop = counted(visit(covered=changed, place_kind="shop"))
    assert about("covered", shop, "v") == {"covered_shop_online_safety_knows": 1}


def test_a_late_visit_moves_coverage_to_its_own_day() -> None:
    covered = [{"from": {"all": "does"}, "day": "2026-04-01"}, {"to": {"all": "does"}}]
    tally = counted(visit(covered=covered))
    assert numbers(tally, "v")["covered_all_does"] == 1
    assert numbers(tally, "v", "2026-04-01") == {f"covered_all_{level}": -1 for level in LEVELS}


def test_what_has_no_column_changes_nothing() -> None:
    assert not about("covered", counted(visit(covered=[{"to": {"gardening": "does"}}])), "v")
    assert not about("covered", counted(visit(covered=[{"to": {"all": "does"}, "age_band": "120_plus"}])), "v")
    assert about("visits", counted(visit(place_kind="spaceship")), "v") == {"visits": 1}


def test_a_corrected_visit_counts_by_what_is_known_now() -> None:
    said = {"unit_id": "v", "place_kind": "household", "before": content(place_kind="shop"), "covered": []}
    said |= {"after": content(day="2026-04-01", people_taught=2, ages={"60_plus": 2}, place_kind="shop")}
    said["reach"] = [
        {"day": DAY, "previous_day": None, "n": -1},
        {"day": "2026-04-01", "previous_day": None, "n": 1, "unit_id": "w"},
    ]
    tally = counted(visit(place_kind="shop"), ("VisitCorrected", said))
    assert numbers(tally, "v") == {"facts": 1, "first_households": -1}
    moved = {"visits": 1, "visits_shop": 1, "people_taught": 2, "taught_60_plus": 2, "facts": 1}
    assert numbers(tally, "v", "2026-04-01") == moved
    assert numbers(tally, "w", "2026-04-01") == {"first_households": 1}


def test_a_voided_visit_counts_no_more() -> None:
    said = {"unit_id": "v", "day": DAY, "place_kind": "household", "before": content(), "reach": []}
    said["covered"] = [{"from": {"online_safety": "does"}}]
    covered = [{"to": {"online_safety": "does"}}]
    assert numbers(counted(visit(covered=covered), ("VisitVoided", said)), "v") == {"facts": 2}


@pytest.mark.parametrize(
    ("received_on", "late"), [(DAY, 0), ("2026-02-28", 0), ("2026-03-08", 0), ("2026-03-09", 1), (None, 0)]
)
def test_a_visit_is_late_if_it_was_recorded_more_than_a_week_after_it_was_paid(received_on: Any, late: int) -> None:
    tally = counted(visit(received_on=received_on))
    assert numbers(tally, "v").get("visits_late", 0) == late
    before = content()
    said = {"unit_id": "v", "place_kind": "household", "received_on": received_on, "reach": [], "covered": []}
    tally.add(("VisitCorrected", said | {"before": before, "after": content(day="2020-01-01")}))
    assert "visits_late" not in numbers(tally, "v")
    assert numbers(tally, "v", "2020-01-01").get("visits_late", 0) == (received_on is not None)
    tally.add(("VisitVoided", said | {"day": "2020-01-01", "before": content(day="2020-01-01")}))
    assert "visits_late" not in numbers(tally, "v", "2020-01-01")


def test_doubts_are_open_until_they_are_settled_and_count_apart_if_they_were_right() -> None:
    def doubts(tally: Counted, day: str = DAY) -> tuple[dict[str, int], ...]:
        return tuple(tally.keyed("v", name, day) for name in ("flags", "flags_open", "flags_confirmed"))

    def settled(flag: str, how: str, was: str | None = None) -> tuple[str, dict[str, Any]]:
        return "FlagSettled", {"unit_id": "v", "day": DAY, "flag": flag, "how": how, "was": was}

    both = {"team_unknown": 1, "age_differs": 1}
    tally = counted(visit(flags=["team_unknown", "age_differs"]))
    assert doubts(tally) == (both, both, {})
    tally.add(settled("age_differs", "confirmed"))
    assert doubts(tally) == (both, {"team_unknown": 1}, {"age_differs": 1})
    tally.add(settled("team_unknown", "reconciled"))
    assert doubts(tally) == (both, {}, {"age_differs": 1})
    said = {"unit_id": "v", "place_kind": "household", "reach": [], "covered": []}
    before = content(flags=[*both], settled={"age_differs": "confirmed", "team_unknown": "reconciled"})
    after = content(day="2026-04-01", flags=["age_differs", "code_unknown"], settled={"age_differs": "confirmed"})
    tally.add(("VisitCorrected", said | {"before": before, "after": after}))
    assert doubts(tally) == ({}, {}, {})
    now = {"age_differs": 1, "code_unknown": 1}
    assert doubts(tally, "2026-04-01") == (now, {"code_unknown": 1}, {"age_differs": 1})
    tally = counted(visit(flags=["age_differs"]), settled("age_differs", "confirmed"))
    assert doubts(tally.add(settled("age_differs", "dismissed", "confirmed"))) == ({"age_differs": 1}, {}, {})


def test_a_household_that_moves_takes_its_coverage_along() -> None:
    moved = {"kind": "household", "unit_id": "w", "from_unit_id": "v", "day": "2026-04-01", "reach": []}
    moved["covered"] = [{"from": {"all": "knows"}, "unit_id": "v"}, {"to": {"all": "knows"}}]
    tally = counted(("PlaceMoved", moved))
    assert numbers(tally, "v", "2026-04-01") == {"covered_all_knows": -1}
    assert numbers(tally, "w", "2026-04-01") == {"covered_all_knows": 1}


def test_a_shop_that_was_taken_for_a_household_counts_as_a_shop() -> None:
    corrected = {"place_id": "x", "kind": "shop", "unit_id": "v"}
    corrected["reach"] = [
        {"day": DAY, "previous_day": None, "n": -1, "place_kind": "household"},
        {"day": DAY, "previous_day": None, "n": 1},
    ]
    corrected["covered"] = [
        {"from": {"all": "knows"}, "day": DAY, "place_kind": "household"},
        {"to": {"all": "knows"}, "day": DAY},
    ]
    assert numbers(counted(("PlaceCorrected", corrected)), "v") == {
        "first_households": -1,
        "covered_all_knows": -1,
        "first_shops": 1,
        "covered_shop_all_knows": 1,
    }


def test_every_figure_has_a_name_of_its_own() -> None:
    assert len(set(FIGURES)) == len(FIGURES)


def test_a_persons_link_stays_in_the_unit_of_its_own_day() -> None:
    reach = [
        {"day": DAY, "previous_day": None, "n": 1},
        {"day": "2026-04-01", "previous_day": None, "n": -1, "unit_id": "w"},
    ]
    came = {"unit_id": "v", "day": DAY, "mode": "online", "organiser": "ministry", "course_id": "c", "reach": reach}
    came |= {"person_id": "p", "session_id": "s", "part": "day"}
    tally = counted(("AttendanceRecorded", came))
    assert numbers(tally, "w", "2026-04-01") == {"first_persons": -1}
    assert tally.tally.leaves == {"v", "w"}


def seat(team_id: str, n: int) -> dict[str, Any]:
    return {"seat_id": f"{team_id}{n}", "person_id": f"{team_id}{n}", "role": "member", "affiliation": None}


def team(team_id: str, unit: str, seats: int, kind: str = "village") -> tuple[str, dict[str, Any]]:
    data = {"team_id": team_id, "kind": kind, "unit_id": unit, "effective": DAY, "pilot": False}
    return "TeamEstablished", data | {"seats": [seat(team_id, n) for n in range(seats)]}


def rearranged(unit: str, *counts: tuple[str, int, int]) -> tuple[str, dict[str, Any]]:
    """Unit, teams and seats more or less."""
    rows = [{"unit_id": u, "kind": "village", "day": DAY, "teams": teams, "seats": n} for u, teams, n in counts]
    lists = dict.fromkeys(("teams", "carried", "joined", "released", "restored"), ())
    return "TeamsRearranged", {"unit_id": unit, "effective": DAY, "counts": rows} | lists


TEAMS = ("teams_village", "teams_commune", "seats", "facts")


def test_a_merger_into_an_old_team_moves_the_seats() -> None:
    told = counted(team("a", "u", 7), team("b", "v", 5), rearranged("u", ("u", 0, 4), ("v", -1, -5)))
    assert told.on("u", DAY, *TEAMS) == {"teams_village": 1, "seats": 11, "facts": 2}
    assert told.on("v", DAY, *TEAMS) == {"facts": 1}


def test_a_merger_into_a_new_team_counts_it_once() -> None:
    told = counted(
        team("a", "u", 7),
        team("b", "v", 5),
        team("new", "w", 0),
        rearranged("w", ("w", 0, 12), ("u", -1, -7), ("v", -1, -5)),
    )
    assert told.on("u", DAY, *TEAMS) == told.on("v", DAY, *TEAMS) == {"facts": 1}
    assert told.on("w", DAY, *TEAMS) == {"teams_village": 1, "seats": 12, "facts": 2}


def test_seats_come_and_go_and_a_pilot_may_end() -> None:
    at = {"team_id": "a", "unit_id": "u", "effective": DAY}
    told = counted(
        team("a", "u", 7, "commune"),
        ("TeamReconstituted", at | {"seats_before": 7, "seats_after": 9, "released": [], "appointed": []}),
        ("SeatAppointed", at | {"seat": seat("a", 9)}),
        ("SeatReleased", at | {"seat_id": "a0"}),
        ("SeatReleased", at | {"seat_id": "a1"}),
        ("PilotEnded", at | {"converted": True, "seats": 8}),
    )
    assert told.on("u", DAY, *TEAMS) == {"teams_commune": 1, "seats": 8, "facts": 6}
    told.add(("PilotEnded", at | {"converted": False, "seats": 8}))
    assert told.on("u", DAY, *TEAMS) == {"facts": 7}


def test_a_later_batch_asks_for_the_kinds_of_teams_established_before() -> None:
    event = ("TeamDissolved", {"team_id": "a", "unit_id": "u", "effective": DAY, "seats": 4})
    assert list(teams_named(*event)) == ["a"]
    assert counted(team("a", "u", 4, "commune")).add(event).on("u", DAY, *TEAMS) == {"facts": 2}
    with pytest.raises(UnknownTeam):
        counted(event)


def test_events_that_do_not_count_change_nothing() -> None:
    assert not counted(("UnitRenamed", {"unit_id": "u"})).everything()


def test_a_fact_without_a_unit_is_refused() -> None:
    with pytest.raises(TypeError):
        counted(visit(unit_id=None))


# --- maps --------------------------------------------------------------------------------------------------------


def grown(rng: random.Random) -> UnitTree:
    tree = UnitTree()
    for event in country(rng):
        tree.apply(*event)
    return tree


seeds = st.integers(0, 2**32)
days = st.dates(date(2021, 12, 1), date(2026, 12, 31))


@given(seed=seeds, day=days)
@settings(max_examples=60, deadline=None)
def test_every_leaf_counts_once_for_the_nation_and_for_units_of_the_map_only(seed: int, day: date) -> None:
    rng = random.Random(seed)
    tree = grown(rng)
    tally = counted(*(event for _, _, _, event in some_facts(rng, tree, 30).events)).tally
    for leaf in tally.leaves:
        where = place(tree, leaf, day)
        assert where.above.count(EVERYWHERE) == 1
        assert all(tree.exists(unit, day) for unit in where.above if unit != EVERYWHERE)
        assert where.home is None or tree.exists(where.home, day)
        assert where.home is not None or leaf == "unheard-of" or leaf.startswith("team-") or day < START


@given(seed=seeds, cuts=st.lists(st.integers(0, 60), max_size=5))
@settings(max_examples=40, deadline=None)
def test_any_batches_add_up_to_the_same(seed: int, cuts: list[int]) -> None:
    rng = random.Random(seed)
    events = [event for _, _, _, event in some_facts(rng, grown(rng), 30).events]
    whole, added = counted(*events), Counted()
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(events)], strict=True):
        added.add(*events[start:end])
    assert added.everything() == whole.everything()


def test_a_leaf_stands_below_every_unit_above_it_on_the_map() -> None:
    tree = grown(random.Random(1))
    before = place(tree, "p1-d1-c1-v1", date(2025, 6, 30))
    assert (before.home, before.commune, before.district, before.province) == ("p1-d1-c1-v1", "p1-d1-c1", "p1-d1", "p1")
    after = place(tree, "p1-d1-c1", REFORM)
    assert after.district is None and after.province == "q1"
    assert place(tree, "unheard-of", REFORM) == UNPLACED
    assert UNPLACED.above == (EVERYWHERE,)


def test_a_place_says_of_each_level_whether_a_choice_is_behind_it() -> None:
    tree = UnitTree()
    for unit, level, parent in (("vn", "nation", None), ("p", "province", "vn"), ("d", "district", "p")):
        tree.apply(*established(unit, level, parent, START))
    for unit, level, parent in (("a", "commune", "d"), ("b", "commune", "d"), ("v", "village", "a")):
        tree.apply(*established(unit, level, parent, START))
    for unit in ("x", "y"):
        tree.apply(*established(unit, "commune", "p", REFORM))
    for event in (abolished("d", REFORM), abolished("a", REFORM, "x", "y"), abolished("b", REFORM, "x")):
        tree.apply(*event)

    def doubtful(leaf: str, day: date) -> set[str]:
        where = place(tree, leaf, day)
        found = {level for level in ("village", "commune", "district", "province", "nation") if where.uncertain(level)}
        assert where.estimated == bool(found)
        return found

    assert doubtful("v", REFORM) == {"commune"}
    assert doubtful("a", REFORM) == {"village", "commune"}
    assert doubtful("x", BEFORE_REFORM) == {"village", "commune"}
    assert doubtful("b", REFORM) == doubtful("y", BEFORE_REFORM) == doubtful("v", BEFORE_REFORM) == set()


def test_a_leaf_below_an_unknown_parent_counts_for_the_nation_only() -> None:
    tree = UnitTree()
    tree.apply(*established("v", "village", "nobody", START))
    assert place(tree, "v", REFORM).above == (EVERYWHERE,)
    assert place(tree, "v", REFORM).home == "v"


def test_every_problem_and_warning_has_its_texts(root: Path) -> None:
    folder = root / "services" / "reporting"
    assert rejection_codes(*folder.glob("*.py")) <= MESSAGES.keys() | GENERIC.keys()
    for vi, en in WARNINGS.values():
        assert vi != en

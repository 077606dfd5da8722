"""What counts: single events, mergers, and that figures do not depend on batches or maps."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.domain import FIGURES, Tally, UnknownTeam, count, teams_named
from services.reporting.messages import MESSAGES, WARNINGS
from services.reporting.placing import EVERYWHERE, UNPLACED, place
from shared.problem_texts import GENERIC
from shared.problems import rejection_codes
from shared.units import UnitTree
from tests.reporting_kit import REFORM, START, country, established, some_facts

DAY = "2026-03-01"


def numbers(tally: Tally, unit: str, day: str = DAY) -> dict[str, int]:
    row = tally.figures.get((unit, day), [0] * len(FIGURES))
    return {name: n for name, n in zip(FIGURES, row, strict=True) if n}


def counted(*events: tuple[str, dict[str, Any]], **kinds: str) -> Tally:
    tally = Tally(kinds)
    for type_, data in events:
        count(tally, type_, data)
    return tally


def visit(**more: Any) -> tuple[str, dict[str, Any]]:
    data = {"unit_id": "v", "day": DAY, "place_kind": "household", "people_taught": 3, "reach": [], "covered": []}
    return "VisitRecorded", data | more


def test_a_first_visit_counts_the_household_as_reached() -> None:
    tally = counted(visit(reach=[{"day": DAY, "previous_day": None, "n": 1}]))
    assert numbers(tally, "v") == {"visits": 1, "people_taught": 3, "facts": 1, "first_households": 1}
    assert not tally.reached


def test_a_visit_before_another_one_takes_its_place_as_the_first() -> None:
    reach = [
        {"day": DAY, "previous_day": None, "n": 1},
        {"day": "2026-04-01", "previous_day": None, "n": -1},
        {"day": "2026-04-01", "previous_day": DAY, "n": 1},
    ]
    tally = counted(visit(reach=reach))
    assert numbers(tally, "v", "2026-04-01") == {"first_households": -1}
    assert tally.reached == {("v", "household", "2026-04-01", DAY): 1}


def test_a_late_visit_moves_coverage_to_its_own_day() -> None:
    covered = [{"from": {"all": "does"}, "day": "2026-04-01"}, {"to": {"all": "does"}}]
    tally = counted(visit(covered=covered))
    assert numbers(tally, "v")["covered_all"] == 1
    assert numbers(tally, "v", "2026-04-01") == {"covered_all": -1}


def test_only_households_are_covered_and_unknown_skills_wait_for_their_column() -> None:
    change = [{"to": {"all": "does"}}]
    assert "covered_all" not in numbers(counted(visit(place_kind="shop", covered=change)), "v")
    assert numbers(counted(visit(covered=[{"to": {"gardening": "does"}}])), "v")["visits"] == 1


def test_only_those_who_do_it_cover_a_household_and_an_age_band_is_none() -> None:
    change = [
        {"to": {"all": "knows", "online_safety": "does"}},
        {"to": {"online_payment": "does"}, "age_band": "16_24"},
    ]
    assert numbers(counted(visit(covered=change)), "v") == {
        "visits": 1,
        "people_taught": 3,
        "facts": 1,
        "covered_online_safety": 1,
    }


def test_a_corrected_visit_counts_by_what_is_known_now() -> None:
    content = {"day": DAY, "people_taught": 3}
    said = {"unit_id": "v", "place_kind": "household", "before": content, "covered": []}
    said |= {"after": {"day": "2026-04-01", "people_taught": 2}}
    said["reach"] = [
        {"day": DAY, "previous_day": None, "n": -1},
        {"day": "2026-04-01", "previous_day": None, "n": 1, "unit_id": "w"},
    ]
    tally = counted(visit(), ("VisitCorrected", said))
    assert numbers(tally, "v") == {"facts": 1, "first_households": -1}
    assert numbers(tally, "v", "2026-04-01") == {"visits": 1, "people_taught": 2, "facts": 1}
    assert numbers(tally, "w", "2026-04-01") == {"first_households": 1}


def test_a_voided_visit_counts_no_more() -> None:
    said = {"unit_id": "v", "day": DAY, "place_kind": "household", "before": {"people_taught": 3}, "reach": []}
    said["covered"] = [{"from": {"online_safety": "does"}}]
    covered = [{"to": {"online_safety": "does"}}]
    assert numbers(counted(visit(covered=covered), ("VisitVoided", said)), "v") == {"facts": 2}


def test_a_household_that_moves_takes_its_coverage_along() -> None:
    moved = {
        "place_id": "x",
        "kind": "household",
        "unit_id": "w",
        "from_unit_id": "v",
        "day": "2026-04-01",
        "reach": [],
    }
    moved["covered"] = [{"from": {"all": "does"}, "unit_id": "v"}, {"to": {"all": "does"}}]
    tally = counted(("PlaceMoved", moved))
    assert numbers(tally, "v", "2026-04-01") == {"covered_all": -1}
    assert numbers(tally, "w", "2026-04-01") == {"covered_all": 1}


def test_a_shop_that_was_taken_for_a_household_counts_as_none() -> None:
    corrected = {"place_id": "x", "kind": "shop", "unit_id": "v"}
    corrected["reach"] = [
        {"day": DAY, "previous_day": None, "n": -1, "place_kind": "household"},
        {"day": DAY, "previous_day": None, "n": 1},
    ]
    corrected["covered"] = [
        {"from": {"all": "does"}, "day": DAY, "place_kind": "household"},
        {"to": {"all": "does"}, "day": DAY},
    ]
    assert numbers(counted(("PlaceCorrected", corrected)), "v") == {"first_households": -1, "covered_all": -1}


def test_a_persons_link_stays_in_the_unit_of_its_own_day() -> None:
    reach = [
        {"day": DAY, "previous_day": None, "n": 1},
        {"day": "2026-04-01", "previous_day": None, "n": -1, "unit_id": "w"},
    ]
    tally = counted(("AttendanceRecorded", {"unit_id": "v", "day": DAY, "reach": reach}))
    assert numbers(tally, "w", "2026-04-01") == {"first_persons": -1}
    assert tally.leaves == {"v", "w"}


def team(team_id: str, unit: str, seats: int, kind: str = "village") -> tuple[str, dict[str, Any]]:
    return "TeamEstablished", {
        "team_id": team_id,
        "kind": kind,
        "unit_id": unit,
        "effective": DAY,
        "seats": [{}] * seats,
    }


def rearranged(unit: str, *counts: tuple[str, int, int]) -> tuple[str, dict[str, Any]]:
    """Unit, teams and seats more or less."""
    rows = [{"unit_id": u, "kind": "village", "day": DAY, "teams": teams, "seats": n} for u, teams, n in counts]
    return "TeamsRearranged", {"unit_id": unit, "effective": DAY, "counts": rows}


def test_a_merger_into_an_old_team_moves_the_seats() -> None:
    tally = counted(team("a", "u", 7), team("b", "v", 5), rearranged("u", ("u", 0, 4), ("v", -1, -5)))
    assert numbers(tally, "u") == {"teams_village": 1, "seats": 11, "facts": 2}
    assert numbers(tally, "v") == {"facts": 1}


def test_a_merger_into_a_new_team_counts_it_once() -> None:
    tally = counted(
        team("a", "u", 7),
        team("b", "v", 5),
        team("new", "w", 0),
        rearranged("w", ("w", 0, 12), ("u", -1, -7), ("v", -1, -5)),
    )
    assert numbers(tally, "u") == numbers(tally, "v") == {"facts": 1}
    assert numbers(tally, "w") == {"teams_village": 1, "seats": 12, "facts": 2}


def test_seats_come_and_go_and_a_pilot_may_end() -> None:
    at = {"team_id": "a", "unit_id": "u", "effective": DAY}
    tally = counted(
        team("a", "u", 7, "commune"),
        ("TeamReconstituted", at | {"seats_before": 7, "seats_after": 9}),
        ("SeatAppointed", at),
        ("SeatReleased", at),
        ("SeatReleased", at),
        ("PilotEnded", at | {"converted": True, "seats": 8}),
    )
    assert numbers(tally, "u") == {"teams_commune": 1, "seats": 8, "facts": 5}
    count(tally, "PilotEnded", at | {"converted": False, "seats": 8})
    assert numbers(tally, "u") == {"facts": 6}


def test_a_later_batch_asks_for_the_kinds_of_teams_established_before() -> None:
    event = ("TeamDissolved", {"team_id": "a", "unit_id": "u", "effective": DAY, "seats": 4})
    assert list(teams_named(*event)) == ["a"]
    assert numbers(counted(event, a="commune"), "u") == {"teams_commune": -1, "seats": -4, "facts": 1}
    with pytest.raises(UnknownTeam):
        counted(event)


def test_events_that_do_not_count_change_nothing() -> None:
    assert not counted(("UnitRenamed", {"unit_id": "u"})).figures


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
    tally = Tally()
    for _, _, _, event in some_facts(rng, tree, 30).events:
        count(tally, *event)
    for leaf in tally.leaves:
        where = place(tree, leaf, day)
        assert where.above.count(EVERYWHERE) == 1
        assert all(tree.exists(unit, day) for unit in where.above if unit != EVERYWHERE)
        assert where.home is None or tree.exists(where.home, day)
        assert where.home is not None or leaf == "unheard-of" or day < START


@given(seed=seeds, cuts=st.lists(st.integers(0, 60), max_size=5))
@settings(max_examples=40, deadline=None)
def test_any_batches_add_up_to_the_same(seed: int, cuts: list[int]) -> None:
    rng = random.Random(seed)
    events = [event for _, _, _, event in some_facts(rng, grown(rng), 30).events]
    whole, added = counted(*events), Tally()
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(events)], strict=True):
        part = Tally(dict(added_kinds(added)))
        for event in events[start:end]:
            count(part, *event)
        added.add(part)
    assert {k: v for k, v in added.figures.items() if any(v)} == {k: v for k, v in whole.figures.items() if any(v)}
    assert {k: n for k, n in added.reached.items() if n} == {k: n for k, n in whole.reached.items() if n}


def added_kinds(tally: Tally) -> dict[str, str]:
    return {team: kind for team, (kind, _) in tally.teams.items()}


def test_a_leaf_stands_below_every_unit_above_it_on_the_map() -> None:
    tree = grown(random.Random(1))
    before = place(tree, "p1-d1-c1-v1", date(2025, 6, 30))
    assert (before.home, before.commune, before.district, before.province) == ("p1-d1-c1-v1", "p1-d1-c1", "p1-d1", "p1")
    after = place(tree, "p1-d1-c1", REFORM)
    assert after.district is None and after.province == "q1"
    assert place(tree, "unheard-of", REFORM) == UNPLACED
    assert UNPLACED.above == (EVERYWHERE,)


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

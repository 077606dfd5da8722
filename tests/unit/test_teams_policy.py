"""Composition warnings: what a policy finds, which policy is nearest, and that what is raised equals what is judged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ops.demo.policies import rows as policy_rows
from ops.demo.world import World
from ops.units.seed import load as load_units
from services.teams.domain import DECIDER
from services.teams.domain.affairs.entries import VoidEntry
from services.teams.domain.affairs.policies import EndPolicy, ReplacePolicy, Rules, SetPolicy
from services.teams.domain.documents import DocumentKind, DocumentRegistered
from services.teams.domain.nearest import Policies, chains
from services.teams.domain.people import PersonRegistered
from services.teams.domain.policy import (
    CODES,
    Breach,
    CompositionWarned,
    CompositionWarningCleared,
    InForce,
    SettleWarnings,
    broken,
    judged,
    open_on,
    unsettled,
)
from services.teams.domain.team.events import Role, Seat, TeamKind
from services.teams.domain.team.life import DissolveTeam, EstablishTeam, ReassignTeam
from services.teams.domain.team.seats import AppointSeat, ReconstituteTeam, ReleaseSeat
from services.teams.domain.units import UnitEstablished
from services.teams.schemas.affairs import AFFAIR_CHANGES, One
from shared.decider import Personal
from shared.testing import Spec
from shared.units import UnitTree

START, DAY, REFORM = date(2022, 1, 1), date(2023, 10, 1), date(2025, 7, 1)
VILLAGE = TeamKind.VILLAGE
DOCUMENT = DocumentRegistered("d", DocumentKind.DECISION, "UBND", "1/QĐ", 2023, DAY, DAY, None, "")
UNITS = [("vn", "nation", None), ("p", "province", "vn"), ("q", "province", "vn"), ("x", "district", "p")]
UNITS += [("c", "commune", "x"), ("k", "commune", "q"), ("v", "village", "c"), ("w", "village", "k")]


def unit(unit_id: str, level: str, parent: str | None) -> UnitEstablished:
    return UnitEstablished(unit_id, level, level, unit_id, parent, None, START, None, True)


def tree(*more: tuple[str, dict[str, Any]]) -> UnitTree:
    made = UnitTree()
    for event in (unit(*each) for each in UNITS):
        made.apply("UnitEstablished", {**vars_of(event), "effective": START.isoformat()})
    for type_, data in more:
        made.apply(type_, data)
    return made


def vars_of(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__slots__}


def registry(people: int = 12) -> Spec[Any, Any, Any]:
    spec: Spec[Any, Any, Any] = Spec(DECIDER)
    spec.given(("document:d", DOCUMENT), *((f"unit:{each[0]}", unit(*each)) for each in UNITS))
    return spec.given(*((f"person:p{n}", PersonRegistered(f"p{n}", Personal("An"))) for n in range(people)))


def seat(n: int, role: Role = Role.MEMBER, affiliation: str | None = None) -> Seat:
    return Seat(f"s{n}", f"p{n}", role, affiliation)


def team_of(*seats: Seat, unit_id: str = "v") -> Spec[Any, Any, Any]:
    spec = registry().when(EstablishTeam("t", VILLAGE, unit_id, "Tổ", DAY, "d", seats))
    assert spec.events
    return spec


def members(n: int) -> list[Seat]:
    return [seat(i, Role.LEADER if i == 0 else Role.MEMBER) for i in range(n)]


def codes(seats: Sequence[Seat], rules: Rules) -> dict[str, tuple[Any, Any]]:
    return {code: (b.expected, b.found) for code, b in broken(seats, InForce("y", rules)).items()}


# --- what a composition breaks ------------------------------------------------------------------------------------


def test_sizes_both_ends_included() -> None:
    assert [codes(members(n), Rules(5, 7)) for n in (4, 5, 7, 8)] == [
        {"size_below": (5, 4)},
        {},
        {},
        {"size_above": (7, 8)},
    ]


def test_roles_and_affiliations() -> None:
    """A village team: led by the village head or Party cell secretary, deputy the Youth Union branch secretary."""
    rules = Rules(
        roles=(Role.LEADER, Role.DEPUTY),
        leaders=("village_head", "party_cell_secretary"),
        deputies=("youth_branch_secretary",),
        affiliations=("youth_union", "womens_union"),
    )
    good = [seat(0, Role.LEADER, "village_head"), seat(1, Role.DEPUTY, "youth_branch_secretary")]
    good += [seat(2, affiliation="youth_union"), seat(3, affiliation="womens_union")]
    assert codes(good, rules) == {}
    assert codes(good[2:], rules) == {"leader_missing": (1, 0), "deputy_missing": (1, 0)}
    assert codes([seat(0, Role.LEADER, "teacher"), *good[1:]], rules) == {
        "leader_affiliation": (("village_head", "party_cell_secretary"), ("teacher",))
    }
    assert codes(good[:3], rules)["affiliation_missing"] == (
        ("womens_union",),
        ("village_head", "youth_branch_secretary", "youth_union"),
    )


def test_an_affiliation_that_nobody_stated_breaks_nothing() -> None:
    rules = Rules(leaders=("village_head",), affiliations=("youth_union", "womens_union"))
    assert codes([seat(0, Role.LEADER), seat(1)], rules) == {}
    assert set(codes([seat(0, Role.LEADER)], rules)) == {"affiliation_missing"}


def test_surplus_leaders_await_a_decision_with_or_without_a_policy() -> None:
    several = [seat(n, Role.LEADER) for n in range(3)]
    assert broken(several, None) == {"surplus_leaders": Breach(None, 1, 3)}
    assert codes(several, Rules(1, 5)) == {"surplus_leaders": (1, 3)}
    assert broken(several[:1], None) == {}


# --- the nearest policy -------------------------------------------------------------------------------------------


def policy(spec: Spec[Any, Any, Any], policy_id: str, unit_id: str, rules: Rules, day: date, **other: Any) -> None:
    said = {"team_kind": VILLAGE, "source": "Kế hoạch", **other}
    assert spec.when(SetPolicy(policy_id=policy_id, unit_id=unit_id, rules=rules, effective=day, **said)).events


def policies(spec: Spec[Any, Any, Any], *ids: str) -> Policies:
    return Policies((policy_id, spec.state(f"policy:{policy_id}")) for policy_id in ids)


def test_the_nearest_area_in_force_on_the_day_decides() -> None:
    spec = registry()
    policy(spec, "national", "vn", Rules(4, 9), START)
    policy(spec, "district", "x", Rules(5, 7), DAY)
    policy(spec, "communes", "x", Rules(10, 10), DAY, team_kind=TeamKind.COMMUNE)
    spec.when(EndPolicy(policy_id="district", effective=REFORM))
    known = policies(spec, "national", "district", "communes")
    chain = tree().ancestors("v", DAY)
    days = (START - timedelta(1), START, DAY - timedelta(1), DAY, REFORM - timedelta(1), REFORM)
    nearest = [known.nearest(chain, VILLAGE, day) for day in days]
    assert [found and found.policy_id for found in nearest] == [
        None,
        "national",
        "national",
        "district",
        "district",
        "national",
    ]
    assert known.nearest(tree().ancestors("w", DAY), VILLAGE, DAY) == InForce("national", Rules(4, 9))


def test_in_one_area_what_took_effect_last_counts_and_what_was_taken_back_never_did() -> None:
    spec = registry()
    policy(spec, "a", "p", Rules(5, 7), START)
    policy(spec, "b", "p", Rules(3, 3), START)
    assert policies(spec, "a", "b").nearest(("v", "p"), VILLAGE, DAY) == InForce("b", Rules(3, 3))
    spec.when(ReplacePolicy(policy_id="a", rules=Rules(6, 8), effective=DAY, source="Kế hoạch mới"))
    assert policies(spec, "a", "b").nearest(("v", "p"), VILLAGE, DAY) == InForce("a", Rules(6, 8))
    assert spec.when(VoidEntry(affair="policy", record_id="a", effective=DAY, reason="error")).events
    assert policies(spec, "a", "b").nearest(("v", "p"), VILLAGE, DAY) == InForce("b", Rules(3, 3))


MOVED = ("UnitReparented", {"unit_id": "c", "parent_id": "q", "effective": REFORM.isoformat(), "document_id": None})


def test_a_unit_that_moves_comes_under_other_policies() -> None:
    map_ = tree(MOVED)
    assert chains(map_, "v", START) == [(START, ("v", "c", "x", "p", "vn")), (REFORM, ("v", "c", "q", "vn"))]
    spec = team_of(*members(8))
    policy(spec, "five-to-seven", "p", Rules(5, 7), START)
    policy(spec, "ten", "q", Rules(10, 10), START)
    known = policies(spec, "five-to-seven", "ten")
    days = judged(spec.state("team:t"), known.of_team(map_, spec.state("team:t")))
    assert [(day, set(found)) for day, _, found in days] == [(DAY, {"size_above"}), (REFORM, {"size_below"})]


def test_a_team_that_is_reassigned_takes_its_warnings_along() -> None:
    spec = team_of(*members(8))
    policy(spec, "y", "vn", Rules(5, 7), START)
    assert spec.when(ReassignTeam("t", "w", REFORM, "d")).events
    team = spec.state("team:t")
    days = judged(team, policies(spec, "y").of_team(tree(), team))
    assert [(day, unit_id, set(found)) for day, unit_id, found in days] == [
        (DAY, "v", {"size_above"}),
        (REFORM, "w", {"size_above"}),
    ]
    settle = unsettled(None, days)
    assert [(each.since, each.unit_id) for each in settle] == [(DAY, "v"), (REFORM, "w")]


# --- raising and clearing -----------------------------------------------------------------------------------------


def settle(spec: Spec[Any, Any, Any], *ids: str, team_id: str = "t") -> list[Any]:
    """As the worker does: what it finds is sent only if anything changes."""
    team, raised = spec.state(f"team:{team_id}"), spec.state(f"warnings:{team_id}")
    found = unsettled(raised, judged(team, policies(spec, *ids).of_team(tree(), team)))
    if not found:
        return []
    return [event for _, event in spec.when(SettleWarnings(team_id, found)).events]


def test_warnings_are_raised_and_cleared_as_the_team_changes() -> None:
    spec = team_of(*members(8))
    policy(spec, "y", "p", Rules(5, 7), START)
    assert settle(spec, "y") == [CompositionWarned("t", "v", "size_above", DAY, "y", 7, 8)]
    assert settle(spec, "y") == []
    spec.when(ReleaseSeat("t", "s7", DAY + timedelta(30), "d"))
    assert settle(spec, "y") == [CompositionWarningCleared("t", "v", "size_above", DAY + timedelta(30))]
    assert [set(open_on(spec.state("warnings:t"), DAY + timedelta(n))) for n in (-1, 0, 29, 30)] == [
        set(),
        {"size_above"},
        {"size_above"},
        set(),
    ]
    # Recorded late: one had left before, so it was never above after that day.
    spec.when(ReleaseSeat("t", "s6", DAY + timedelta(10), "d"))
    assert settle(spec, "y") == [CompositionWarningCleared("t", "v", "size_above", DAY + timedelta(10))]
    assert settle(spec, "y") == []


def test_a_team_that_ends_or_a_policy_that_is_taken_back_leaves_no_warning() -> None:
    spec = team_of(*members(8))
    policy(spec, "y", "p", Rules(5, 7), START)
    settle(spec, "y")
    spec.when(DissolveTeam("t", REFORM, "d"))
    assert settle(spec, "y") == [CompositionWarningCleared("t", "v", "size_above", REFORM)]
    spec.when(VoidEntry(affair="policy", record_id="y", effective=DAY, reason="error"))
    assert settle(spec, "y") == [CompositionWarningCleared("t", "v", "size_above", DAY)]
    assert open_on(spec.state("warnings:t"), DAY) == {}


def test_a_policy_that_changes_raises_the_warning_anew() -> None:
    spec = team_of(*members(8))
    policy(spec, "y", "p", Rules(5, 7), START)
    settle(spec, "y")
    spec.when(ReplacePolicy(policy_id="y", rules=Rules(3, 6), effective=REFORM, source="Kế hoạch mới"))
    assert settle(spec, "y") == [CompositionWarned("t", "v", "size_above", REFORM, "y", 6, 8)]


def test_settling_twice_changes_nothing() -> None:
    spec = team_of(*members(8))
    policy(spec, "y", "p", Rules(5, 7), START)
    found = unsettled(None, judged(spec.state("team:t"), policies(spec, "y").of_team(tree(), spec.state("team:t"))))
    assert spec.when(SettleWarnings("t", found)).events
    spec.when(SettleWarnings("t", found)).then()


def test_chuong_my_lies_above_its_own_rule_and_every_change_is_accepted() -> None:
    """207 teams and 1,456 members (Q1/2024) are 7.03 each, above 5–7: at least one team must be warned of."""
    spec = registry(1456)
    policy(spec, "chuong-my", "x", Rules(5, 7), START)
    sizes = [7] * 200 + [8] * 7
    assert (len(sizes), sum(sizes)) == (207, 1456)
    first, warned = 0, []
    for n, size in enumerate(sizes):
        spec.given((f"unit:v{n}", unit(f"v{n}", "village", "c")))
        seats = tuple(seat(i, Role.LEADER if i == first else Role.MEMBER) for i in range(first, first + size))
        assert spec.when(EstablishTeam(f"t{n}", VILLAGE, f"v{n}", "Tổ", DAY, "d", seats)).events
        first += size
        found = broken([s.seat for s in spec.state(f"team:t{n}").filled_on(DAY)], InForce("chuong-my", Rules(5, 7)))
        warned += list(found)
    assert warned == ["size_above"] * 7


def test_the_known_policies_are_data_and_the_nearest_is_the_locality_s_own() -> None:
    """2022: 3; Chương Mỹ and Ninh Bình 5–7; Thái Bình about 10 per commune, 5–6 per village; nationally 4–9."""
    units = load_units()
    everywhere = frozenset(units.tree.existing(DAY))
    spec: Spec[Any, Any, Any] = Spec(DECIDER)
    for row in policy_rows(World(1, units), everywhere):
        command = One(AFFAIR_CHANGES).load(row).command()
        if isinstance(command, SetPolicy):
            area = UnitEstablished(command.unit_id, "nation", "", "", None, None, START, None, True)
            spec.given((f"unit:{command.unit_id}", area))
        assert spec.when(command).events, row
    ids = {row["policy_id"] for row in policy_rows(World(1, units), everywhere)}
    known = policies(spec, *ids)

    def sizes(code: str, day: date, kind: TeamKind = VILLAGE) -> tuple[int | None, int | None]:
        found = known.nearest(units.tree.ancestors(units.by_code(code, day), day), kind, day)
        assert found is not None
        return found.rules.min_size, found.rules.max_size

    later = date(2025, 1, 1)
    assert sizes("01", date(2022, 6, 1)) == (3, None)
    assert sizes("01", later) == (4, 9)
    assert sizes("277", later) == sizes("37", later) == (5, 7)
    assert (sizes("34", later, TeamKind.COMMUNE), sizes("34", later)) == ((9, 11), (5, 6))


# --- whatever happens ---------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.sampled_from(("appoint", "release", "reconstitute", "policy", "end")), st.integers(0, 40), st.integers(0, 9)
    ),
    max_size=12,
)


@given(STEPS, st.lists(st.booleans(), min_size=12, max_size=12))
@settings(max_examples=100, deadline=None)
def test_what_is_on_record_equals_what_a_fresh_look_finds_however_often_it_was_settled(
    steps: list[tuple[str, int, int]], settling: list[bool]
) -> None:
    spec = team_of(*members(4))
    ids: list[str] = []
    for (what, later, n), at_once in zip(steps, settling, strict=False):
        day = DAY + timedelta(later)
        match what:
            case "appoint":
                spec.when(AppointSeat("t", seat(n), day, "d"))
            case "release":
                spec.when(ReleaseSeat("t", f"s{n}", day, "d"))
            case "reconstitute":
                spec.when(ReconstituteTeam("t", tuple(seat(i) for i in range(n)), day, "d"))
            case "policy":
                ids.append(f"y{len(ids)}")
                policy(spec, ids[-1], ("vn", "p", "v")[n % 3], Rules(n, n + 1, roles=(Role.LEADER,)), day)
            case "end" if ids:
                spec.when(EndPolicy(policy_id=ids[n % len(ids)], effective=day))
        if at_once:
            settle(spec, *ids)
    settle(spec, *ids)
    assert settle(spec, *ids) == []
    team, known = spec.state("team:t"), policies(spec, *ids)
    for later in range(-1, 42):
        day = DAY + timedelta(later)
        chain = tree().ancestors("v", day)
        seats = [s.seat for s in team.filled_on(day)]
        naive = broken(seats, known.nearest(chain, VILLAGE, day)) if team.exists(day) else {}
        assert {code: told[1] for code, told in open_on(spec.state("warnings:t"), day).items()} == naive
        assert naive.keys() <= set(CODES)

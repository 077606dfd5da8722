"""Whatever is reformed: where units and teams stand afterwards."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from services.teams.domain.team.events import Role, Seat
from services.teams.domain.team.merge import Fate
from services.teams.domain.units import ReorganiseUnits
from services.teams.reform.groups import groups_of
from services.teams.reform.mergers import fates
from services.teams.reform.moves import Serving, mergers_of, moves_of
from services.teams.reform.orders import Papers, reorganisations
from services.teams.reform.plan import plan_of
from services.teams.reform.sheet import KEEP, LEAVE, MERGE, REASSIGN, Line
from tests.reform_plan_kit import DAY, EVE, NEW, REFORM, line, planned, small


@st.composite
def reforms(draw: st.DrawFn) -> list[Line]:
    """The six communes go to some new ones, each to one or two."""
    count = draw(st.integers(1, 4))
    lines: list[Line] = []
    for unit in ("c11", "c12", "c13", "c21", "c22", "c23"):
        heirs = draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=2, unique=True))
        for n, heir in enumerate(heirs):
            said = {"new_code": f"9000{heir}", "new_name": f"N{heir}", "new_kind": "xã", "new_parent": "01"}
            lines.append(line(len(lines), old_id=unit, main=n == 0, share="part" if len(heirs) > 1 else None, **said))
    return lines


@settings(max_examples=60, deadline=None)
@given(reforms())
def test_whatever_is_reformed_every_unit_stands_somewhere(lines: list[Line]) -> None:
    tree = small()
    plan = plan_of(REFORM, lines, tree)
    assert plan.errors == []
    for unit in tree.existing(EVE, "commune"):
        placed = plan.after.place(unit, DAY)
        assert placed is not None and plan.after.level(placed.unit_id) == "commune"
    for end in plan.abolished:
        assert not plan.after.exists(end.unit_id, DAY)
        assert all(plan.after.exists(heir, DAY) for heir in end.heirs)
    codes = [plan.after.code(unit, DAY) for unit in plan.after.existing(DAY, "commune")]
    assert len(codes) == len(set(codes))
    orders = list(reorganisations(Papers(REFORM, {}), groups_of(plan, tree), {}))
    changed = [c.unit_id for o in orders if isinstance(o.command, ReorganiseUnits) for c in o.command.changes]
    assert len(set(changed)) == len({item.unit_id for item in plan.items})


def team(team_id: str, unit: str, kind: str = "commune", seats: int = 3) -> Serving:
    return Serving(team_id, kind, unit, seats, 1)


def test_teams_serve_the_main_successor_and_are_listed_where_they_come_together() -> None:
    plan = planned(line(0, old_id="c11", **NEW), line(1, old_id="c12", new_code="00012"))
    new = plan.established[0].unit_id
    moves = list(moves_of(plan, {DAY: [team("a", "c11"), team("b", "c12"), team("c", "c13")]}))
    assert {(m.team.team_id, m.action, m.unit_id) for m in moves} == {("a", REASSIGN, new), ("b", REASSIGN, new)}
    assert [m.action for m in moves_of(plan, {DAY: [team("a", "c11")]}, {"a"})] == [LEAVE]


def test_teams_of_villages_that_come_together_are_merged_one_alone_is_only_moved() -> None:
    said = {"new_name": "Thôn mới", "new_kind": "thôn", "new_parent": "00011"}
    plan = planned(line(0, "village", old_id="v1", **said), line(1, "village", old_id="v2", **said))
    new = plan.established[0].unit_id
    both = {DAY: [team("a", "v1", "village"), team("b", "v2", "village", 5)]}
    [merger] = mergers_of(moves_of(plan, both), both)
    assert (merger.unit_id, merger.teams, merger.into) == (new, ("a", "b"), None)
    alone = {DAY: both[DAY][:1]}
    assert [move.action for move in moves_of(plan, alone)] == [REASSIGN]
    lines = [line(0, "village", old_id="v1", new_id=KEEP), line(1, "village", old_id="v2", new_id="v1", teams=MERGE)]
    plan = planned(*lines)
    [merger] = mergers_of(moves_of(plan, both), both)
    assert (merger.unit_id, merger.teams, merger.into) == ("v1", ("b",), "a")


def test_a_team_goes_where_each_day_takes_it() -> None:
    later = date(2026, 1, 1)
    plan = planned(
        line(0, old_id="c11", **NEW),
        line(1, old_id="c12", new_code="00012"),
        line(2, old_code="00012", new_code="00012", new_name="Nữa", new_kind="xã", new_parent="01", effective=later),
        line(3, old_id="c13", new_code="00012", effective=later),
    )
    moves = list(moves_of(plan, {DAY: [team("a", "c11")], later: [team("c", "c13")]}))
    first, second = (item.unit_id for item in plan.established)
    assert [(m.team.team_id, m.unit_id) for m in moves] == [("a", first), ("a", second), ("c", second)]


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(Role)), max_size=12))
def test_a_merger_keeps_every_person_once(members: list[tuple[int, Role]]) -> None:
    seats = [Seat(f"s{n}", f"p{person}", role) for n, (person, role) in enumerate(members)]
    found = {fate.seat_id: fate for fate in fates(seats)}
    carried = [seat for seat in seats if found[seat.seat_id].fate is Fate.CARRIED]
    assert len(found) == len(seats)
    assert sorted(seat.person_id for seat in carried) == sorted({seat.person_id for seat in seats})
    for seat in seats:
        if found[seat.seat_id].fate is Fate.JOINED:
            other = next(s for s in carried if s.seat_id == found[seat.seat_id].with_seat_id)
            assert other.person_id == seat.person_id

"""One document for many teams: which commands a request becomes, and what a body may say."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from marshmallow import ValidationError

from services.teams.bulk import Bulk, NewList, Wording, steps
from services.teams.domain.team.events import Role, Seat, TeamDissolved, TeamEstablished, TeamKind, TeamRenamed
from services.teams.domain.team.life import RenameTeam
from services.teams.domain.team.replay import replay
from services.teams.domain.team.seats import ReconstituteTeam
from services.teams.schemas.bulk import BulkSchema
from shared.problems import from_validation
from shared.units import UnitTree

BEGUN, DAY, LATER = date(2023, 10, 1), date(2024, 3, 15), date(2024, 6, 1)
REQUEST = UUID(int=7)


def team(name: str, *more: Any) -> Any:
    birth = TeamEstablished("t", TeamKind.VILLAGE, "v", name, False, BEGUN, "d", (), False)
    return replay((birth, *more))


def tree() -> UnitTree:
    made = UnitTree()
    data = {"unit_id": "v", "level": "village", "kind": "thôn", "name": "Thôn Đoài", "parent_id": None, "code": None}
    made.apply("UnitEstablished", data | {"effective": "2022-01-01", "document_id": None, "simulated": False})
    return made


def commands(state: Any, rename: Wording | None, *lists: NewList) -> list[Any]:
    bulk = Bulk(REQUEST, "d2", DAY, rename, lists)
    return [step.command for step in steps(bulk, ["t"], {"team:t": state}, tree())]


def test_the_old_wording_is_replaced_wherever_a_name_has_it() -> None:
    wording = Wording(old="công nghệ số", new="chuyển đổi số")
    renamed = RenameTeam("t", "Tổ chuyển đổi số thôn Đoài", DAY, "d2")
    assert commands(team("Tổ công nghệ số thôn Đoài"), wording) == [renamed]
    assert commands(team("Tổ chuyển đổi số"), wording) == []


def test_a_pattern_is_filled_in() -> None:
    assert commands(team("Tổ"), Wording(pattern="{name} số {unit}")) == [RenameTeam("t", "Tổ số Thôn Đoài", DAY, "d2")]


def test_the_name_is_that_of_the_day_and_a_team_that_is_not_there_is_left_alone() -> None:
    wording = Wording(old="Tổ", new="Đội")
    later = TeamRenamed("t", "v", "Nhóm", LATER, "d")
    assert commands(team("Tổ", later), wording) == [RenameTeam("t", "Đội", DAY, "d2")]
    assert commands(team("Tổ", TeamDissolved("t", "v", DAY, 0, "d")), wording) == []
    assert commands(None, wording) == []


def test_lists_come_first_and_ids_follow_from_the_request() -> None:
    seats = (Seat("s", "p", Role.LEADER),)
    bulk = Bulk(REQUEST, "d2", DAY, Wording(old="Tổ", new="Đội"), (NewList("t", seats),))
    first, again = (list(steps(bulk, ["t"], {"team:t": team("Tổ")}, tree())) for _ in range(2))
    assert [step.command for step in first] == [
        ReconstituteTeam("t", seats, DAY, "d2"),
        RenameTeam("t", "Đội", DAY, "d2"),
    ]
    assert first == again
    assert len({step.command_id for step in first}) == 2


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"rename": {"old": "a"}}, "missing-field", "/rename/pattern"),
        ({"rename": {"old": "a", "new": "b", "pattern": "c"}}, "missing-field", "/rename/pattern"),
        ({"rename": {"old": "", "new": "b"}}, "wrong-length", "/rename/old"),
        ({"team_ids": ["x"]}, "wrong-type", "/team_ids/0"),
        ({"limit": 1000}, "out-of-range", "/limit"),
        ({"request_id": None}, "missing-field", "/request_id"),
        ({"reconstitute": [{"team_id": str(uuid4())}]}, "missing-field", "/reconstitute/0/seats"),
        ({"fly": True}, "unknown-field", "/fly"),
    ],
)
def test_what_is_wrong_with_a_body_is_named(change: dict[str, Any], code: str, pointer: str) -> None:
    body = {"request_id": str(uuid4()), "document_id": str(uuid4()), "effective": "2024-03-15", "unit": "v"}
    with pytest.raises(ValidationError) as error:
        BulkSchema().load(body | change)
    assert (code, pointer) in {(issue.code, issue.pointer) for issue in from_validation(error.value).issues}

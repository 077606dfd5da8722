"""A reform that is applied, undone, and applied again: nothing is lost on the way."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from services.teams.domain import EVENTS
from services.teams.reform.applying import ApplyWork
from services.teams.reform.census import Census
from services.teams.reform.pieces import Pieces
from services.teams.reform.store import ORDERS, Store
from services.teams.wiring import handler_of
from shared.access import Actor
from shared.jobs import Job
from shared.jobs import State as JobState
from shared.kit import Kit
from shared.settings import Settings
from shared.unit_directory import UnitDirectory
from tests.reform_kit import DAY, EVE, Story, uid
from tests.waiting import eventually


def test_it_is_applied_though_the_worker_is_killed_and_every_seat_is_accounted_for(story: Story) -> None:
    reform = story.reform
    before = story.registry.events()
    assert story.order(reform, "apply", version=7).status_code == 412
    with story.client() as client:
        assert client.post(f"/v1/reforms/{reform}/apply").status_code == 428
    assert story.order(reform, "apply").status_code == 202
    eventually(lambda: story.get(f"/v1/reforms/{reform}")["state"] != "ready")
    story.registry.kill("worker")
    story.registry.start("worker again")
    found = story.until(reform, "applied", "failed")
    assert found["state"] == "applied", (found, story.get(f"/v1/reforms/{reform}/errors"))
    story.applied = difference(before, story.registry.events())
    report = story.get(f"/v1/reforms/{reform}/reconcile")
    assert report["differences"] == []
    assert report["units"]["commune"] == {"before": 12, "after": 7}
    assert report["units"]["district"] == {"before": 4, "after": 0}
    assert report["seats"] == {
        "before": story.seats,
        "joined": 1,
        "released": 0,
        "new": 0,
        "after": story.seats - 1,
        "carried": story.seats - 1,
    }
    assert {one["name"]: one["teams_after"] for one in report["provinces"]} == {
        "Thành phố Hà Nội": 11,
        "Tỉnh Ninh Bình": 6,
    }
    awaiting = story.get(f"/v1/reforms/{reform}/reconcile", section="awaiting")["items"]
    assert {(one["name"], len(one["team_ids"])) for one in awaiting} == {
        ("Phường Hồng Hà", 2),
        ("Phường Tây Hồ", 3),
        ("Xã Cự Đồng", 2),
        ("Phường Phủ Lý", 2),
        ("Phường Hoa Lư", 2),
    }
    by_code = {day: story.get("/v1/units", code="00097", as_of=day)["units"][0]["name"] for day in (EVE, DAY)}
    assert by_code == {EVE: "Tứ Liên", DAY: "Hồng Hà"}
    hong_ha = story.get("/v1/units", code="00097", as_of=DAY)["units"][0]["unit_id"]
    assert (story.commune_of("tulien", EVE), story.commune_of("tulien", DAY)) == ("tulien", hong_ha)
    assert story.order(reform, "apply").status_code == 409


def test_it_is_undone_and_what_was_is_again(story: Story) -> None:
    reform = story.reform
    assert story.order(reform, "undo", {"document_id": uid()}).status_code == 422
    assert story.order(reform, "undo", {"document_id": story.document}).status_code == 202
    found = story.until(reform, "undone", "failed")
    assert found["state"] == "undone", story.get(f"/v1/reforms/{reform}/errors")
    eventually(story.registry.caught_up)
    # The api looks for new facts about units once a second.
    eventually(lambda: story.get("/v1/units", code="00097", as_of=DAY)["units"][0]["name"] == "Tứ Liên")
    for day in (EVE, DAY):
        assert story.get("/v1/units", code="00097", as_of=day)["units"][0]["name"] == "Tứ Liên"
        assert [story.commune_of(place, day) for place in ("tulien", "cukhe", "ns1", "ns2")] == [
            "tulien",
            "cukhe",
            "ns1",
            "ns2",
        ]
    assert story.get("/v1/units/ck3", as_of=DAY)["parent_id"] == "cukhe"
    team = story.get(f"/v1/teams/{story.teams['ns2']}", as_of=DAY)
    assert (team["standing"], len(team["seats"])) == ("active", 3)


def test_undone_it_is_applied_again_as_a_new_reform(story: Story) -> None:
    with story.client() as client:
        answer = client.post(f"/v1/reforms/{story.reform}/again")
        assert answer.status_code == 202, answer.text
    again = answer.json()["reform_id"]
    found = story.until(again, "ready", "failed")
    assert (found["state"], found["repeats"]) == ("ready", story.reform), story.get(f"/v1/reforms/{again}/errors")
    before = story.registry.events()
    applied_by_workers_that_end_after_every_step(story, UUID(again), found["version"])
    found = story.until(again, "applied", "failed")
    assert found["state"] == "applied", (found, story.get(f"/v1/reforms/{again}/reconcile"))
    eventually(story.registry.caught_up)
    assert difference(before, story.registry.events()) == story.applied | {"ReformBegun": 2}
    eventually(lambda: story.get("/v1/units", code="00097", as_of=DAY)["units"][0]["name"] == "Hồng Hà")
    assert story.get(f"/v1/reforms/{again}/reconcile")["seats"]["joined"] == 1
    kinds = story.registry.events()
    assert (kinds["ReformApplied"], kinds["ReformUndone"], kinds["ReformPrepared"]) == (2, 1, 2)


def difference(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Of units, teams and the reform itself: its document is registered once, and warnings come when they come."""
    kinds = [kind for kind in after if kind.startswith(("Unit", "Team", "Reform"))]
    return {kind: after[kind] - before.get(kind, 0) for kind in kinds if after[kind] != before.get(kind, 0)}


def applied_by_workers_that_end_after_every_step(story: Story, reform: UUID, version: int) -> None:
    """One order a page; each step is done, forgotten, and done again by somebody who knows nothing of it.

    A first job has ended without an end, a second one takes it over.
    """
    db = story.registry.db
    urls = {"TUNGNHA_SERVICE_DATABASE_URL": db.app_url, "TUNGNHA_VAULT_DATABASE_URL": db.vault_url}
    kit = Kit(Settings.from_env(urls | {"TUNGNHA_HASH_KEY": "00" * 32}), name="test", events=EVENTS)
    try:
        store = Store(kit.engine)
        store.write(reform, ORDERS, list(store.items(reform, ORDERS)), size=1)
        actor = Actor("clerk", frozenset({"teams:admin"}), frozenset({"vn"}))
        now = datetime.now(UTC)

        def job_of(version: int, instead_of: str | None) -> Job:
            asked = {"do": "apply", "reform_id": str(reform), "version": version, "instead_of": instead_of}
            return Job(
                *(uuid4(), "reform", asked, actor, "vi", "", 0, b"", JobState.APPLYING, 0, None, {}, {}, None),
                *(kit.log.heads(), now, now, None, None),
            )

        first = job_of(version, None)
        pieces = Pieces(handler_of(kit), UnitDirectory(kit.engine), store, Census(kit.engine), kit.log)
        for cursor in range(4):
            ApplyWork(first, pieces).step(cursor)
        job = job_of(pieces.reform(reform)[1], str(first.job_id))
        cursor: int | None = 0
        while cursor is not None:
            for _ in range(2):
                pieces = Pieces(handler_of(kit), UnitDirectory(kit.engine), store, Census(kit.engine), kit.log)
                following = ApplyWork(job, pieces).step(cursor).cursor
            cursor = following
    finally:
        kit.close()

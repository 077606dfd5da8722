"""What was recorded since stands in the way of a reform, or of undoing it."""

from __future__ import annotations

from tests.reform_kit import DAY, HANOI, Story, row, uid, unit
from tests.waiting import eventually


def test_what_later_changes_rest_on_is_not_undone(story: Story) -> None:
    reform = next(one["reform_id"] for one in story.get("/v1/reforms")["reforms"] if one["state"] == "applied")
    hong_ha = story.get("/v1/units", code="00097", as_of=DAY)["units"][0]["unit_id"]
    hamlet = unit("moi", "village", hong_ha, effective="2025-09-01")
    with story.client() as client:
        assert client.post("/v1/units/batch", json={"rows": [hamlet]}).json()["counts"] == {"stored": 1}
    before = story.registry.events()
    asked = story.order(reform, "undo", {"document_id": story.document})
    assert asked.status_code == 202, asked.text
    found = eventually(lambda: (f := story.get(f"/v1/reforms/{reform}"))["progress"].get("phase") == "halted" and f)
    assert (found["state"], found["reason"]["code"]) == ("applied", "reform-refused")
    refused = story.get(f"/v1/reforms/{reform}/errors")["refused"]
    assert [one["code"] for one in refused] == ["reform-unit-rests"]
    changed = {kind for kind, n in story.registry.events().items() if n != before.get(kind)}
    assert changed == {"ReformUndoBegun", "ReformHalted"}


def test_what_was_recorded_after_the_file_was_made_is_a_conflict(story: Story) -> None:
    rows = [row("Thôn", old_id="ck1", name="Thôn Một", effective="01/01/2026", new_id="giữ")]
    reform = story.send(rows, made_on="2020-01-01")
    found = story.until(reform, "ready", "failed")
    assert found["counts"]["conflicts"] == 1, found
    [conflict] = story.get(f"/v1/reforms/{reform}/preview", section="conflicts")["items"]
    assert (conflict["unit_id"], conflict["code"]) == ("ck1", "reform-unit-changed")
    assert conflict["detail"]
    with story.client() as client:
        assert client.get("/v1/reforms/template").content[:2] == b"PK"
        assert client.get(f"/v1/reforms/{uid()}").status_code == 404
    with story.client(sub="somebody else") as client:
        assert client.get(f"/v1/reforms/{reform}").status_code == 200  # who holds the nation sees all
    with story.client(HANOI, sub="somebody else") as client:
        assert client.get(f"/v1/reforms/{reform}").status_code == 404

"""A reform before it is applied: what is refused, and the preview."""

from __future__ import annotations

from tests.reform_kit import CSV, HANOI, Row, Story, reform_rows, row
from tests.waiting import eventually


def test_a_bad_file_is_told_where_it_is_wrong_and_changes_nothing(story: Story) -> None:
    rows = [
        row("Xã", "00097", "00097", "Hồng Hà", "phường", "01"),
        row("Xã", "99999", "00097"),
        row("Xã", "00100", "00097", "Hồng Hồng", "phường", "01"),
        row("Xã", "00103", "00103", "Tây Hồ", "phường", "003x"),
        row("Xã", "00106", "00109", "Quảng An", "phường", "01"),
        row("Xã", "00109"),
        row("Xã", "10183", "10183", "Bình Minh", "xã", "01", share="Một phần"),
        row("Xã", "10183", "10186", "Cự Đồng", "xã", "01", share="Một phần"),
        row("Xã", old_id="ck1", within="01"),
    ]
    before = story.registry.events()
    reform = story.send(rows)
    found = story.until(reform, "failed")
    assert found["counts"]["rows"] == len(rows)
    errors = story.get(f"/v1/reforms/{reform}/errors")["errors"]
    told = {(error["row"], error["column"], error["code"]) for error in errors}
    assert told == {
        (3, "B", "unknown-unit"),
        (4, "G", "reform-new-contradicts"),
        (5, "I", "reform-parent-unknown"),
        (7, "F", "unit-successor-missing"),
        (8, "M", "unit-main-successor"),
        (9, "F", "unit-code-taken"),
        (10, "A", "reform-level-differs"),
    }
    assert any("Cột" not in error["detail"] and error["header"] == "new_name" for error in errors)
    assert story.registry.events() == before
    assert story.order(reform, "apply").status_code in (409, 428)


def test_a_file_that_is_no_table_of_a_reform_fails_as_a_whole(story: Story) -> None:
    with story.client() as client:
        answer = client.post("/v1/reforms", content=b"\xff\xfe nothing", headers=CSV)
    found = story.until(answer.json()["reform_id"], "failed")
    assert found["problems"], found


def test_a_sender_who_does_not_hold_a_unit_is_refused(story: Story) -> None:
    reform = story.send([row("Xã", "14320", "14320", "Hoa Lư", "phường", "37")], HANOI)
    story.until(reform, "failed")
    errors = story.get(f"/v1/reforms/{reform}/errors")["errors"]
    assert [error["code"] for error in errors] == ["forbidden-unit"]


def test_the_preview_tells_what_would_change_and_stores_nothing(story: Story) -> None:
    before = story.registry.events()
    reform = story.reform = story.send(reform_rows(), complete="commune")
    found = story.until(reform, "ready", "failed")
    assert found["state"] == "ready", story.get(f"/v1/reforms/{reform}/errors")
    after = story.registry.events()
    assert {kind: n for kind, n in after.items() if n != before.get(kind)} == {"ReformPrepared": 1}
    counts = found["counts"]
    assert counts["units"] == {
        "established": 8,
        "altered": 3,
        "abolished": 19,
        "renamed": 0,
        "reparented": 3,
        "split": 1,
    }
    assert counts["teams"] == {"reassign": 10, "merge": 2, "keep": 1}
    assert (counts["leaders"], counts["conflicts"], counts["errors"], counts["warnings"]) == (6, 1, 0, 0)
    totals = found["totals"]
    assert (totals["teams_before"], totals["teams_after"]) == (18, 17)
    assert (totals["seats_before"], totals["joined"], totals["seats_after"]) == (story.seats, 1, story.seats - 1)

    def section(name: str) -> list[Row]:
        page = story.get(f"/v1/reforms/{reform}/preview", section=name, limit=7)
        items = page["items"]
        while page["next"] is not None:
            page = story.get(f"/v1/reforms/{reform}/preview", section=name, limit=7, after=page["next"])
            items += page["items"]
        assert name in ("units", "teams") or len(items) == counts[name]
        return items

    access = {
        item["unit_id"]: [heir["unit_id"] for heir in item["successors"]] for item in section("access") if item["ends"]
    }
    born = {item["name"]: item["unit_id"] for item in section("units") if item["change"] == "established"}
    assert access["tulien"] == [born["Hồng Hà"]]
    assert access["cukhe"] == [born["Cự Đồng"], born["Bình Minh"]]
    assert set(access["tayho"]) == {born["Hồng Hà"], born["Tây Hồ"]}
    [conflict] = section("conflicts")
    assert (conflict["team_id"], conflict["code"]) == (story.teams["dongthanh"], "fact-contradicted")
    missing = [(item["unit_id"], item["parent_after"]) for item in section("unmentioned")]
    assert missing == [("ck1", born["Cự Đồng"]), ("ck2", born["Cự Đồng"])]
    shared = {item["name"]: (item["teams"], item["surplus_leaders"]) for item in section("leaders")}
    assert shared["Phường Tây Hồ"] == (3, 2)
    provinces = {item["name"]: (item["before"], item["after"]) for item in section("totals")}
    assert provinces["Tỉnh Hà Nam"] == ({"teams": 2, "seats": 6, "people": 6}, None)
    with story.client() as client:
        workbook = eventually(
            lambda: (
                (got := client.get(f"/v1/reforms/{reform}/preview", params={"format": "xlsx"})).status_code == 200
                and got
            )
        )
    assert workbook.content[:2] == b"PK"

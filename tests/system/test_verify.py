"""``verify`` finds what it promises to find: every kind of difference is planted in a running stack, and named.

Planted as the superuser, the only one who can: no role of a service may write to its log, and none reaches another's
tables. What was changed is put back, so that the next test starts from a stack that verifies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from ops.simulator import visits
from ops.units.seed import NATION_ID
from tests.system_kit import System, eventually

PATIENCE = 0.5
"""Seconds verify waits for mirrors: what is missing here is not on its way."""

LAST = date(2026, 11, 15)
"""No other test has visits so late: some of them are second visits, and none is followed by a third."""


@pytest.fixture(scope="module")
def day(system: System) -> date:
    """The day of a few hundred visits and some attendances that the reports include."""
    day, network = system.fresh_day(), system.network
    phones, training = system.api("visits"), system.api("training")
    for when, number in ((day, 300), (LAST, 200)):
        rows = [body for _, body in visits(network.crews, number, when, seed=1)]
        assert {result["outcome"] for result in phones.batch("/v1/visits/batch", rows, "visit_id")} <= {
            "stored",
            "flagged",
        }
    people = [member for crew in network.crews for member in crew.member_ids]
    attended = [
        {
            "attendance_id": network.world.id("verify", person),
            "person_id": person,
            "session_id": network.session_id,
            "unit_id": network.communes[0],
            "day": network.session_day.isoformat(),
        }
        for person in people
    ]
    results = training.batch("/v1/attendance/batch", attended, "attendance_id")
    assert {result["outcome"] for result in results} <= {"stored", "flagged"}
    assert system.reported(NATION_ID, day, phones, training)["visits"] == 300
    # Repair never looks again at what it found without holes: from here on, what is taken away stays away.
    heads = phones.get("/v1/events/heads")["heads"]
    with system.superuser("reporting") as tx:
        query = "SELECT dense FROM bus.sources WHERE source = 'visits'"
        eventually("the mirror of visits found dense", lambda: tx.execute(query).fetchone() == (heads,))
    return day


@contextmanager
def planted(system: System, service: str, table: str, where: str, change: str, *parameters: Any) -> Iterator[None]:
    """Change rows of a table within the block: ``change`` is a SET list, or DELETE."""
    with system.superuser(service) as tx:

        def run(statement: str) -> int:
            return tx.execute(statement.encode(), parameters).rowcount

        kept = run(f"CREATE TABLE public.kept AS SELECT * FROM {table} WHERE {where}")
        try:
            assert kept > 0, "nothing to plant a difference in"
            run((f"DELETE FROM {table}" if change == "DELETE" else f"UPDATE {table} SET {change}") + f" WHERE {where}")
            yield
        finally:
            run(f"DELETE FROM {table} WHERE {where}")
            tx.execute(f"INSERT INTO {table} SELECT * FROM public.kept".encode())
            tx.execute("DROP TABLE public.kept")


def found(system: System, receipts: list[Path] | None = None) -> dict[str, str]:
    """Failed check → what it says."""
    return {check.name: check.detail for check in system.verify(receipts, PATIENCE) if not check.ok}


def a_position(system: System, *, last: bool = False) -> tuple[int, int]:
    """A position in the middle of a partition of visits' log, or the last one."""
    with system.superuser("visits") as tx:
        row = tx.execute("SELECT partition, position FROM log.heads ORDER BY position DESC LIMIT 1").fetchone()
    assert row is not None and row[1] > 10
    return row[0], row[1] if last else row[1] // 2


def test_an_untouched_stack_verifies(system: System, day: date):
    checks = system.verify()
    assert [check for check in checks if not check.ok] == []
    assert [check.name for check in checks] == [
        *("log teams", "log visits", "log training", "log reporting"),
        *("mirror visits of teams", "mirror training of teams"),
        *("mirror reporting of teams", "mirror reporting of visits", "mirror reporting of training"),
        *("feed teams", "feed visits", "feed training"),
        *("receipts", "figures"),
    ]


@pytest.mark.parametrize("last", [False, True], ids=["middle", "tail"])
def test_a_deleted_event_is_missed(system: System, day: date, last: bool):
    partition, position = a_position(system, last=last)
    with planted(system, "visits", "log.events", "(partition, position) = (%s, %s)", "DELETE", partition, position):
        differences = found(system)
    assert f"partition {partition}: count" in differences["log visits"]
    assert f"position {position} is missing" in differences["log visits"]
    assert differences["mirror reporting of visits"] == f"{partition}:{position} is not in the source's log"
    assert f"{partition}:{position}" in differences["receipts"]
    counted = re.search(r" is (\d+) in the read model, counted anew (\d+)$", differences["figures"])
    assert counted and int(counted[1]) > int(counted[2])


def test_a_whole_tail_cut_off_with_its_head_is_missed(system: System, day: date):
    """Whoever also turns the head back leaves a log that looks whole: mirrors and receipts know better."""
    partition, position = a_position(system, last=True)
    where = "(partition, position) = (%s, %s)"
    with (
        planted(system, "visits", "log.events", where, "DELETE", partition, position),
        system.superuser("visits") as tx,
    ):
        turn = "UPDATE log.heads SET position = position + %s WHERE partition = %s"
        tx.execute(turn, [-1, partition])
        differences = found(system)
        tx.execute(turn, [1, partition])
    # A service whose head lies below what it once said is an alarm of its consumers, which an operator clears.
    with system.superuser("reporting") as tx:
        tx.execute("DELETE FROM bus.alarms")
    assert "log visits" not in differences
    mirror = differences["mirror reporting of visits"]
    assert mirror.startswith(
        f"partition {partition}: count {position}, max {position}, head of the source {position - 1}"
    )
    assert f"{partition}:{position} and is not in the log" in differences["receipts"]


def test_places_that_change_are_counted_anew(system: System, day: date) -> None:
    """Visits corrected and voided, places moved, closed, of another kind, merged and separated again."""
    phones, other = system.api("visits"), system.network.communes[-1]
    bodies = {body["place_id"]: body for _, body in visits(system.network.crews, 60, system.fresh_day(), seed=5)}
    rows = [body for body in bodies.values() if body["place_kind"] == "household"]
    phones.batch("/v1/visits/batch", rows, "visit_id")
    said = ("team_id", "member_ids", "learners", "platforms")
    for n, row in enumerate(rows):
        visit, place = f"/v1/visits/{row['visit_id']}", f"/v1/places/{row['place_id']}"
        if n % 6 == 0:
            content = {name: row[name] for name in said} | {"day": LAST.isoformat(), "reason": "wrong_day"}
            phones.post(f"{visit}/correct", content | {"learners": row["learners"][:1]})
        elif n % 6 == 1:
            phones.post(f"{visit}/void", {"reason": "recorded_twice"})
        elif n % 6 == 2:
            phones.post(f"{place}/move", {"unit_id": other, "day": row["day"]})
        elif n % 6 == 3:
            phones.post(f"{place}/close", {"day": row["day"], "reason": "moved_away"})
        elif n % 12 == 4:
            phones.post(f"{place}/correct", {"kind": "shop", "reason": "typo"})
        elif n % 6 == 5:
            phones.post(f"{place}/merge", {"kept_id": rows[0]["place_id"]})
            if n % 12 == 5:
                phones.post(f"{place}/separate", {"kept_id": rows[0]["place_id"]})
    system.reported(NATION_ID, day, phones)
    system.assert_verified()


def test_teams_rearranged_are_counted_anew(system: System, day: date) -> None:
    """Merged into a team that exists, split, and all of it undone again: verify reads what each team's stream says."""
    network, teams = system.network, system.api("teams")
    world, (one, two) = network.world, network.crews[:2]
    common = {"effective": "2026-11-01", "document_id": teams.get(f"/v1/teams/{one.team_id}")["document_id"]}

    def seats(team_id: str) -> list[str]:
        return [seat["seat_id"] for seat in teams.get(f"/v1/teams/{team_id}", as_of="2026-11-01")["seats"]]

    def change(do: str, **what: Any) -> str:
        """The id of the rearrangement, once reports know of it."""
        made = world.id("rearranged", do, json.dumps(what))
        row = {"id": made, "do": do, "rearrangement_id": made} | common | what
        assert [result["outcome"] for result in teams.batch("/v1/teams/changes/batch", [row])] == ["stored"]
        system.reported(NATION_ID, LAST, teams)
        return made

    fates = [{"seat_id": seat, "fate": "carried"} for seat in seats(two.team_id)]
    merged = change("merge", into_team_id=one.team_id, from_team_ids=[two.team_id], seats=fates)
    before, *others = seats(one.team_id)
    new = {"kind": "village", "unit_id": two.unit_id, "name": "Tổ mới"}
    heir = {"team_id": world.id("split off"), "seats": others, "new": new}
    split = change("split", team_id=one.team_id, into=[heir], goes_on=True)
    assert seats(one.team_id) == [before]
    system.assert_verified()
    change("undo", undoes=split)
    undone = change("undo", undoes=merged)
    last = change("undo", undoes=change("undo", undoes=undone))
    system.assert_verified()
    where = "stream_id = %s AND type = 'TeamTookPart' AND data ->> 'rearrangement_id' = %s"
    lost = "data = jsonb_set(data, '{came}', '[]')"
    with planted(system, "teams", "log.events", where, lost, f"team:{two.team_id}", last):
        assert "figures" in found(system)


def test_a_deleted_mirror_row_is_missed(system: System, day: date):
    partition, position = a_position(system)
    where = "(source, partition, position) = ('visits', %s, %s)"
    with planted(system, "reporting", "bus.mirror", where, "DELETE", partition, position):
        differences = found(system)
    assert list(differences) == ["mirror reporting of visits"]
    assert differences["mirror reporting of visits"].startswith(f"partition {partition}: count ")
    assert differences["mirror reporting of visits"].endswith(f"; position {position} is missing")


@pytest.mark.parametrize(
    "change",
    [
        "data = jsonb_set(data, '{duration_minutes}', '1440')",
        "metadata = jsonb_set(metadata, '{actor}', '\"somebody else\"')",
        "type = 'VisitVoided'",
    ],
    ids=["data", "metadata", "type"],
)
def test_a_changed_event_is_not_what_was_appended(system: System, day: date, change: str):
    partition, position = a_position(system)
    with planted(system, "visits", "log.events", "(partition, position) = (%s, %s)", change, partition, position):
        differences = found(system)
    assert differences["log visits"].startswith(f"{partition}:{position} (")
    assert differences["log visits"].endswith("is not what was appended: its hash differs")


def test_a_forged_hash_needs_the_key(system: System, day: date):
    """Payload and hash changed together: without the service's key it does not fit, and mirrors hold the old one."""
    partition, position = a_position(system)
    change = "data = jsonb_set(data, '{platforms}', '[\"forged\"]'), hash = decode(md5(data::text), 'hex')"
    with planted(system, "visits", "log.events", "(partition, position) = (%s, %s)", change, partition, position):
        differences = found(system)
    assert differences["log visits"].startswith(f"{partition}:{position} (VisitRecorded of place:")
    assert differences["mirror reporting of visits"].startswith(f"{partition}:{position} (VisitRecorded): hash differs")


def test_a_changed_hash_in_a_mirror_is_found(system: System, day: date):
    partition, position = a_position(system)
    where = "(source, partition, position) = ('visits', %s, %s)"
    change = "hash = set_byte(hash, 0, get_byte(hash, 0) # 1)"
    with planted(system, "reporting", "bus.mirror", where, change, partition, position):
        differences = found(system)
    told = f"{partition}:{position} (VisitRecorded): hash differs from the source's"
    assert differences == {"mirror reporting of visits": told}


def test_changed_data_in_a_mirror_is_found(system: System, day: date):
    partition, position = a_position(system)
    where = "(source, partition, position) = ('visits', %s, %s)"
    change = "data = jsonb_set(data, '{people_taught}', '99')"
    with planted(system, "reporting", "bus.mirror", where, change, partition, position):
        differences = found(system)
    told = f"{partition}:{position}: the mirror of reporting holds other data than the feed"
    assert differences == {"feed visits": told}


@pytest.mark.parametrize(
    ("table", "column", "name"),
    [
        ("rollup", "visits", "visits"),
        ("rollup", "people", "people"),
        ("rollup", "first_teams", "met_team"),
        ("rollup", "uncertain", "uncertain"),
        ("rollup", "successor_unknown", "successor_unknown"),
        ("leaf", "people_taught", "people_taught"),
        ("leaf", "covered_all_does", "covered_all"),
        ("leaf", "first_households", "households_reached"),
        ("reach", "n", "households_reached"),
        ("rollup_reach", "n", "met_household"),
    ],
)
def test_a_figure_off_by_one_is_found(system: System, day: date, table: str, column: str, name: str):
    village = system.network.villages[0]
    unit, where = (NATION_ID, "map = 1 AND unit = '*'") if "rollup" in table else (village, f"unit = '{village}'")
    if "reach" in table:
        where, day = where + " AND kind = 'household'", LAST
    with system.superuser("reporting") as tx:
        slot = tx.execute("SELECT slot FROM read.figures_live").fetchone()
    assert slot is not None
    if table == "rollup_reach":  # one of the days of those met before
        where += f" AND previous_day = (SELECT max(previous_day) FROM read.{table} WHERE {where} AND day = '{LAST}')"
    where = f"{where} AND day = %s"
    with planted(system, "reporting", f"read.{table}_{slot[0]}", where, f"{column} = coalesce({column}, 0) + 1", day):
        differences = found(system)
    assert list(differences) == ["figures"]
    assert f"({unit})" in differences["figures"]
    assert f": {name} is " in differences["figures"]
    told, counted = map(int, re.findall(r"\d+", differences["figures"].rpartition(f": {name} is ")[2]))
    assert told == counted + 1


def test_a_month_of_those_met_before_that_is_off_by_one_is_found(system: System, day: date):
    with system.superuser("reporting") as tx:
        slot = tx.execute("SELECT slot FROM read.figures_live").fetchone()
    assert slot is not None
    where = "map = 1 AND unit = '*' AND kind = 'team' AND day = %s"
    with planted(system, "reporting", f"read.rollup_reach_months_{slot[0]}", where, "n = n + 1", LAST):
        differences = found(system)
    assert list(differences) == ["figures"]
    assert "pairs of days by month differ from those by day: (1, '*', 'team', " in differences["figures"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("visits = visits + 1", "figures by month differ from those by day: (1, '*', "),
        ("""keyed = read.keyed_plus(coalesce(keyed, '{}'), '{"platforms:new": 1}')""", "codes by month differ"),
    ],
)
def test_figures_of_a_month_that_are_off_by_one_are_found(system: System, day: date, change: str, what: str):
    with system.superuser("reporting") as tx:
        slot = tx.execute("SELECT slot FROM read.figures_live").fetchone()
    assert slot is not None
    where = "map = 1 AND unit = '*' AND month = %s"
    with planted(system, "reporting", f"read.rollup_months_{slot[0]}", where, change, LAST.replace(day=1)):
        differences = found(system)
    assert list(differences) == ["figures"] and what in differences["figures"]


def test_a_receipt_without_its_command_is_found(system: System, day: date, tmp_path: Path):
    receipts = tmp_path / "phone.ndjson"
    lost = system.network.world.id("never sent")
    receipts.write_text(json.dumps({"service": "visits", "id": lost, "position": "0:7"}) + "\n")
    assert found(system, [receipts]) == {"receipts": f"visits: {lost} was confirmed at 0:7 and is not in the log"}


def test_a_receipt_of_another_position_is_found(system: System, day: date, tmp_path: Path):
    lines = [json.loads(line) for line in system.receipts.path.read_text().splitlines()]
    held = next(line for line in lines if line["service"] == "visits")
    partition, position = held["position"].split(":")
    other = f"{partition}:{int(position) + 1}"
    moved = tmp_path / "phone.ndjson"
    moved.write_text(json.dumps(held | {"position": other}) + "\n")
    told = f"visits: {held['id']} was confirmed at {other} and is at {held['position']}"
    assert found(system, [moved]) == {"receipts": told}
    # A service that gave two answers for one command has told a lie once.
    told = f"phone.ndjson line 1: visits {held['id']} was confirmed at {held['position']} and at {other}"
    assert found(system, [system.receipts.path, moved]) == {"receipts": told}


def test_what_is_no_receipt_is_named(system: System, day: date, tmp_path: Path):
    for number, line in enumerate(
        ("{", "[]", '{"service": "visits", "id": 1}', '{"service":"x","id":"y","position":"0:1"}')
    ):
        broken = tmp_path / f"{number}.ndjson"
        broken.write_text(line + "\n")
        assert list(found(system, [broken])) == ["receipts"], line


def test_a_parked_event_and_an_alarm_are_told(system: System, day: date):
    with system.superuser("reporting") as tx:
        partition, position = a_position(system)
        tx.execute(
            "INSERT INTO bus.parked (subscription, source, partition, position, stream_id, error)"
            " VALUES ('figures@2', 'visits', %s, %s, 'place:x', 'planted')",
            [partition, position],
        )
        parked = found(system)
        tx.execute("DELETE FROM bus.parked")
        tx.execute("INSERT INTO bus.alarms (source, kind, detail) VALUES ('visits', 'hash', 'planted')")
        alarmed = found(system)
        tx.execute("DELETE FROM bus.alarms")
    assert parked == {"mirror reporting of visits": f"figures@2 has parked {partition}:{position}"}
    assert alarmed == {"mirror reporting of visits": "alarm hash: planted"}


def test_what_was_planted_is_gone(system: System, day: date):
    """Last: nothing of it was repaired, copied or counted meanwhile."""
    assert found(system) == {}


def test_the_verdict_as_json_has_stable_keys(system: System, day: date):
    check = next(islice(system.verify(patience=PATIENCE), 1))
    assert set(check.as_dict()) == {"name", "ok", "detail"}

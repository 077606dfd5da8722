"""Any service, or the broker, may be down: the others work meanwhile, and what was missed is caught up without help."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from ops.client import Api
from ops.local import process
from ops.local.stack import http_get
from ops.simulator import visits
from ops.units.seed import NATION_ID
from tests.system_kit import System, eventually

COUNT = 40


def visit(system: System, phone: Api, day: date, seed: int) -> None:
    """A batch that must be stored."""
    rows = [body for _, body in visits(system.network.crews, COUNT, day, seed)]
    results = phone.batch("/v1/visits/batch", rows, "visit_id")
    assert {result["outcome"] for result in results} <= {"stored", "flagged"}, results[0]


@contextmanager
def by_hand(system: System, *names: str) -> Iterator[None]:
    """Start these processes while the supervisor may not; they end with the block."""
    programs = [program for program in system.of.services() if program.name in names]
    running = [process.start(program) for program in programs]
    try:
        for each in running:
            process.wait_ready(each)
        yield
    finally:
        for each in running:
            each.kill()


def test_visits_are_taken_without_a_broker(system: System):
    day, phone = system.fresh_day(), system.api("visits")
    with system.down("rabbitmq"):
        visit(system, phone, day, 1)
        visit(system, phone, day, 2)
    assert system.reported(NATION_ID, day, phone)["visits"] == 2 * COUNT


def test_everybody_works_without_reporting(system: System):
    day, phone, training, teams = system.fresh_day(), *(system.api(s) for s in ("visits", "training", "teams"))
    network = system.network
    with system.down("reporting-api", "reporting-worker", "reporting-worker-2"):
        visit(system, phone, day, 3)
        teams.batch("/v1/people/batch", [network.world.person("without reporting", n) for n in range(5)])
        attendance = {"person_id": network.world.id("somebody"), "session_id": network.session_id}
        attendance |= {"unit_id": network.communes[0], "day": network.session_day.isoformat()}
        assert training.post("/v1/attendance", attendance)["outcome"] == "stored"
    assert system.reported(NATION_ID, day, phone, teams)["visits"] == COUNT


def test_visits_work_and_start_without_teams(system: System):
    """They know the units from their mirror: even a process that starts now asks nobody."""
    day, phone = system.fresh_day(), system.api("visits")
    with system.down("teams-api", "teams-worker"):
        visit(system, phone, day, 4)
        assert system.reported(NATION_ID, day, phone)["visits"] == COUNT
    with (
        system.down("teams-api", "teams-worker", "visits-api", "visits-worker"),
        by_hand(system, "visits-api", "visits-worker"),
    ):
        visit(system, phone, day, 5)
        assert system.reported(NATION_ID, day, phone)["visits"] == 2 * COUNT
    assert system.reported(NATION_ID, day, phone)["visits"] == 2 * COUNT


def test_without_its_database_a_service_says_so_and_keeps_standing(system: System):
    day = system.fresh_day()
    rows = [body for _, body in visits(system.network.crews, COUNT, day, 6)]
    url = system.of.api_url("visits")
    with system.http("visits") as http:
        with system.down("postgres"):
            answer = http.post("/v1/visits/batch", json={"rows": rows})
            assert (answer.status_code, answer.json()["code"]) == (503, "not-ready")
            assert int(answer.headers["Retry-After"]) > 0
            assert http_get(f"{url}/healthz")[0] == 200
            eventually("visits not ready", lambda: http_get(f"{url}/readyz")[0] == 503)
        phone = system.api("visits")
        results = phone.batch("/v1/visits/batch", rows, "visit_id")
    assert {result["outcome"] for result in results} <= {"stored", "flagged"}
    assert system.reported(NATION_ID, day, phone)["visits"] == COUNT


def test_all_of_it_verifies(system: System):
    system.ready()
    system.assert_verified()

"""Numbers of households: declared, read as of a day and in sum, and by a file whose worker is killed."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from ops.local.provision import Database
from services.visits.domain.households import (
    HOUSEHOLDS,
    Declaration,
    DeclarationReason,
    DeclareHouseholds,
    Qualifier,
    WithdrawHouseholds,
)
from services.visits.files.templates import TEMPLATES
from services.visits.public import Publisher
from services.visits.queries.households import HouseholdQueries
from services.visits.wiring import PARTITIONS, jobs_of, partition_of, records_of
from shared.access import Actor
from shared.jobs import FINAL, IMPORT, RESULT
from shared.kit import Kit
from shared.sheets import write_csv
from shared.unit_directory import UnitDirectory
from tests.visits_kit import envelope, opened, project
from tests.waiting import eventually, free_port

DAY = date(2025, 12, 31)


@pytest.fixture
def db(database: Callable[..., Database]) -> Database:
    return database("visits")


@pytest.fixture
def kit(db: Database) -> Iterator[Kit]:
    with opened(db) as kit:
        yield kit


def declared(unit: str, total: int, day: date = DAY, qualifier: Qualifier = Qualifier.EXACT) -> DeclareHouseholds:
    return DeclareHouseholds(unit, Declaration(day, total, qualifier, "Báo cáo"))


def test_what_counts_on_a_day_and_in_sum(kit: Kit) -> None:
    handler = kit.handler(HOUSEHOLDS, partition_of=partition_of)
    queries, tree = HouseholdQueries(kit.engine), UnitDirectory(kit.engine).tree()
    for command in (
        declared("v1", 100),
        declared("v1", 130, date(2026, 6, 30)),
        declared("v2", 50),
        WithdrawHouseholds("v2", DAY, DeclarationReason.WRONG_UNIT),
        declared("v3", 70, qualifier=Qualifier.ABOUT),
        declared("c3", 900),
    ):
        handler.handle(envelope(command))
    project(kit, records_of(kit))

    of_village = queries.of("v1", date(2026, 6, 29))
    assert (of_village["counts"]["total"], [each["total"] for each in of_village["declared"]]) == (100, [100, 130])
    assert queries.of("v1", date(2025, 12, 30))["counts"] is None

    def below(unit: str, day: date = date(2026, 7, 1), after: str = "", limit: int = 100) -> dict[str, Any]:
        return queries.below(unit, day, tree, after, limit)

    assert below("c1")["sum"] == {
        "total": 130,
        "exact": False,
        "units": 2,
        "units_declared": 1,
        "oldest_day": date(2026, 6, 30),
    }
    assert [(each["unit_id"], each["total"]) for each in below("c1")["households"]] == [("v1", 130), ("v2", None)]
    assert below("p1")["sum"]["total"] == 200 and below("p1", DAY)["sum"]["total"] == 170
    assert below("nation")["sum"] | {"oldest_day": None} == {
        "total": 1100,
        "exact": False,
        "units": 4,
        "units_declared": 3,
        "oldest_day": None,
    }
    assert below("v1")["sum"]["exact"] and below("p1", date(2025, 1, 1))["sum"]["total"] is None
    first = below("nation", limit=3)
    rest = below("nation", after=first["next"], limit=3)
    assert [each["unit_id"] for page in (first, rest) for each in page["households"]] == ["c3", "v1", "v2", "v3"]
    assert rest["next"] is None and "sum" not in rest

    public = [
        Publisher(UnitDirectory(kit.engine))(event) for p in range(PARTITIONS) for event in kit.log.read(p, 0, 99)
    ]
    assert Counter(p.type for p in public if p) == {"HouseholdsDeclared": 5, "HouseholdsWithdrawn": 1}
    assert {p.commune for p in public if p} == {"c1", "c2", "c3"}


VILLAGES, FIGURES = 3, 400
ROWS = VILLAGES * FIGURES


def rows() -> Iterator[dict[str, Any]]:
    """Figures for every day from 1/8/2025 on; every hundredth row is bad."""
    for n in range(ROWS):
        village, day = f"v{n % VILLAGES + 1}", date.fromordinal(date(2025, 8, 1).toordinal() + n // VILLAGES)
        commune = "c2" if village == "v3" else "c1"
        bad = n % 100 == 99
        yield {"unit": commune, "village": "x" if bad else village, "total": n, "day": day, "source": "Báo cáo"}


def test_a_worker_killed_in_the_middle_of_a_file_changes_nothing(
    kit: Kit, db: Database, rabbit: Any, tmp_path: Path
) -> None:
    environment = {
        **os.environ,
        "TUNGNHA_SERVICE_DATABASE_URL": db.app_url,
        "TUNGNHA_VAULT_DATABASE_URL": db.vault_url,
        "TUNGNHA_SERVICE_AMQP_URI": rabbit.uri("visits"),
        "TUNGNHA_WORKER_ADDRESS": f"127.0.0.1:{free_port()}",
        "TUNGNHA_HASH_KEY": "11" * 32,
        "TUNGNHA_FEED_TOKEN": "unused",
        "TUNGNHA_SOURCES": '{"teams": "http://127.0.0.1:9"}',
    }

    def worker() -> subprocess.Popen[bytes]:
        with (tmp_path / "worker.log").open("ab") as output:
            command = [sys.executable, "-W", "ignore", "-m", "services.visits", "worker"]
            return subprocess.Popen(command, env=environment, stdout=output, stderr=output)

    jobs, actor = jobs_of(kit), Actor("clerk", frozenset({"visits:write"}), frozenset({"nation"}))
    content = b"".join(write_csv(TEMPLATES["households"].sheets[0].columns, rows()))

    def submitted() -> UUID:
        received = jobs.receive(io.BytesIO(content), "csv")
        params = {"template": "households", "dry_run": False}
        return jobs.submit(IMPORT, params, actor, received, locale="vi", key=None)[0].job_id

    job_id, running = submitted(), worker()
    try:
        for done in (0, 500):
            eventually(lambda done=done: (job := jobs.get(job_id)) and (job.done_rows > done or job.state in FINAL))
            running.kill()
            running.wait()
            if done:  # the lease of the first one has run out by itself
                with kit.engine.begin() as connection:
                    connection.execute(text("UPDATE jobs.jobs SET leased_until = now() WHERE leased_until > now()"))
            running = worker()
        job = eventually(lambda: (job := jobs.get(job_id)) and job.state in FINAL and job)
        assert (job.state, job.counts) == ("done", {"stored": ROWS - ROWS // 100, "rejected": ROWS // 100})
        again = submitted()
        job = eventually(lambda: (job := jobs.get(again)) and job.state in FINAL and job)
        assert job.counts == {"repeated": ROWS - ROWS // 100, "rejected": ROWS // 100}
    finally:
        running.terminate()
        assert running.wait(20) == 0, (tmp_path / "worker.log").read_text()[-3000:]
    with kit.engine.connect() as connection:
        assert connection.execute(
            text("SELECT count(*) FROM log.events WHERE type = 'HouseholdsDeclared'")
        ).scalar() == (ROWS - ROWS // 100)
    lines = b"".join(jobs.file(again, RESULT)).decode("utf-8-sig").splitlines()
    assert len(lines) == ROWS + 1 and "B101" in lines[100]

"""Jobs on PostgreSQL: sealed uploads, leases and their fence, going on after a crash, giving up, expiry."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, BinaryIO
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from ops.local.provision import Database
from shared.access import Actor
from shared.db import engine
from shared.jobs import RESULT, UPLOAD, Done, Job, Jobs, Runner, State, Upload
from shared.jobs.leases import MOST_TRIES, LeaseLost, Leases
from shared.jobs.model import RowResult
from shared.jobs.store import PIECE
from shared.problems import Problem
from shared.sheets.finding import Finding, SheetError
from shared.vault import PostgresKeys, Vault

CLERK = Actor("clerk", frozenset({"teams:write"}), frozenset({"c1"}))
SECRET = "Trần Thị Bưởi"


class Lines:
    """Counts the lines of a file, one row each, two a step; some steps fail."""

    name = "lines"

    def __init__(self) -> None:
        self.opened: list[tuple[int, int]] = []
        self.steps: list[int] = []
        self.failing: Callable[[int], None] = lambda cursor: None

    def resumable(self, job: Job) -> bool:
        return not job.params.get("dry_run")

    def open(self, job: Job, upload: Upload | None, earlier: Sequence[RowResult]) -> LinesWork:
        self.opened.append((job.cursor, len(earlier)))
        content = upload.open().read().decode() if upload else ""
        if content == "bad":
            raise SheetError(Finding("file-encoding", row=3))
        return LinesWork(self, content.splitlines())


class LinesWork:
    state = State.APPLYING

    def __init__(self, task: Lines, lines: list[str]) -> None:
        self._task, self._lines, self.total = task, lines, len(lines)

    def step(self, cursor: int) -> Done:
        self._task.failing(cursor)
        self._task.steps.append(cursor)
        end = min(cursor + 2, self.total)
        found = [
            RowResult(n, "rejected", (Finding("cell-missing", row=n + 1),), row=n + 1)
            if self._lines[n] == ""
            else RowResult(n, "stored", row=n + 1, position=f"0:{n}" if n % 2 else None)
            for n in range(cursor, end)
        ]
        return Done(end if end < self.total else None, found, {"seen": end})

    def result(self, results: Iterable[RowResult], to: BinaryIO) -> None:
        to.write("\n".join(f"{r.index} {r.outcome}" for r in results).encode())

    def close(self) -> None:
        self._lines = []


@pytest.fixture(scope="module")
def db(module_database: Callable[..., Database]) -> Database:
    return module_database("teams")


@pytest.fixture
def tables(db: Database) -> Iterator[Engine]:
    made = engine(db.app_url, name="jobs-test", pool_size=6)
    with made.begin() as tx:
        tx.execute(text("DELETE FROM jobs.jobs"))
    yield made
    made.dispose()


@pytest.fixture
def jobs(db: Database, tables: Engine) -> Iterator[Jobs]:
    keys = engine(db.vault_url, name="jobs-test-vault", pool_size=2)
    yield Jobs(tables, Vault(PostgresKeys(keys), ttl=0.0), b"k" * 32, retention=timedelta(days=7))
    while _LEASES:
        _LEASES.pop().close()
    keys.dispose()


def submit(jobs: Jobs, content: str = "a\n\nb\nc\nd", **params: Any) -> Job:
    received = jobs.receive([content.encode()], "csv")
    return jobs.submit("lines", params, CLERK, received)[0]


def runner(jobs: Jobs, task: Lines) -> Runner:
    leases = Leases(jobs, 30.0)
    _LEASES.append(leases)
    return Runner(jobs, [task], lambda: {0: 7}, leases=leases)


_LEASES: list[Leases] = []


def run(running: Runner) -> None:
    while running.step():
        pass


def known(jobs: Jobs, job: Job) -> Job:
    found = jobs.get(job.job_id)
    assert found is not None
    return found


def expire_leases(tables: Engine) -> None:
    with tables.begin() as tx:
        tx.execute(
            text("UPDATE jobs.jobs SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL")
        )


def test_a_job_is_done_step_by_step(jobs: Jobs) -> None:
    task = Lines()
    job = submit(jobs, dry_run=False)
    assert (job.state, job.actor, job.cursor) == (State.WAITING, CLERK, 0)
    run(runner(jobs, task))
    job = known(jobs, job)
    assert (job.state, job.counts, job.total, job.summary) == (State.DONE, {"stored": 4, "rejected": 1}, 5, {"seen": 5})
    assert (job.heads, task.steps, job.has_result) == ({0: 7}, [0, 2, 4], True)
    assert b"".join(jobs.file(job.job_id, RESULT)) == b"0 stored\n1 rejected\n2 stored\n3 stored\n4 stored"
    pages, after = [], ""
    while after is not None:
        page, after = jobs.results(job.job_id, after, 2)
        pages.append([(r.index, r.outcome, [f.cell for f in r.findings], r.position) for r in page])
    assert [r for page in pages for r in page] == [
        (0, "stored", [], None),
        (1, "rejected", ["2"], None),
        (2, "stored", [], None),
        (3, "stored", [], "0:3"),
        (4, "stored", [], None),
    ]
    assert all(len(page) <= 2 for page in pages)


def test_files_lie_sealed_piece_by_piece(jobs: Jobs, tables: Engine) -> None:
    content = (SECRET * 150_000).encode()
    received = jobs.receive([content[:10], content[10:]], "csv")
    assert received.size == len(content) > 2 * PIECE
    assert b"".join(jobs.file(received.job_id, UPLOAD)) == content
    with tables.begin() as tx:
        pieces = tx.execute(
            text("SELECT data FROM jobs.files WHERE job_id = :id ORDER BY n"), {"id": received.job_id}
        ).scalars()
        stored = [bytes(piece) for piece in pieces]
        assert len(stored) == -(-len(content) // PIECE)
        assert not any(SECRET.encode() in piece for piece in stored)
        # A piece in another place is no piece.
        tx.execute(text("UPDATE jobs.files SET n = -1 WHERE job_id = :id AND n = 0"), {"id": received.job_id})
        tx.execute(text("UPDATE jobs.files SET n = 0 WHERE job_id = :id AND n = 1"), {"id": received.job_id})
    with pytest.raises(Exception):  # noqa: B017  # cryptography's own
        list(jobs.file(received.job_id, UPLOAD))


def test_an_upload_that_breaks_off_leaves_nothing(jobs: Jobs, tables: Engine) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x" * (PIECE + 1)
        raise Problem("timeout")

    with tables.begin() as tx:
        before = tx.execute(text("SELECT count(*) FROM jobs.files")).scalar()
    with pytest.raises(Problem):
        jobs.receive(pieces(), "csv")
    with tables.begin() as tx:
        assert tx.execute(text("SELECT count(*) FROM jobs.files")).scalar() == before


def test_one_key_is_one_job(jobs: Jobs) -> None:
    key = uuid4()

    def send(content: bytes, **params: Any) -> tuple[Job, bool]:
        return jobs.submit("lines", params, CLERK, jobs.receive([content], "csv"), key=key)

    first, new = send(b"a")
    again, newer = send(b"a")
    assert (new, newer, again.job_id) == (True, False, first.job_id)
    for content, params in ((b"b", {}), (b"a", {"dry_run": True})):
        with pytest.raises(Problem) as caught:
            send(content, **params)
        assert caught.value.code == "conflict"
    other = Actor("another", frozenset(), frozenset())
    assert jobs.submit("lines", {}, other, jobs.receive([b"c"], "csv"), key=key)[1]


def test_another_worker_goes_on_where_one_died(jobs: Jobs, tables: Engine) -> None:
    task = Lines()
    job = submit(jobs)
    dying = runner(jobs, task)
    dying.step()  # opens
    dying.step()  # the first two lines; then it is gone
    assert known(jobs, job).cursor == 2
    waiting = runner(jobs, task)
    assert waiting.step() == 0, "the lease still holds"
    expire_leases(tables)
    run(waiting)
    assert known(jobs, job).counts == {"stored": 4, "rejected": 1}
    assert (task.opened, task.steps) == ([(0, 0), (2, 2)], [0, 2, 4])
    # What was taken away from it can commit nothing any more.
    dying.step()
    assert known(jobs, job).counts == {"stored": 4, "rejected": 1}
    assert len(list(jobs.all_results(job.job_id))) == 5


def test_a_lease_lives_as_long_as_its_worker(jobs: Jobs, tables: Engine) -> None:
    job = submit(jobs)
    first, second = Leases(jobs, 0.4), Leases(jobs, 0.4)
    lease = first.take(dict)
    assert lease is not None
    threading.Event().wait(0.8)
    assert second.take(dict) is None, "the keeper renews it"
    first.close()
    threading.Event().wait(0.6)
    taken = second.take(dict)
    assert taken is not None
    assert taken.job.job_id == job.job_id
    with pytest.raises(LeaseLost):
        first.move(lease, 0, 1, State.APPLYING, 5, {}, [], None)
    with pytest.raises(LeaseLost):
        first.finish(lease, State.DONE)
    second.close()


def test_what_lives_in_memory_begins_again(jobs: Jobs, tables: Engine) -> None:
    task = Lines()
    job = submit(jobs, dry_run=True)
    dying = runner(jobs, task)
    dying.step()
    dying.step()
    expire_leases(tables)
    run(runner(jobs, task))
    assert task.opened == [(0, 0), (0, 0)]
    assert known(jobs, job).counts == {"stored": 4, "rejected": 1}
    assert len(list(jobs.all_results(job.job_id))) == 5


def test_a_long_job_does_not_hold_up_a_short_one(jobs: Jobs) -> None:
    task = Lines()
    submit(jobs, "\n".join("x" * 20))
    short = submit(jobs, "a")
    running = runner(jobs, task)
    for _ in range(6):
        running.step()
    assert known(jobs, short).state == State.DONE


def test_a_worker_that_stops_gives_its_jobs_back(jobs: Jobs) -> None:
    task = Lines()
    job = submit(jobs)
    stopping = runner(jobs, task)
    stopping.step()
    stopping.step()
    stopping.close()
    run(runner(jobs, task))
    assert known(jobs, job).state == State.DONE


def test_a_file_that_cannot_be_used_fails_its_job(jobs: Jobs) -> None:
    job = submit(jobs, "bad")
    run(runner(jobs, Lines()))
    job = known(jobs, job)
    assert (job.state, job.problem) == (State.FAILED, {"findings": [{"c": "file-encoding", "r": 3}]})


def test_a_step_that_fails_again_and_again_ends_the_job(jobs: Jobs, tables: Engine) -> None:
    task = Lines()

    def fail(cursor: int) -> None:
        if cursor == 2:
            raise RuntimeError(SECRET)

    task.failing = fail
    job = submit(jobs)
    running = runner(jobs, task)
    tries = 0
    while known(jobs, job).state not in (State.FAILED, State.DONE):
        try:
            running.step()
        except RuntimeError:
            tries += 1
            expire_leases(tables)  # the pause is over
    assert tries == MOST_TRIES + 1, "the first step of a worker that moved on does not count"
    job = known(jobs, job)
    assert job.problem == {"findings": [{"c": "job-gave-up"}]}
    assert job.counts == {"stored": 1, "rejected": 1}


def test_a_job_that_begins_anew_each_time_is_given_up_too(jobs: Jobs, tables: Engine) -> None:
    task = Lines()

    def fail(cursor: int) -> None:
        if cursor == 2:
            raise RuntimeError

    task.failing = fail
    job = submit(jobs, dry_run=True)
    running = runner(jobs, task)
    tries = 0
    while known(jobs, job).state != State.FAILED:
        try:
            running.step()
        except RuntimeError:
            tries += 1
            expire_leases(tables)
    assert tries == MOST_TRIES
    assert task.steps == [0] * MOST_TRIES
    assert known(jobs, job).problem == {"findings": [{"c": "job-gave-up"}]}


def test_a_passing_fault_is_not_held_against_the_job(jobs: Jobs, tables: Engine) -> None:
    from shared.log import LogUnavailable

    task = Lines()
    faults = iter([True] * (MOST_TRIES + 3))

    def fail(cursor: int) -> None:
        if next(faults, False):
            raise LogUnavailable("57P01")

    task.failing = fail
    job = submit(jobs)
    running = runner(jobs, task)
    while known(jobs, job).state != State.DONE:
        try:
            running.step()
        except LogUnavailable:
            expire_leases(tables)
    assert known(jobs, job).counts == {"stored": 4, "rejected": 1}


def test_cancelling(jobs: Jobs) -> None:
    task = Lines()
    waiting = submit(jobs)
    cancelled = jobs.cancel(waiting.job_id)
    assert cancelled is not None
    assert cancelled.state == State.CANCELLED
    job = submit(jobs)
    running = runner(jobs, task)
    running.step()
    running.step()
    found = jobs.cancel(job.job_id)
    assert found is not None
    assert (found.state, found.cancelling) == (State.APPLYING, True)
    run(running)
    job = known(jobs, job)
    assert (job.state, job.has_result, task.steps) == (State.CANCELLED, True, [0, 2])
    done = jobs.cancel(job.job_id)
    assert done is not None
    assert done.state == State.CANCELLED
    assert jobs.cancel(uuid4()) is None


def test_files_and_keys_are_destroyed_when_their_time_is_up(jobs: Jobs, db: Database, tables: Engine) -> None:
    job = submit(jobs)
    run(runner(jobs, Lines()))
    assert jobs.sweep() == 0
    with tables.begin() as tx:
        tx.execute(text("UPDATE jobs.jobs SET expires_at = now() - interval '1 second'"))
        tx.execute(text("UPDATE jobs.files SET written_at = now() - interval '2 days'"))
    orphan = jobs.receive([b"nobody's"], "csv")
    with tables.begin() as tx:
        tx.execute(text("UPDATE jobs.files SET written_at = now() - interval '2 days'"))
    while jobs.sweep():
        pass
    job = known(jobs, job)
    assert (job.expired, job.has_result, job.state) == (True, False, State.DONE)
    assert list(jobs.file(job.job_id, RESULT)) == list(jobs.file(orphan.job_id, UPLOAD)) == []
    assert jobs.results(job.job_id) == ([], None)
    with tables.begin() as tx:
        assert tx.execute(text("SELECT count(*) FROM jobs.files")).scalar() == 0
    keys = engine(db.vault_url, name="look", pool_size=1)
    with keys.begin() as tx:
        assert tx.execute(text("SELECT count(*) FROM vault.keys WHERE subject LIKE 'job:%'")).scalar() == 0
    keys.dispose()

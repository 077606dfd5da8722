"""Training on PostgreSQL: commands, races between processes, read tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection

from ops.local.provision import Database
from services.training.domain import EVENTS
from services.training.domain.attendance import RecordAttendance
from services.training.domain.courses import OfferCourse
from services.training.domain.sessions import CancelSession, HoldSession, ScheduleSession, SessionPart
from services.training.domain.trainee import trainee_stream
from services.training.domain.words import CancelReason, Mode, Organiser, Part, Topic
from services.training.projections.certificates import Certificates
from services.training.projections.register import Register
from services.training.queries import sessions
from services.training.queries.base import as_of
from services.training.queries.sessions import SessionQueries
from services.training.wiring import handler_of
from shared.decider import Rejected
from shared.handler import Answer, Envelope, Handler
from shared.handling import handle_many
from shared.kit import Kit
from shared.log import Outcome
from shared.settings import Settings
from shared.subscription import Subscription

DAY, TODAY = date(2026, 11, 20), date(2026, 11, 21)
COURSE, SESSION = str(uuid4()), str(uuid4())
TrainingHandler = Handler[Any, Any, Any]


@dataclass
class Process:
    """What one api process holds."""

    kit: Kit
    handler: TrainingHandler

    def send(self, *commands: Any) -> list[Answer | Rejected]:
        now = datetime.now(UTC)
        return handle_many(self.handler, [Envelope(uuid4(), command, "test", now) for command in commands])

    def project(self) -> None:
        for projection in (Register(), Certificates()):
            subscription = Subscription(projection, self.kit.engine, self.kit.log)
            while subscription.step():
                pass


@pytest.fixture
def processes(database: Callable[..., Database]) -> Iterator[Callable[[], Process]]:
    made: list[Process] = []
    db = database("training")
    settings = Settings.from_env(
        {
            "TUNGNHA_SERVICE_DATABASE_URL": db.app_url,
            "TUNGNHA_VAULT_DATABASE_URL": db.vault_url,
            "TUNGNHA_HASH_KEY": "00" * 32,
        }
    )

    def start() -> Process:
        kit = Kit(settings, name="test", events=EVENTS, pool_size=2)
        made.append(Process(kit, handler_of(kit)))
        return made[-1]

    yield start
    for process in made:
        process.kit.close()


@pytest.fixture
def process(processes: Callable[[], Process]) -> Process:
    process = processes()
    parts = (SessionPart(DAY, Part.MORNING), SessionPart(DAY, Part.AFTERNOON))
    answers = process.send(
        OfferCourse(COURSE, "Kỹ năng số cơ bản", (Topic.PUBLIC_SERVICES,), Mode.IN_PERSON),
        ScheduleSession(SESSION, COURSE, "commune", Organiser.DEPARTMENT, parts, capacity=30),
    )
    assert outcomes(answers) == [Outcome.STORED, Outcome.STORED]
    return process


def outcomes(answers: list[Answer | Rejected]) -> list[Outcome | str]:
    return [answer.code if isinstance(answer, Rejected) else answer.outcome for answer in answers]


def attend(person: UUID, part: Part = Part.MORNING, **other: Any) -> RecordAttendance:
    return RecordAttendance(str(person), SESSION, other.pop("unit_id", "commune"), DAY, TODAY, part, **other)


def test_a_batch_on_a_new_session_and_its_figures(process: Process) -> None:
    people = [uuid4() for _ in range(40)]
    batch = [attend(person, part) for person in people for part in (Part.MORNING, Part.AFTERNOON)]
    assert set(outcomes(process.send(*batch))) == {Outcome.STORED}
    process.send(HoldSession(SESSION, TODAY))
    process.project()

    figures = SessionQueries(process.kit.engine).figures(SESSION)
    assert (figures.trainees, figures.attendances) == (40, 80)
    assert [(part["part"], part["attendances"]) for part in figures.parts] == [("afternoon", 40), ("morning", 40)]
    heads = process.kit.log.heads()
    assert figures.as_of == f"0:{heads[0]}"
    trainee, _ = process.handler.state(trainee_stream(str(people[0])))
    assert [(each.day, each.part, each.unit_id) for each in trainee.attended.values()] == [
        (DAY, "morning", "commune"),
        (DAY, "afternoon", "commune"),
    ]
    # course, session, 80 attendances, the session's opening, its holding
    assert heads == {0: 84}


def test_figures_of_a_session_are_of_one_moment(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody comes while they are read."""
    process.send(attend(uuid4()))
    process.project()

    def meanwhile(tx: Connection, name: str) -> str:
        position = as_of(tx, name)
        process.send(attend(uuid4()))
        process.project()
        return position

    monkeypatch.setattr(sessions, "as_of", meanwhile)
    queries = SessionQueries(process.kit.engine)
    for came in (1, 2):
        figures = queries.figures(SESSION)
        assert (figures.trainees, figures.attendances) == (came, came)


def test_a_process_that_has_not_heard_of_the_cancellation_cannot_record_attendance(
    process: Process, processes: Callable[[], Process]
) -> None:
    """The session is only read by an attendance, and read from a cache: opening it is what makes the two exclude."""
    other = processes()
    assert other.handler.state(f"session:{SESSION}")[1] == 1
    assert outcomes(process.send(CancelSession(SESSION, CancelReason.WEATHER))) == [Outcome.STORED]
    assert outcomes(other.send(attend(uuid4()))) == ["session-cancelled"]


def test_a_session_with_attendance_cannot_be_cancelled_by_a_process_that_has_not_heard_of_it(
    process: Process, processes: Callable[[], Process]
) -> None:
    other = processes()
    assert other.handler.state(f"session:{SESSION}")[1] == 1
    assert outcomes(process.send(attend(uuid4()))) == [Outcome.STORED]
    assert outcomes(other.send(CancelSession(SESSION, CancelReason.WEATHER))) == ["session-attended"]


def test_the_same_attendance_from_two_processes_counts_once(process: Process, processes: Callable[[], Process]) -> None:
    person = uuid4()
    for sender in (process, processes(), process):
        assert outcomes(sender.send(attend(person))) == [Outcome.STORED]
    process.project()
    assert SessionQueries(process.kit.engine).figures(SESSION).attendances == 1


def test_read_tables_rebuilt_event_by_event_are_equal(process: Process) -> None:
    process.send(*[attend(uuid4()) for _ in range(5)], HoldSession(SESSION, TODAY))
    process.project()
    with process.kit.engine.begin() as tx:
        whole = [list(tx.exec_driver_sql(f"TABLE read.{table}")) for table in ("sessions", "attendance")]
        tx.exec_driver_sql("DELETE FROM read.sessions; DELETE FROM read.attendance")
        for event in process.kit.log.read(0, 0, 100):
            Register().apply(tx, [("", event)])
        assert [list(tx.exec_driver_sql(f"TABLE read.{table}")) for table in ("sessions", "attendance")] == whole

"""Builds the pieces of training's processes from the settings."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from services.training.domain import EVENTS, TRAINING
from services.training.files.templates import TEMPLATES
from services.training.files.work import ImportTask
from services.training.messages import MESSAGES
from services.training.projections import seats
from services.training.projections.certificates import Certificates
from services.training.projections.obligations import Obligations
from services.training.projections.register import Register
from services.training.public import publisher
from services.training.queries.courses import CourseQueries
from services.training.queries.figures import Figures
from services.training.queries.flags import FlagQueries
from services.training.queries.identities import Identities
from services.training.queries.obligations import ObligationQueries
from services.training.queries.roll import RollQueries
from services.training.queries.sessions import SessionQueries
from services.training.reactions import joins
from services.training.reminding import Reminding
from shared.handler import Handler
from shared.handling import handle_many
from shared.health import Readiness
from shared.jobs import Jobs, Runner
from shared.kit import Kit
from shared.mirror import Mirror, Uses
from shared.problems import register
from shared.settings import Settings
from shared.unit_directory import UNIT_EVENTS, UnitDirectory, Units
from shared.worker import Definition, run_worker

PARTITIONS = 1
BATCH = 2_000
"""Events a step of a projection takes: the registry's history is 600,000 events long for whoever begins."""
GATHER = 0.25
"""Seconds. Files of attendance come by the thousand rows; the tables need not show the one just written at once."""
RUNNERS = 2
"""Files at once in a worker, a step of one while another's is with the database."""
USES: Uses = {"teams": UNIT_EVENTS | seats.EVENTS}


def jobs_of(kit: Kit) -> Jobs:
    retention = timedelta(days=kit.settings.job_retention_days)
    return Jobs(kit.engine, kit.vault, kit.settings.hash_key, retention=retention)


def handler_of(kit: Kit) -> Handler[Any, Any, Any]:
    """Most rules here read streams they do not write: a session, its course, whoever a person was joined into."""
    return Handler(kit.reader, kit.writer, TRAINING, kit.codec, hash_key=kit.settings.hash_key, guard_reads=True)


def api(settings: Settings) -> int:
    """Serve HTTP and ingest until told to stop; the exit code."""
    from services.training.service import TrainingService
    from services.training.service.allowance import Allowance
    from shared.edge_server import run_api

    register(MESSAGES)
    kit = Kit(settings, name="training-api", events=EVENTS)
    units = UnitDirectory(kit.engine)
    units.warm()
    readiness = Readiness()
    readiness.add("log", lambda: None if kit.log.heads() else "no partitions")
    pieces = {
        "handler": handler_of(kit),
        "units": units,
        "session_queries": SessionQueries(kit.engine),
        "course_queries": CourseQueries(kit.engine),
        "roll_queries": RollQueries(kit.engine),
        "flag_queries": FlagQueries(kit.engine),
        "look_ups": Allowance(per_second=50, burst=200),
        "identities": Identities(kit.lookups),
        "obligations": ObligationQueries(kit.engine, kit.lookups, units),
        "figures": Figures(kit.engine, units),
        "jobs": jobs_of(kit),
        "templates": TEMPLATES,
        "mirror": Mirror(kit.engine, USES),
        "log": kit.log,
        "publish": publisher(units.tree),
        "readiness": readiness,
    }
    return run_api(TrainingService, settings, provide=pieces, on_stop=[kit.close])


def worker(settings: Settings) -> int:
    register(MESSAGES)
    kit = Kit(settings, name="training-worker", events=EVENTS)
    units = UnitDirectory(kit.engine)
    handler = handler_of(kit)
    imports = ImportTask(handler, units, Identities(kit.lookups))
    runners = [Runner(jobs_of(kit), [imports], kit.log.heads, most_open=1) for _ in range(RUNNERS)]
    definition = Definition(
        "training",
        PARTITIONS,
        publish=publisher(units.tree),
        projections=[Units(), seats.Seats(), Register(), Obligations(), Certificates()],
        reactions=[joins(partial(handle_many, handler))],
        uses=USES,
        batch=BATCH,
        gather=GATHER,
        loops={
            **{f"jobs {n}": runner.step for n, runner in enumerate(runners, 1)},
            "units": partial(followed, units),
            "reminders": Reminding(kit.lookups, units, handler).step,
        },
    )
    return run_worker(definition, settings, kit.log, on_stop=[*(runner.close for runner in runners), kit.close])


def followed(units: UnitDirectory) -> int:
    """Have the tree of units before somebody waits for it: folding the nation's takes seconds."""
    units.tree()
    return 0

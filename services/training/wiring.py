"""Builds the pieces of training's processes from the settings."""

from __future__ import annotations

from datetime import timedelta

from services.training.domain import EVENTS, TRAINING
from services.training.files.templates import TEMPLATES
from services.training.files.work import ImportTask
from services.training.messages import MESSAGES
from services.training.projections import seats
from services.training.projections.obligations import Obligations
from services.training.projections.register import Register
from services.training.public import publisher
from services.training.queries.identities import Identities
from services.training.queries.obligations import ObligationQueries
from services.training.queries.people import PeopleQueries
from services.training.queries.sessions import SessionQueries
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
USES: Uses = {"teams": UNIT_EVENTS | seats.EVENTS}


def jobs_of(kit: Kit) -> Jobs:
    retention = timedelta(days=kit.settings.job_retention_days)
    return Jobs(kit.engine, kit.vault, kit.settings.hash_key, retention=retention)


def api(settings: Settings) -> int:
    """Serve HTTP and ingest until told to stop; the exit code."""
    from services.training.service import TrainingService
    from shared.edge_server import run_api

    register(MESSAGES)
    kit = Kit(settings, name="training-api", events=EVENTS)
    units = UnitDirectory(kit.engine)
    readiness = Readiness()
    readiness.add("log", lambda: None if kit.log.heads() else "no partitions")
    pieces = {
        "handler": kit.handler(TRAINING),
        "units": units,
        "sessions": SessionQueries(kit.engine),
        "people": PeopleQueries(kit.engine),
        "identities": Identities(kit.lookups),
        "obligations": ObligationQueries(kit.engine, kit.lookups, units),
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
    imports = ImportTask(kit.handler(TRAINING), units, Identities(kit.lookups))
    runner = Runner(jobs_of(kit), [imports], kit.log.heads)
    definition = Definition(
        "training",
        PARTITIONS,
        publish=publisher(units.tree),
        projections=[Units(), seats.Seats(), Register(), Obligations()],
        uses=USES,
        batch=BATCH,
        loops={"jobs": runner.step},
    )
    return run_worker(definition, settings, kit.log, on_stop=[runner.close, kit.close])

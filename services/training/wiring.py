"""Builds the pieces of training's processes from the settings."""

from __future__ import annotations

from services.training.domain import EVENTS, TRAINING
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
from shared.kit import Kit
from shared.mirror import Mirror, Uses
from shared.problems import register
from shared.settings import Settings
from shared.unit_directory import UNIT_EVENTS, UnitDirectory, Units
from shared.worker import Definition, run_worker

PARTITIONS = 1
USES: Uses = {"teams": UNIT_EVENTS | seats.EVENTS}


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
        "identities": Identities(kit.engine),
        "obligations": ObligationQueries(kit.engine, units),
        "mirror": Mirror(kit.engine, USES),
        "log": kit.log,
        "publish": publisher(units.tree),
        "readiness": readiness,
    }
    return run_api(TrainingService, settings, provide=pieces, on_stop=[kit.close])


def worker(settings: Settings) -> int:
    kit = Kit(settings, name="training-worker")
    definition = Definition(
        "training",
        PARTITIONS,
        publish=publisher(UnitDirectory(kit.engine).tree),
        projections=[Units(), seats.Seats(), Register(), Obligations()],
        uses=USES,
    )
    return run_worker(definition, settings, kit.log, on_stop=[kit.close])

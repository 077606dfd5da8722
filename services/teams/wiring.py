"""Builds the pieces of teams' processes from the settings."""

from __future__ import annotations

from typing import Any

from services.teams.blind_index import BlindIndex
from services.teams.domain import DECIDER, EVENTS
from services.teams.messages import MESSAGES
from services.teams.projections.affairs import Affairs
from services.teams.projections.people import People
from services.teams.projections.registry import Registry
from services.teams.public import Publisher
from shared.handler import Handler
from shared.health import Readiness
from shared.kit import Kit
from shared.problems import register
from shared.settings import Settings
from shared.unit_directory import UnitDirectory, Units
from shared.worker import Definition, run_worker

PARTITIONS = 1
KEPT_STREAMS = 60_000
"""States kept in memory: the units and people of a large import come again and again."""


def handler_of(kit: Kit) -> Handler[Any, Any, Any]:
    """Most rules here read streams they do not write (a unit, a document, people), so nothing old may decide."""
    return Handler(
        kit.reader,
        kit.writer,
        DECIDER,
        kit.codec,
        hash_key=kit.settings.hash_key,
        cache_size=KEPT_STREAMS,
        trust_cache=False,
    )


def api(settings: Settings) -> int:
    """Serve HTTP until told to stop; the exit code."""
    from services.teams.authority import Authority
    from services.teams.intake import Intake
    from services.teams.people import People
    from services.teams.queries import Queries
    from services.teams.queries.affairs import AffairQueries
    from services.teams.service import TeamsService
    from shared.edge_server import run_api

    register(MESSAGES)
    kit = Kit(settings, name="teams-api", events=EVENTS)
    handler, units = handler_of(kit), UnitDirectory(kit.engine)
    authority = Authority(units, handler)
    readiness = Readiness()
    readiness.add("log", lambda: None if kit.log.heads() else "no partitions")
    pieces = {
        "handler": handler,
        "intake": Intake(handler, authority),
        "authority": authority,
        "units": units,
        "queries": Queries(kit.engine, units),
        "people": People(kit.log, kit.codec, kit.vault),
        "affairs": AffairQueries(kit.engine, units, kit.log, kit.codec),
        "log": kit.log,
        "publish": Publisher(units),
        "readiness": readiness,
    }
    return run_api(TeamsService, settings, provide=pieces, on_stop=[kit.close])


def worker(settings: Settings) -> int:
    """Relay and projections until told to stop; the exit code."""
    kit = Kit(settings, name="teams-worker", events=EVENTS)
    definition = Definition(
        "teams",
        PARTITIONS,
        publish=Publisher(UnitDirectory(kit.engine)),
        projections=[Units(""), Registry(), Affairs(), People(kit.codec, kit.vault, BlindIndex(kit.settings.hash_key))],
    )
    return run_worker(definition, settings, kit.log, on_stop=[kit.close])

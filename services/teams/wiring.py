"""Builds the pieces of teams' processes from the settings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.teams.domain import DECIDER, EVENTS
from services.teams.files.templates import TEMPLATES
from services.teams.files.work import ImportTask
from services.teams.messages import MESSAGES
from services.teams.projections.affairs import Affairs
from services.teams.projections.people import People as PeopleTables
from services.teams.projections.registry import Registry
from services.teams.projections.warnings import Unjudged, Warnings
from services.teams.public import Publisher
from services.teams.reactions import Judge
from services.teams.reform.census import Census
from services.teams.reform.pieces import Pieces as ReformPieces
from services.teams.reform.store import Store as ReformStore
from services.teams.reform.task import ReformTask
from shared.blind_index import BlindIndex
from shared.handler import Handler
from shared.health import Readiness
from shared.jobs import Jobs, Runner, Task
from shared.kit import Kit
from shared.problems import register
from shared.settings import Settings
from shared.unit_directory import UnitDirectory, Units
from shared.worker import Definition, run_worker

PARTITIONS = 1
KEPT_STREAMS = 60_000
"""States kept in memory: the units and people of a large import come again and again."""


def handler_of(kit: Kit) -> Handler[Any, Any, Any]:
    """Most rules here read streams they do not write (a unit, a document, people)."""
    return Handler(
        kit.reader,
        kit.writer,
        DECIDER,
        kit.codec,
        hash_key=kit.settings.hash_key,
        cache_size=KEPT_STREAMS,
        guard_reads=True,
    )


def index_of(kit: Kit) -> BlindIndex:
    return BlindIndex(kit.settings.hash_key, b"tungnha teams: blind index of people 1")


def jobs_of(kit: Kit) -> Jobs:
    retention = timedelta(days=kit.settings.job_retention_days)
    return Jobs(kit.engine, kit.vault, kit.settings.hash_key, retention=retention)


def tasks_of(kit: Kit, handler: Handler[Any, Any, Any], units: UnitDirectory) -> list[Task]:
    """What the worker does beside following the log: each is a kind of job."""
    reforms = ReformPieces(handler, units, ReformStore(kit.engine), Census(kit.engine), kit.log)
    return [ImportTask(handler, units, kit.settings.hash_key), ReformTask(reforms)]


def api(settings: Settings) -> int:
    """Serve HTTP until told to stop; the exit code."""
    from services.teams.authority import Authority
    from services.teams.intake import Intake
    from services.teams.people import People
    from services.teams.queries import Queries
    from services.teams.queries.affairs import AffairQueries
    from services.teams.queries.citations import Citations
    from services.teams.queries.duplicates import Duplicates
    from services.teams.queries.files import FileQueries
    from services.teams.queries.matching import Matching
    from services.teams.queries.people import PeopleQueries
    from services.teams.queries.policy import WarningQueries
    from services.teams.queries.proposals import Standings
    from services.teams.queries.rearrangements import Rearrangements
    from services.teams.queries.summary import Summaries
    from services.teams.service import TeamsService
    from shared.edge_server import run_api

    register(MESSAGES)
    kit = Kit(settings, name="teams-api", events=EVENTS)
    handler, units = handler_of(kit), UnitDirectory(kit.engine)
    units.warm()
    authority, seated = Authority(units, handler), PeopleQueries(kit.engine, units)
    queries = Queries(kit.engine, kit.lookups, units, kit.log)
    people = People(kit.log, kit.codec, kit.vault, seated, authority)
    readiness = Readiness()
    readiness.add("log", lambda: None if kit.log.heads() else "no partitions")
    pieces = {
        "handler": handler,
        "intake": Intake(handler, authority),
        "authority": authority,
        "units": units,
        "queries": queries,
        "standings": Standings(kit.engine, units, queries.folds),
        "rearrangements": Rearrangements(kit.log),
        "summaries": Summaries(kit.engine, units, queries.folds),
        "citations": Citations(kit.engine),
        "people": people,
        "people_queries": seated,
        "duplicates": Duplicates(kit.engine, units, seated),
        "matching": Matching(kit.engine, seated, index_of(kit)),
        "affairs": AffairQueries(kit.engine, units, kit.log, kit.codec),
        "warnings": WarningQueries(kit.engine, units),
        "jobs": jobs_of(kit),
        "files": FileQueries(kit.engine, units, queries, people),
        "templates": TEMPLATES,
        "reforms": ReformStore(kit.engine),
        "log": kit.log,
        "publish": Publisher(units),
        "readiness": readiness,
    }
    return run_api(TeamsService, settings, provide=pieces, on_stop=[kit.close])


def worker(settings: Settings) -> int:
    """Relay, projections and jobs until told to stop; the exit code."""
    register(MESSAGES)
    kit = Kit(settings, name="teams-worker", events=EVENTS)
    units = UnitDirectory(kit.engine)
    judge = Judge(kit.engine, kit.log, kit.codec, handler_of(kit), units)
    runner = Runner(jobs_of(kit), tasks_of(kit, handler_of(kit), units), kit.log.heads)
    definition = Definition(
        "teams",
        PARTITIONS,
        publish=Publisher(units),
        projections=[
            Units(""),
            Registry(),
            Affairs(),
            Unjudged(),
            Warnings(),
            PeopleTables(kit.codec, kit.vault, index_of(kit)),
        ],
        loops={"jobs": runner.step, "warnings": judge.step},
    )
    return run_worker(definition, settings, kit.log, on_stop=[runner.close, kit.close])

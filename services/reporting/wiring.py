"""Builds the pieces of reporting's processes from the settings."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime

from services.reporting.domain import USES as COUNTED
from services.reporting.domain import declared, notes
from services.reporting.maps import Maps
from services.reporting.messages import MESSAGES
from services.reporting.own import Own
from services.reporting.projections import Figures
from services.reporting.public import publish
from services.reporting.queries.board import Boards
from services.reporting.queries.campaigns import CampaignQueries
from services.reporting.queries.declared import DeclaredQueries
from services.reporting.queries.known import KnownReports
from services.reporting.queries.notes import NoteQueries
from services.reporting.queries.reports import Reports
from services.reporting.queries.sources import Sources
from services.reporting.queries.standing import Area
from services.reporting.upgrade import Upgrade
from shared.access import Verifier
from shared.health import Readiness
from shared.kit import Kit
from shared.mirror import Mirror, Uses
from shared.problems import register
from shared.settings import Settings
from shared.unit_directory import UNIT_EVENTS, UnitDirectory, Units
from shared.vietnamese import hanoi_day
from shared.worker import Definition, Loop, run_worker

PARTITIONS = 1
EVENTS: tuple[type, ...] = (*declared.EVENTS, *notes.EVENTS)
USES: Uses = {source: types | UNIT_EVENTS if source == "teams" else types for source, types in COUNTED.items()}


def today() -> date:
    return hanoi_day(datetime.now(UTC))


def api(settings: Settings) -> int:
    """Serve HTTP and ingest until told to stop; the exit code."""
    from services.reporting.service import ReportingService
    from services.reporting.service.campaign_pages import page_hub
    from services.reporting.service.campaigns import board_hub
    from shared.edge_server import run_api

    register(MESSAGES)
    kit = Kit(settings, name="reporting-api", events=EVENTS)
    readiness = Readiness()
    readiness.add("log", lambda: None if kit.log.heads() else "no partitions")
    area = Area(kit.engine, UnitDirectory(kit.engine), today, kit.lookups)
    boards = Boards(area)
    verifier = Verifier(settings.jwks, settings.issuer)
    pieces: Mapping[str, object] = {
        "area": area,
        "reports": Reports(area, kit.questions),
        "known": KnownReports(area),
        "sources": Sources(area),
        "campaigns": CampaignQueries(area),
        "boards": boards,
        "board_hub": board_hub(boards),
        "page_hub": page_hub(boards),
        "declared": kit.handler(declared.DECLARED),
        "declared_queries": DeclaredQueries(area, kit.log, kit.codec),
        "notes": kit.handler(notes.NOTES),
        "note_queries": NoteQueries(area, kit.log, kit.codec),
        "vault": kit.vault,
        "mirror": Mirror(kit.engine, USES),
        "log": kit.log,
        "publish": publish,
        "readiness": readiness,
        "verifier": verifier,
        "secure_cookies": settings.secure_cookies,
    }
    return run_api(ReportingService, settings, provide=pieces, verifier=verifier, on_stop=[kit.close])


def worker(settings: Settings) -> int:
    kit = Kit(settings, name="reporting-worker")
    definition = Definition(
        "reporting", PARTITIONS, projections=[Units(), Figures(UnitDirectory(kit.engine)), Own()], uses=USES
    )
    # Beside the kernel's loops: units change and days pass without an event of the figures.
    stop = threading.Event()
    maps = Maps(kit.engine, UnitDirectory(kit.engine), today)
    upgrade = Upgrade(kit.engine, UnitDirectory(kit.engine), today, USES)
    Loop("maps", maps.settle, stop, idle=(0.2, 0.5)).start()
    Loop("upgrade", upgrade.step, stop, idle=(0.5, 2.0)).start()
    return run_worker(definition, settings, kit.log, on_stop=[stop.set, kit.close])

"""Builds the pieces of visits' processes from the settings."""

from __future__ import annotations

from zlib import crc32

from services.visits.domain import (
    CAMPAIGNS,
    PLACES,
    CampaignCancelled,
    CampaignScheduled,
    PlaceRegistered,
    VisitRecorded,
)
from services.visits.domain.catalogue import CATALOGUE, CatalogueEntryEnded, CatalogueEntrySet
from services.visits.messages import MESSAGES
from services.visits.projections.activity import Activity
from services.visits.projections.catalogue import CatalogueEntries
from services.visits.projections.network import NETWORK_EVENTS, Network
from services.visits.public import Publisher
from shared.health import Readiness
from shared.kit import Kit
from shared.mirror import Mirror, Uses
from shared.problems import register
from shared.settings import Settings
from shared.unit_directory import UNIT_EVENTS, UnitDirectory, Units
from shared.worker import Definition, run_worker

EVENTS = (
    VisitRecorded,
    PlaceRegistered,
    CampaignScheduled,
    CampaignCancelled,
    CatalogueEntrySet,
    CatalogueEntryEnded,
)
PARTITIONS = 4
USES: Uses = {"teams": UNIT_EVENTS | NETWORK_EVENTS}


def partition_of(stream: str) -> int:
    """By the id in the stream's name; never to be changed, or a stream would lie in two partitions."""
    return crc32(stream.partition(":")[2].encode()) % PARTITIONS


def api(settings: Settings) -> int:
    """Serve HTTP and ingest until told to stop; the exit code."""
    from services.visits.catalogue import Catalogue
    from services.visits.intake import Intake
    from services.visits.queries.campaigns import CampaignQueries
    from services.visits.queries.places import PlaceQueries
    from services.visits.queries.visits import VisitQueries
    from services.visits.references import References
    from services.visits.service import VisitsService
    from shared.edge_server import run_api

    register(MESSAGES)
    kit = Kit(settings, name="visits-api", events=EVENTS)
    units = UnitDirectory(kit.engine)
    places = kit.handler(PLACES, partition_of=partition_of)
    campaigns = kit.handler(CAMPAIGNS, partition_of=partition_of)
    readiness = Readiness()
    readiness.add("log", lambda: None if kit.log.heads() else "no partitions")
    pieces = {
        "intake": Intake(places, units),
        "places": places,
        "campaigns": campaigns,
        "entries": kit.handler(CATALOGUE, partition_of=partition_of),
        "catalogue": Catalogue(kit.lookups, units),
        "references": References(kit.lookups),
        "visit_queries": VisitQueries(kit),
        "place_queries": PlaceQueries(kit, places),
        "campaign_queries": CampaignQueries(kit.engine, campaigns),
        "units": units,
        "mirror": Mirror(kit.engine, USES),
        "log": kit.log,
        "publish": Publisher(units),
        "readiness": readiness,
    }
    return run_api(VisitsService, settings, provide=pieces, on_stop=[kit.close])


def worker(settings: Settings) -> int:
    kit = Kit(settings, name="visits-worker")
    definition = Definition(
        "visits",
        PARTITIONS,
        publish=Publisher(UnitDirectory(kit.engine)),
        projections=[Units(), Activity(PARTITIONS), Network(), CatalogueEntries(PARTITIONS)],
        uses=USES,
    )
    return run_worker(definition, settings, kit.log, on_stop=[kit.close])

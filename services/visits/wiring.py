"""Builds the pieces of visits' processes from the settings."""

from __future__ import annotations

from datetime import timedelta
from zlib import crc32

from services.visits.comparing import LABEL, Comparing
from services.visits.domain import PLACES
from services.visits.domain.campaign import CAMPAIGNS
from services.visits.domain.catalogue import CATALOGUE
from services.visits.domain.households import HOUSEHOLDS
from services.visits.domain.opinion import OPINIONS
from services.visits.domain.outreach import OUTREACH
from services.visits.messages import MESSAGES
from services.visits.messages.doubts import DOUBTS
from services.visits.projections.activity import Activity
from services.visits.projections.alike import Alike
from services.visits.projections.lists import Lists
from services.visits.projections.network import NETWORK_EVENTS, Network
from services.visits.projections.records import Records
from services.visits.projections.together import Together
from services.visits.public import Publisher
from services.visits.stored import EVENTS
from shared.blind_index import BlindIndex
from shared.health import Readiness
from shared.jobs import Jobs, Runner, Task
from shared.kit import Kit
from shared.mirror import Mirror, Uses
from shared.problems import register
from shared.settings import Settings
from shared.unit_directory import UNIT_EVENTS, UnitDirectory, Units
from shared.worker import Definition, run_worker

PARTITIONS = 4
REMEMBERED = 50_000
"""Visits whose repeats are answered from memory: those of some minutes of a campaign's evening, at most 40 MB."""
GATHER = 0.2
"""Seconds. Lists and boards of this service; reports hear of a visit by the relay, which does not wait for them."""
USES: Uses = {"teams": UNIT_EVENTS | NETWORK_EVENTS}


def partition_of(stream: str) -> int:
    """By the id in the stream's name; never to be changed, or a stream would lie in two partitions."""
    return crc32(stream.partition(":")[2].encode()) % PARTITIONS


def jobs_of(kit: Kit) -> Jobs:
    retention = timedelta(days=kit.settings.job_retention_days)
    return Jobs(kit.engine, kit.vault, kit.settings.hash_key, retention=retention)


def records_of(kit: Kit) -> Records:
    return Records(PARTITIONS, Alike(kit.codec, Comparing(BlindIndex(kit.settings.hash_key, LABEL))))


def api(settings: Settings) -> int:
    """Serve HTTP and ingest until told to stop; the exit code."""
    from services.visits.catalogue import Catalogue
    from services.visits.changing import Changing
    from services.visits.doubting import Doubting
    from services.visits.files.templates import TEMPLATES
    from services.visits.intake import Intake
    from services.visits.lanes import LANES
    from services.visits.queries.alike import AlikeQueries
    from services.visits.queries.board import Boards
    from services.visits.queries.campaigns import CampaignQueries
    from services.visits.queries.households import HouseholdQueries
    from services.visits.queries.lists import ListQueries
    from services.visits.queries.opinions import OpinionQueries
    from services.visits.queries.outreach import OutreachQueries
    from services.visits.queries.places import PlaceQueries
    from services.visits.queries.visits import VisitQueries
    from services.visits.references import References
    from services.visits.service import VisitsService
    from shared.edge_server import run_api

    register(MESSAGES | DOUBTS)
    kit = Kit(settings, name="visits-api", events=EVENTS)
    units = UnitDirectory(kit.engine)
    places = kit.handler(PLACES, partition_of=partition_of, guard_reads=True, remembered=REMEMBERED)
    campaigns = kit.handler(CAMPAIGNS, partition_of=partition_of)
    catalogue, references = Catalogue(kit.lookups, units), References(kit.lookups)
    doubting, visit_queries = Doubting(references, catalogue), VisitQueries(kit)
    readiness = Readiness()
    readiness.add("log", lambda: None if kit.log.heads() else "no partitions")
    pieces = {
        "intake": Intake(places, units, doubting),
        "changing": Changing(places, visit_queries, units),
        "doubting": doubting,
        "places": places,
        "campaigns": campaigns,
        "entries": kit.handler(CATALOGUE, partition_of=partition_of),
        "catalogue": catalogue,
        "references": references,
        "households": kit.handler(HOUSEHOLDS, partition_of=partition_of),
        "household_queries": HouseholdQueries(kit.engine),
        "opinions": kit.handler(OPINIONS, partition_of=partition_of),
        "opinion_queries": OpinionQueries(kit.engine, kit.log, kit.codec),
        "outreach": kit.handler(OUTREACH, partition_of=partition_of),
        "outreach_queries": OutreachQueries(kit.engine, kit.log, kit.codec),
        "boards": Boards(kit.engine),
        "vault": kit.vault,
        "jobs": jobs_of(kit),
        "templates": TEMPLATES,
        "lists": ListQueries(kit.engine),
        "alike": AlikeQueries(kit.engine),
        "visit_queries": visit_queries,
        "place_queries": PlaceQueries(kit, places),
        "campaign_queries": CampaignQueries(kit.engine, campaigns),
        "units": units,
        "mirror": Mirror(kit.engine, USES),
        "log": kit.log,
        "publish": Publisher(units),
        "readiness": readiness,
    }
    return run_api(VisitsService, settings, provide=pieces, lanes=LANES, on_stop=[kit.close])


def worker(settings: Settings) -> int:
    """Relay, projections and jobs until told to stop; the exit code."""
    from services.visits.catalogue import Catalogue
    from services.visits.doubting import Doubting
    from services.visits.files.work import HouseholdsTask
    from services.visits.intake import Intake
    from services.visits.projections.flags import SESSION, VISIT
    from services.visits.queries.lists import ListQueries
    from services.visits.queries.visits import VisitQueries
    from services.visits.reconciling import Reconciling, Sessions, Visits
    from services.visits.references import References
    from services.visits.uploads import UploadTask

    register(MESSAGES | DOUBTS)
    kit = Kit(settings, name="visits-worker", events=EVENTS)
    units = UnitDirectory(kit.engine)
    places = kit.handler(PLACES, partition_of=partition_of, guard_reads=True)
    doubting = Doubting(References(kit.lookups), Catalogue(kit.lookups, units))
    tasks: list[Task] = [
        HouseholdsTask(kit.handler(HOUSEHOLDS, partition_of=partition_of), units),
        UploadTask(Intake(places, units, doubting), kit.reader),
    ]
    runner = Runner(jobs_of(kit), tasks, kit.log.heads)
    sessions = Sessions(kit.handler(OUTREACH, partition_of=partition_of), doubting)
    settle = {VISIT: Visits(places, VisitQueries(kit), doubting).settle, SESSION: sessions.settle}
    reconciling = Reconciling(ListQueries(kit.engine), doubting, settle)
    definition = Definition(
        "visits",
        PARTITIONS,
        publish=Publisher(units),
        projections=[
            Units(),
            Network(),
            Together(Activity.name, [Activity(PARTITIONS), Lists()], PARTITIONS),
            records_of(kit),
        ],
        uses=USES,
        gather=GATHER,
        loops={"jobs": runner.step, "reconciling": reconciling.step},
    )
    return run_worker(definition, settings, kit.log, on_stop=[runner.close, kit.close])

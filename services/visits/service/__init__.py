"""The entrypoints of visits, one file per subject; what they need is provided by ``wiring.py``."""

from __future__ import annotations

from services.visits.service.campaigns import CampaignRoutes
from services.visits.service.catalogue import CatalogueRoutes
from services.visits.service.households import HouseholdRoutes
from services.visits.service.lists import ListRoutes
from services.visits.service.opinions import OpinionRoutes
from services.visits.service.outreach import OutreachRoutes
from services.visits.service.places import PlaceRoutes
from services.visits.service.uploads import UploadRoutes
from services.visits.service.visits import VisitRoutes
from shared.batch import batch
from shared.edge_feed import Feed
from shared.edge_health import Health
from shared.edge_jobs import JobRoutes
from shared.mirror import Delivery, Mirror, Rejection
from shared.topology import queue


class VisitsService(
    VisitRoutes,
    PlaceRoutes,
    ListRoutes,
    CampaignRoutes,
    OpinionRoutes,
    OutreachRoutes,
    CatalogueRoutes,
    HouseholdRoutes,
    UploadRoutes,
    JobRoutes,
    Health,
    Feed,
):
    name = "visits"
    mirror: Mirror

    @batch(queue("visits"))
    def ingest(self, deliveries: list[Delivery]) -> list[Rejection]:
        return self.mirror.ingest(deliveries)

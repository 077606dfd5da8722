"""The entrypoints of reporting, one mixin per subject; what they need is provided by ``wiring.py``."""

from __future__ import annotations

from services.reporting.service.campaign_pages import CampaignPages
from services.reporting.service.declared import DeclaredRoutes
from services.reporting.service.notes import NoteRoutes
from services.reporting.service.pages import PageRoutes
from services.reporting.service.sources import SourceRoutes
from shared.batch import batch
from shared.edge_feed import Feed
from shared.edge_health import Health
from shared.mirror import Delivery, Mirror, Rejection
from shared.topology import queue


class ReportingService(Health, Feed, PageRoutes, CampaignPages, DeclaredRoutes, NoteRoutes, SourceRoutes):
    name = "reporting"
    mirror: Mirror

    @batch(queue("reporting"))
    def ingest(self, deliveries: list[Delivery]) -> list[Rejection]:
        return self.mirror.ingest(deliveries)

"""The entrypoints of training, one file per subject; what they need is provided by ``wiring.py``."""

from __future__ import annotations

from services.training.service.attendance import AttendanceRoutes
from services.training.service.certificates import CertificateRoutes
from services.training.service.courses import CourseRoutes
from services.training.service.obligations import ObligationRoutes
from services.training.service.people import PeopleRoutes
from services.training.service.plans import PlanRoutes
from services.training.service.roll import RollRoutes
from services.training.service.sessions import SessionRoutes
from shared.batch import batch
from shared.edge_feed import Feed
from shared.edge_health import Health
from shared.edge_jobs import JobRoutes
from shared.mirror import Delivery, Mirror, Rejection
from shared.topology import queue


class TrainingService(
    CourseRoutes,
    SessionRoutes,
    RollRoutes,
    AttendanceRoutes,
    CertificateRoutes,
    PeopleRoutes,
    ObligationRoutes,
    PlanRoutes,
    JobRoutes,
    Health,
    Feed,
):
    name = "training"
    mirror: Mirror

    @batch(queue("training"))
    def ingest(self, deliveries: list[Delivery]) -> list[Rejection]:
        return self.mirror.ingest(deliveries)

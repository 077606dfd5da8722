"""The entrypoints of teams, one file per subject; what they need is provided by ``wiring.py``."""

from __future__ import annotations

from services.teams.service.affairs import AffairRoutes
from services.teams.service.bulk import BulkRoutes
from services.teams.service.documents import DocumentRoutes
from services.teams.service.files import FileRoutes
from services.teams.service.people import PeopleRoutes
from services.teams.service.policy import WarningRoutes
from services.teams.service.proposals import ProposalRoutes
from services.teams.service.rearrange import RearrangeRoutes
from services.teams.service.reforms import ReformRoutes
from services.teams.service.team_reads import TeamReads
from services.teams.service.teams import TeamRoutes
from services.teams.service.unit_reads import UnitReads
from services.teams.service.units import UnitRoutes
from shared.edge_feed import Feed
from shared.edge_health import Health
from shared.edge_jobs import JobRoutes


class TeamsService(
    UnitRoutes,
    UnitReads,
    DocumentRoutes,
    PeopleRoutes,
    TeamRoutes,
    TeamReads,
    AffairRoutes,
    WarningRoutes,
    RearrangeRoutes,
    ProposalRoutes,
    BulkRoutes,
    ReformRoutes,
    FileRoutes,
    JobRoutes,
    Health,
    Feed,
):
    name = "teams"

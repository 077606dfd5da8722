"""What exports are asked for."""

from __future__ import annotations

from services.teams.schemas.kinds import UNIT_ID, Choice, Matching
from services.teams.service.base import AsOf
from shared.moments import Moment


class ExportQuery(AsOf):
    """``unit``: the root of a subtree, else all of the caller's."""

    unit = Matching(UNIT_ID, load_default=None)
    known_at = Moment(load_default=None)
    format = Choice(("xlsx", "csv"), load_default="xlsx")

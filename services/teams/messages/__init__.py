"""Texts of the registry's rejections, Vietnamese and English, with their HTTP status; one file per subject."""

from __future__ import annotations

from services.teams.messages.affairs import AFFAIRS
from services.teams.messages.documents import DOCUMENTS
from services.teams.messages.files import FILES
from services.teams.messages.people import PEOPLE
from services.teams.messages.rearrange import REARRANGEMENTS
from services.teams.messages.reforms import REFORMS
from services.teams.messages.teams import TEAMS
from services.teams.messages.units import UNITS
from shared.problem_texts import Text

MESSAGES: dict[str, Text] = UNITS | DOCUMENTS | PEOPLE | TEAMS | REARRANGEMENTS | AFFAIRS | FILES | REFORMS

"""Why visits refuses something, Vietnamese and English, one file per subject; codes that every service shares are in
``shared``."""

from __future__ import annotations

from services.visits.messages.campaigns import CAMPAIGNS
from services.visits.messages.catalogue import CATALOGUE
from services.visits.messages.households import HOUSEHOLDS
from services.visits.messages.opinions import OPINIONS
from services.visits.messages.outreach import OUTREACH
from services.visits.messages.places import PLACES
from services.visits.messages.visits import VISITS
from shared.problems import Text

_STORING: dict[str, Text] = {
    "unstorable": Text(
        422,
        "Không lưu được",
        "Nội dung chứa giá trị mà cơ sở dữ liệu không nhận.",
        "Cannot be stored",
        "The content holds a value that the database does not take.",
    ),
}

MESSAGES: dict[str, Text] = VISITS | PLACES | CAMPAIGNS | CATALOGUE | HOUSEHOLDS | OPINIONS | OUTREACH | _STORING

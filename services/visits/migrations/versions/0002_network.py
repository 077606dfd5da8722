"""What teams says that visits refers to (teams, where they stand, people), and the catalogues."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

NETWORK = """
-- Ever heard of. Ids of teams and people, as texts in canonical form.
CREATE TABLE read.known_teams  (team_id   text COLLATE "C" PRIMARY KEY);
CREATE TABLE read.known_people (person_id text COLLATE "C" PRIMARY KEY);
-- A team stands in a unit on a day if n up to that day adds up to 1: facts may come in any order.
CREATE TABLE read.team_units (
    day     date NOT NULL,
    n       int NOT NULL,
    team_id text COLLATE "C" NOT NULL,
    unit_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (team_id, unit_id, day)
);
"""

CATALOGUE = """
-- words NULL: not to be named from that day on. times: how often the row was written.
CREATE TABLE read.catalogue (
    since   date NOT NULL,
    times   int NOT NULL DEFAULT 1,
    kind    text COLLATE "C" NOT NULL,
    code    text COLLATE "C" NOT NULL,
    unit_id text COLLATE "C" NOT NULL,
    words   jsonb,
    PRIMARY KEY (kind, unit_id, code, since)
);
"""


def upgrade() -> None:
    op.execute(NETWORK)
    op.execute(CATALOGUE)

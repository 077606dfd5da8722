"""The kernel, the units, and the registry: documents, people (ids only), teams, their names and seats in time."""

from __future__ import annotations

from alembic import op

from shared.migrate import install_kernel, install_units

revision = "0001"
down_revision = None

REGISTRY = """
CREATE TABLE read.documents (
    document_id    text COLLATE "C" PRIMARY KEY,
    kind           text NOT NULL,
    issuer         text NOT NULL,
    number         text NOT NULL,
    year           int NOT NULL,
    signed_on      date NOT NULL,
    effective_from date NOT NULL,
    effective_to   date,
    title          text NOT NULL
);

-- No names and no phone numbers: they are sealed in the log and nowhere else.
CREATE TABLE read.people (
    person_id   text COLLATE "C" PRIMARY KEY,
    affiliation text,
    simulated   bool NOT NULL,
    erased      bool NOT NULL DEFAULT false
);

-- Days are half-open: established is the first day, ended the first day after.
CREATE TABLE read.teams (
    team_id      text COLLATE "C" PRIMARY KEY,
    position     bigint NOT NULL,        -- of its establishment, for readers that remember how far they came
    kind         text NOT NULL,
    unit_id      text COLLATE "C" NOT NULL,
    pilot        bool NOT NULL,          -- established as a pilot
    pilot_until  date,                   -- converted into an ordinary team
    established  date NOT NULL,
    ended        date,
    ending       text,                   -- pilot | dissolved | merged
    into_team_id text COLLATE "C",
    simulated    bool NOT NULL
);
CREATE INDEX teams_by_position ON read.teams (position);
CREATE INDEX teams_by_unit ON read.teams (unit_id, team_id);

CREATE TABLE read.team_names (
    team_id text COLLATE "C" NOT NULL,
    since   date NOT NULL,
    name    text NOT NULL,
    PRIMARY KEY (team_id, since)
);

CREATE TABLE read.seats (
    team_id     text COLLATE "C" NOT NULL,
    seat_id     text COLLATE "C" NOT NULL,
    since       date NOT NULL,
    until       date,
    person_id   text COLLATE "C" NOT NULL,
    role        text NOT NULL,
    affiliation text,
    PRIMARY KEY (team_id, seat_id, since)
);
CREATE INDEX seats_by_person ON read.seats (person_id);
"""


def upgrade() -> None:
    install_kernel("teams", partitions=1)
    install_units()
    op.execute(REGISTRY)

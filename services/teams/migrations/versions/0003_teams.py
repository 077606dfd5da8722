"""Teams, what they were on which days, and their seats in time; which changes cite a document. ``registry@2``."""

from __future__ import annotations

from alembic import op

from shared.migrate import renew_append

revision = "0003"
down_revision = "0002"

TEAMS = """
DROP TABLE read.teams, read.team_names, read.seats;
TRUNCATE read.documents;
DELETE FROM bus.cursors WHERE subscription = 'registry@1';

-- By the latest fact of each. Days are half-open: established is the first day, ended the first day after.
CREATE TABLE read.teams (
    team_id      text COLLATE "C" PRIMARY KEY,
    position     bigint NOT NULL,        -- of its establishment, for readers that remember how far they came
    kind         text NOT NULL,
    unit_id      text COLLATE "C" NOT NULL,
    established  date NOT NULL,
    ended        date,
    ending       text,                   -- pilot | dissolved | merged | split | undone | void
    into_team_id text COLLATE "C",
    document_id  text COLLATE "C" NOT NULL,
    simulated    bool NOT NULL
);
CREATE INDEX teams_by_position ON read.teams (position);
CREATE INDEX teams_by_unit ON read.teams (unit_id, team_id);

-- What it was on which days: a row for as long as all of it stayed the same, with all that a list shows. No row: it was
-- not there.
CREATE TABLE read.team_spans (
    unit_id      text COLLATE "C" NOT NULL,
    team_id      text COLLATE "C" NOT NULL,
    since        date NOT NULL,
    until        date,
    established  date NOT NULL,
    ended        date,
    seats        int NOT NULL,
    leaders      int NOT NULL,
    simulated    bool NOT NULL,
    kind         text NOT NULL,
    standing     text NOT NULL,          -- active | pilot | suspended
    ending       text,
    into_team_id text COLLATE "C",
    document_id  text COLLATE "C" NOT NULL,
    name         text NOT NULL,
    folded       text NOT NULL           -- the name without accents and case
);
CREATE INDEX team_spans_by_unit ON read.team_spans (unit_id, team_id);
CREATE INDEX team_spans_by_team ON read.team_spans (team_id);

-- Units that a team was thought to serve at some time, beside those of its spans.
CREATE TABLE read.team_units (
    unit_id text COLLATE "C" NOT NULL,
    team_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (unit_id, team_id)
);
CREATE INDEX team_units_by_team ON read.team_units (team_id);

-- A seat has a row for each role and affiliation it had.
CREATE TABLE read.seats (
    team_id     text COLLATE "C" NOT NULL,
    seat_id     text COLLATE "C" NOT NULL,
    since       date NOT NULL,
    until       date,
    person_id   text COLLATE "C" NOT NULL,
    role        text NOT NULL,
    affiliation text
);
CREATE INDEX seats_by_team ON read.seats (team_id);
CREATE INDEX seats_by_person ON read.seats (person_id);

CREATE TABLE read.citations (
    document_id text COLLATE "C" NOT NULL,
    position    bigint NOT NULL,
    type        text NOT NULL,
    stream_id   text COLLATE "C" NOT NULL,
    unit_id     text COLLATE "C",
    effective   date,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (document_id, position)
);
"""


def upgrade() -> None:
    renew_append()  # which now guards the streams that a decision only read
    op.execute(TEAMS)

"""Campaigns with what their boards are summed from; opinions and where they stand, without a word of what was said."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

ACTIVITY = """
-- activity@2 fills all three of them from the beginning.
TRUNCATE read.activity;
CREATE TABLE read.gained (
    day        date NOT NULL,
    households int NOT NULL,
    unit_id    text COLLATE "C" NOT NULL,
    skill      text COLLATE "C" NOT NULL,
    PRIMARY KEY (day, unit_id, skill)
) WITH (fillfactor = 50);
CREATE TABLE read.active (
    day     date NOT NULL,
    visits  int NOT NULL,
    team_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (day, team_id)
) WITH (fillfactor = 50);
DELETE FROM bus.cursors WHERE subscription IN ('activity@1', 'catalogue@1', 'households@1');
"""

CAMPAIGNS = """
CREATE TABLE read.campaigns (
    first_day   date NOT NULL,
    last_day    date NOT NULL,
    campaign_id uuid PRIMARY KEY,
    state       text NOT NULL,
    name        text NOT NULL,
    unit_ids    text[] NOT NULL
);
CREATE INDEX ON read.campaigns (first_day, campaign_id);
"""

OPINIONS = """
CREATE TABLE read.opinions (
    heard       date NOT NULL,
    since       date NOT NULL,                     -- the day of its last step
    due         date,                              -- while it is forwarded
    opinion_id  uuid PRIMARY KEY,
    visit_id    uuid,
    to_body_id  uuid,
    unit_id     text COLLATE "C" NOT NULL,
    to_unit_id  text COLLATE "C",                  -- where it was forwarded last
    state       text NOT NULL,
    topic       text NOT NULL,
    pillar      text
);
CREATE INDEX ON read.opinions (unit_id, heard, opinion_id);
CREATE INDEX ON read.opinions (to_unit_id, heard, opinion_id) WHERE to_unit_id IS NOT NULL;
"""


def upgrade() -> None:
    for statements in (ACTIVITY, CAMPAIGNS, OPINIONS):
        op.execute(statements)

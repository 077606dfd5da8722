"""Which teams are suspended on a day."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

SUSPENSIONS = """
-- Facts of a team are numbered in the order they were recorded; corrections name them so. facts: how many were told.
CREATE TABLE read.team_facts (
    facts   int NOT NULL,
    team_id text COLLATE "C" PRIMARY KEY
);
-- Whether a team is suspended from a day on, until its next fact of this kind; whoever ends is not.
CREATE TABLE read.team_suspensions (
    day       date NOT NULL,
    fact      int NOT NULL,
    suspended boolean NOT NULL,
    team_id   text COLLATE "C" NOT NULL,
    PRIMARY KEY (team_id, fact)
);
-- network@2 fills all of its tables from the beginning, with events that were not kept so far: the feed has them.
TRUNCATE read.known_teams, read.known_people, read.team_units;
DELETE FROM bus.cursors WHERE subscription = 'network@1';
DELETE FROM bus.mirror WHERE source = 'teams' AND type IS NULL;
UPDATE bus.sources SET dense = '{}' WHERE source = 'teams';
"""


def upgrade() -> None:
    op.execute(SUSPENSIONS)

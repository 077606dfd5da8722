"""Composition warnings, and which teams are still to be judged."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

POLICY = """
-- From each effective day on what a team is warned of, or that it no longer is; of several rows of one day the last
-- position counts. Rows are never changed, so that it can be told what was known when.
CREATE TABLE read.warnings (
    team_id     text COLLATE "C" NOT NULL,
    code        text COLLATE "C" NOT NULL,
    effective   date NOT NULL,
    position    bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    unit_id     text COLLATE "C" NOT NULL,
    warned      bool NOT NULL,
    policy_id   text,
    expected    jsonb,
    found       jsonb
);
-- The latest row as of a day comes first.
CREATE UNIQUE INDEX warnings_of_teams ON read.warnings (team_id, code, effective DESC, position DESC);
CREATE INDEX warnings_by_unit ON read.warnings (unit_id);
CREATE INDEX warnings_by_position ON read.warnings (position);

-- due: the position of the last event that concerns the team's composition or its policy; NULL once it was judged.
CREATE TABLE read.judged_teams (
    team_id text COLLATE "C" PRIMARY KEY,
    units   text[] COLLATE "C" NOT NULL DEFAULT '{}',   -- those it has ever served, when it was last judged
    due     bigint
);
CREATE INDEX teams_to_judge ON read.judged_teams (due) WHERE due IS NOT NULL;

CREATE TABLE read.unjudged_areas (
    unit_id   text COLLATE "C" NOT NULL,
    by_policy bool NOT NULL,                            -- a policy changed; else the unit itself moved
    due       bigint NOT NULL,
    PRIMARY KEY (unit_id, by_policy)
);
"""


def upgrade() -> None:
    op.execute(POLICY)

"""Regulations, plans, tasks, channels, partners, bodies and policies."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

AFFAIRS = """
CREATE TABLE read.affairs (
    affair    text COLLATE "C" NOT NULL,   -- regulation, plan, task…
    record_id text COLLATE "C" NOT NULL,
    unit_id   text COLLATE "C" NOT NULL,   -- as named when the record was opened; a correction does not move it
    team_id   text COLLATE "C",
    position  bigint NOT NULL,             -- of its first fact, for readers that remember how far they came
    facts     jsonb NOT NULL,              -- [{type, data, recorded_at}] in the order recorded, no links
    PRIMARY KEY (affair, record_id)
);
CREATE INDEX affairs_by_unit ON read.affairs (affair, unit_id, record_id);
CREATE INDEX affairs_by_team ON read.affairs (team_id, affair, record_id) WHERE team_id IS NOT NULL;
CREATE INDEX affairs_by_position ON read.affairs (position);
"""


def upgrade() -> None:
    op.execute(AFFAIRS)

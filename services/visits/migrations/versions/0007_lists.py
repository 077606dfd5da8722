"""Places, visits and doubts as they can be listed per unit."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

LISTS = """
CREATE TABLE read.places (
    place_id    uuid PRIMARY KEY,
    merged_into uuid,
    moved       date,                                 -- day of the latest move
    shut        date,                                 -- day of the latest closing or opening
    open        boolean NOT NULL DEFAULT true,
    kind        text NOT NULL,
    unit_id     text COLLATE "C" NOT NULL
);
CREATE INDEX ON read.places (unit_id, place_id);
-- The key is the order of the list; who looks for one visit asks the log.
CREATE TABLE read.visits (
    day      date NOT NULL,
    revision int NOT NULL DEFAULT 1,
    visit_id uuid NOT NULL,
    place_id uuid NOT NULL,
    team_id  uuid NOT NULL,
    voided   boolean NOT NULL DEFAULT false,
    unit_id  text COLLATE "C" NOT NULL,
    PRIMARY KEY (unit_id, day, visit_id)
);
CREATE TABLE read.flags (
    day      date NOT NULL,
    visit_id uuid NOT NULL,
    unit_id  text COLLATE "C" NOT NULL,
    flag     text NOT NULL,
    state    text NOT NULL,                           -- open, confirmed, dismissed, reconciled
    about    jsonb,                                   -- what may become known by itself
    PRIMARY KEY (visit_id, flag)
);
CREATE INDEX ON read.flags (unit_id, visit_id, flag);
CREATE INDEX ON read.flags (visit_id, flag) WHERE state = 'open' AND about IS NOT NULL;
-- activity@3 fills these and its own tables from the beginning.
TRUNCATE read.activity, read.gained, read.active;
DELETE FROM bus.cursors WHERE subscription = 'activity@2';
"""


def upgrade() -> None:
    op.execute(LISTS)

"""Keeps how far the slot had come that answered before a switch: from there one can go back to it."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"

# Of a slot that was filled anew there is no row: it never answered.
RESTING = """
CREATE TABLE read.resting (
    slot    text PRIMARY KEY,
    counts  int NOT NULL,                    -- which set of figures it holds
    cursors jsonb NOT NULL,                  -- [[source, partition, position, log_id], …]
    parked  jsonb NOT NULL,                  -- [[source, partition, position, stream_id, error], …]: not counted in it
    since   timestamptz NOT NULL DEFAULT now()
);
"""


def upgrade() -> None:
    op.execute(RESTING)

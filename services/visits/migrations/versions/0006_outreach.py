"""Outreach sessions as they are told by now."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

OUTREACH = """
-- heads: {age band: number}. A voided session has no row.
CREATE TABLE read.outreach (
    day        date NOT NULL,
    session_id uuid PRIMARY KEY,
    team_id    uuid NOT NULL,
    unit_id    text COLLATE "C" NOT NULL,
    occasion   text NOT NULL,
    topics     text[] NOT NULL,
    heads      jsonb NOT NULL
);
CREATE INDEX ON read.outreach (unit_id, day, session_id);
CREATE INDEX ON read.outreach (day, session_id);
"""


def upgrade() -> None:
    op.execute(OUTREACH)

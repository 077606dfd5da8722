"""One worker walks the round of reminders: which one, until when that holds, and what was walked last."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

TABLE = """
CREATE TABLE read.reminder_round (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    walker      uuid NOT NULL,
    walks_until timestamptz NOT NULL,
    begun       timestamptz NOT NULL,
    walked      text
);
"""


def upgrade() -> None:
    op.execute(TABLE)

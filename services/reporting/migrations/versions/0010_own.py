"""What reporting records itself: declared figures, and notes on good practice (without their words)."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0003"

TABLES = """
CREATE TABLE read.declared (
    day          date NOT NULL,
    since        date,                  -- first day, of a figure that counts a period
    published_on date,
    value        numeric NOT NULL,
    whole        bigint,                -- 63 of 63
    figure_id    uuid PRIMARY KEY,
    document_id  uuid,
    unit_id      text COLLATE "C" NOT NULL,
    indicator    text COLLATE "C" NOT NULL,
    qualifier    text NOT NULL,
    source       text NOT NULL,
    recorded_by  text NOT NULL,
    recorded_at  timestamptz NOT NULL
);
CREATE INDEX declared_of_unit ON read.declared (unit_id, day);
CREATE INDEX declared_by_day ON read.declared (day, figure_id);
CREATE TABLE read.notes (
    day     date NOT NULL,
    note_id uuid PRIMARY KEY,
    team_id uuid,
    unit_id text COLLATE "C" NOT NULL,
    topic   text COLLATE "C" NOT NULL
);
CREATE INDEX notes_by_day ON read.notes (day DESC, note_id DESC);
"""


def upgrade() -> None:
    op.execute(TABLES)

"""The reform kit."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

REFORMS = """
CREATE SCHEMA reforms;

-- What belongs to a file of a reform beside the log: read tables may be built anew, this may not, for it is what the
-- people who apply and undo it have looked at. No personal data.
CREATE TABLE reforms.reforms (
    reform_id  uuid PRIMARY KEY,              -- that of the job which checked the file
    repeats    uuid,                          -- the undone reform whose rows these are
    sub        text NOT NULL,                 -- who sent it, and the units held then
    units      text[] NOT NULL,
    options    jsonb NOT NULL,
    layout     jsonb NOT NULL,                -- where the columns are, to name a cell later
    position   bigint NOT NULL DEFAULT 0,     -- of the log, when the plan was made
    digest     bytea,                         -- of the orders: whether a plan made anew is the same
    counts     jsonb NOT NULL DEFAULT '{}',
    reconciled jsonb,
    workbook   bytea,                         -- the preview as XLSX
    apply_job  uuid,
    undo_job   uuid,
    made_at    timestamptz NOT NULL DEFAULT now()
);

-- Rows of the file, orders, sections of preview and reconciliation: pages of items in order.
CREATE TABLE reforms.pages (
    reform_id uuid NOT NULL REFERENCES reforms.reforms,
    part      text COLLATE "C" NOT NULL,
    n         int NOT NULL,
    items     jsonb NOT NULL,
    PRIMARY KEY (reform_id, part, n)
);

GRANT USAGE ON SCHEMA reforms TO teams_app, tungnha_verify;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA reforms TO teams_app;
GRANT SELECT ON reforms.reforms TO tungnha_verify;
"""


def upgrade() -> None:
    op.execute(REFORMS)

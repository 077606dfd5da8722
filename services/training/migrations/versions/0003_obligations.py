"""Rules, exemptions, and what sessions teach."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = """
-- A rule as it was from since to the day before until; in force since first.
CREATE TABLE read.rules (
    rule_id     uuid NOT NULL,
    unit_id     text COLLATE "C" NOT NULL,
    first       date NOT NULL,
    since       date NOT NULL,
    until       date,
    terms       jsonb NOT NULL,
    document_id uuid,
    source      text,
    PRIMARY KEY (rule_id, since)
);

CREATE TABLE read.exemptions (
    exemption_id uuid PRIMARY KEY,
    person_id    uuid NOT NULL,
    rule_id      uuid NOT NULL,
    since        date NOT NULL,
    until        date,
    reason       text NOT NULL
);
CREATE INDEX exemptions_by_rule ON read.exemptions (rule_id, person_id);

-- The topics of a course now; a session keeps those that its course had when it was scheduled.
CREATE TABLE read.contents (
    course_id uuid PRIMARY KEY,
    topics    text[] NOT NULL
);
CREATE TABLE read.lessons (
    session_id uuid PRIMARY KEY,
    course_id  uuid NOT NULL,
    topics     text[] NOT NULL
);
"""


def upgrade() -> None:
    op.execute(TABLES)

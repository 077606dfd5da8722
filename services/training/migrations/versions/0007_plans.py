"""Plans, and which reminders were issued."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = """
CREATE TABLE read.plans (
    plan_id   uuid PRIMARY KEY,
    unit_id   text COLLATE "C" NOT NULL,
    first_day date NOT NULL,
    last_day  date NOT NULL
);
CREATE INDEX plans_by_unit ON read.plans (unit_id, first_day);

CREATE TABLE read.reminders (
    person_id uuid NOT NULL,
    rule_id   uuid NOT NULL,
    due       date NOT NULL,
    kind      text NOT NULL,
    PRIMARY KEY (person_id, rule_id, due, kind)
);
"""


def upgrade() -> None:
    op.execute(TABLES)

"""What training keeps of the registry: who serves where, and who is one with whom."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

REGISTRY = """
-- All facts of a team in the order of their numbers, as services.training.domain.seats tells them.
CREATE TABLE read.team_facts (
    team_id text COLLATE "C" PRIMARY KEY,
    facts   json NOT NULL
);

-- A seat as long as its person, role, team and unit are the same; from since to the day before until.
CREATE TABLE read.seats (
    seat_id   text COLLATE "C" NOT NULL,
    person_id uuid NOT NULL,
    role      text NOT NULL,
    team_id   text COLLATE "C" NOT NULL,
    kind      text NOT NULL,
    unit_id   text COLLATE "C" NOT NULL,
    since     date NOT NULL,
    until     date,
    appointed date NOT NULL,
    in_role   date NOT NULL
);
CREATE INDEX seats_by_unit ON read.seats (unit_id);
CREATE INDEX seats_by_person ON read.seats (person_id);
CREATE INDEX seats_by_seat ON read.seats (seat_id);

-- kept_id: who is kept in the end, where the kept person was joined in turn.
CREATE TABLE read.joins (
    duplicate_id uuid PRIMARY KEY,
    person_id    uuid NOT NULL,
    kept_id      uuid NOT NULL
);
CREATE INDEX joins_by_kept ON read.joins (kept_id);
CREATE INDEX joins_by_person ON read.joins (person_id);
"""


def upgrade() -> None:
    op.execute(REGISTRY)

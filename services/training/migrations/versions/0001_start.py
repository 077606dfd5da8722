"""The kernel, the units, and the register of sessions and attendance."""

from __future__ import annotations

from alembic import op

from shared.migrate import install_kernel, install_units

revision = "0001"
down_revision = None

REGISTER = """
CREATE TABLE read.sessions (
    session_id uuid PRIMARY KEY,
    course_id  uuid NOT NULL,
    unit_id    text COLLATE "C" NOT NULL,
    organiser  text NOT NULL,
    mode       text NOT NULL,
    first_day  date NOT NULL,
    last_day   date NOT NULL,
    capacity   int,
    status     text NOT NULL
);
CREATE INDEX sessions_by_unit ON read.sessions (unit_id, first_day);

-- One row per person and part of a session.
CREATE TABLE read.attendance (
    person_id  uuid NOT NULL,
    session_id uuid NOT NULL,
    course_id  uuid NOT NULL,
    day        date NOT NULL,
    part       text COLLATE "C" NOT NULL,
    mode       text NOT NULL,
    unit_id    text COLLATE "C" NOT NULL,
    PRIMARY KEY (person_id, session_id, day, part)
);
CREATE INDEX attendance_by_session ON read.attendance (session_id, person_id);
"""


def upgrade() -> None:
    install_kernel("training", partitions=1)
    install_units()
    op.execute(REGISTER)

"""Courses, rolls, and sessions as they are arranged now: ``register@2`` fills its tables anew."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
TRUNCATE read.sessions, read.attendance;
ALTER TABLE read.sessions ADD COLUMN enrols boolean NOT NULL DEFAULT false;
CREATE INDEX sessions_by_day ON read.sessions (first_day, session_id);
CREATE INDEX attendance_by_unit ON read.attendance (unit_id, day);

-- The latest version of each course, as the API shows it.
CREATE TABLE read.courses (
    course_id uuid PRIMARY KEY,
    withdrawn boolean NOT NULL DEFAULT false,
    version   int NOT NULL,
    said      jsonb NOT NULL
);

-- place: seat or waiting; came: the position of the event that gave it, so the order of a waiting list.
CREATE TABLE read.rolls (
    session_id uuid NOT NULL,
    person_id  uuid NOT NULL,
    unit_id    text COLLATE "C" NOT NULL,
    place      text NOT NULL,
    came       bigint NOT NULL,
    PRIMARY KEY (session_id, person_id)
);
"""


def upgrade() -> None:
    op.execute(TABLES)

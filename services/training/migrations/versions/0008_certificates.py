"""Certificates, what they ask for, and scores."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = """
CREATE TABLE read.certificates (
    number     text COLLATE "C" PRIMARY KEY,
    person_id  uuid NOT NULL,
    session_id uuid NOT NULL,
    unit_id    text COLLATE "C" NOT NULL,
    day        date NOT NULL,
    revoked    boolean NOT NULL DEFAULT false
);
CREATE INDEX certificates_by_unit ON read.certificates (unit_id, day);
CREATE INDEX certificates_by_session ON read.certificates (session_id);

-- What a certificate of the session asks for; sessions that give none are not here.
CREATE TABLE read.certificate_rules (
    session_id       uuid PRIMARY KEY,
    parts            int NOT NULL,
    attended_percent int NOT NULL,
    assessment       boolean NOT NULL
);

CREATE TABLE read.scores (
    session_id uuid NOT NULL,
    person_id  uuid NOT NULL,
    attempt    int NOT NULL,
    passed     boolean,
    PRIMARY KEY (session_id, person_id, attempt)
);
"""


def upgrade() -> None:
    op.execute(TABLES)

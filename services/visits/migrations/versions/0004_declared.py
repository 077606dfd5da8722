"""Declared numbers of households, and jobs for the files they come in."""

from __future__ import annotations

from alembic import op

from shared.migrate import install_jobs

revision = "0004"
down_revision = "0003"

HOUSEHOLDS = """
CREATE TABLE read.households (
    day         date NOT NULL,
    total       int NOT NULL,
    unit_id     text COLLATE "C" NOT NULL,
    qualifier   text NOT NULL,
    source      text NOT NULL,
    document_id uuid,
    PRIMARY KEY (unit_id, day)
);
"""


def upgrade() -> None:
    op.execute(HOUSEHOLDS)
    install_jobs("visits")

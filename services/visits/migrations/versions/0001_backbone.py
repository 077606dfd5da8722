"""The kernel, the units, and how much happened per unit and day."""

from __future__ import annotations

from alembic import op

from shared.migrate import install_kernel, install_units

revision = "0001"
down_revision = None

ACTIVITY = """
-- Days first: every question is about a period. fillfactor: the rows of today change with every batch.
CREATE TABLE read.activity (
    day          date NOT NULL,
    previous_day date NOT NULL,                     -- 0001-01-01: none
    visits       int NOT NULL,
    reached      int NOT NULL,
    unit_id      text COLLATE "C" NOT NULL,
    PRIMARY KEY (day, unit_id, previous_day)
) WITH (fillfactor = 50);
"""


def upgrade() -> None:
    install_kernel("visits", partitions=4)
    install_units()
    op.execute(ACTIVITY)

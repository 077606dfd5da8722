"""Visits that came late, and teams that were renamed or reconstituted once: three columns more, filled by a rebuild."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"

COLUMNS = "ADD COLUMN visits_late int, ADD COLUMN once_renamed int, ADD COLUMN once_reconstituted int"
VIEW = """
CREATE OR REPLACE VIEW read.{row} AS
    SELECT * FROM read.{row}_2a WHERE (SELECT slot FROM read.figures_live) = '2a'
    UNION ALL
    SELECT * FROM read.{row}_2b WHERE (SELECT slot FROM read.figures_live) = '2b';
"""
# Where nothing has been counted yet, nothing has to be counted anew.
NEW = """
UPDATE read.figures_live SET counts = 3
 WHERE counts = 2 AND NOT EXISTS (SELECT FROM bus.cursors
                                   WHERE subscription IN ('figures@1', 'figures@2') AND position > 0);
"""


def upgrade() -> None:
    for row in ("leaf", "rollup"):
        for slot in ("2a", "2b"):
            op.execute(f"ALTER TABLE read.{row}_{slot} {COLUMNS}")
        op.execute(VIEW.format(row=row))
    op.execute(f"ALTER TABLE read.pile_leaf {COLUMNS}")
    op.execute(NEW)

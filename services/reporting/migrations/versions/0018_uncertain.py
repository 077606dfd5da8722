"""Which of the units that a leaf stands in rest on a choice, and of how many facts of a unit that makes it uncertain.

Maps are marked as known before any unit event: whoever settles them next looks at every leaf again, and fills the
columns by moving those that a choice is behind. A rebuild fills them too.
"""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"

UNITS = ("home", "commune", "district", "province")
SLOT = """
ALTER TABLE read.placement_{slot} {columns};
ALTER TABLE read.rollup_{slot} ADD COLUMN uncertain int;
ALTER TABLE read.rollup_months_{slot} ADD COLUMN uncertain int;
DELETE FROM read.map_{slot} WHERE map > 1;
DELETE FROM read.placement_{slot} WHERE map > 1;
UPDATE read.map_{slot} SET tree_position = 0;
"""
VIEW = """
CREATE OR REPLACE VIEW read.{name} AS
    SELECT * FROM read.{name}_2a WHERE (SELECT slot FROM read.figures_live) = '2a'
    UNION ALL
    SELECT * FROM read.{name}_2b WHERE (SELECT slot FROM read.figures_live) = '2b';
"""


def upgrade() -> None:
    columns = ", ".join(f"ADD COLUMN {unit}_uncertain boolean NOT NULL DEFAULT false" for unit in UNITS)
    for slot in ("2a", "2b"):
        op.execute(SLOT.format(slot=slot, columns=columns))
    for name in ("placement", "rollup", "rollup_months"):
        op.execute(VIEW.format(name=name))

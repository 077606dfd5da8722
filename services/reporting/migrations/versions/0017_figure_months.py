"""Figures of provinces and the nation once more by month: a question about years reads a tenth of the rows."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0017"
down_revision = "0016"

COLUMNS = text(
    """SELECT column_name FROM information_schema.columns
        WHERE (table_schema, table_name) = ('read', 'rollup_2a') AND data_type = 'integer' AND column_name <> 'map'
        ORDER BY ordinal_position"""
)
SLOT = """
CREATE TABLE read.rollup_months_{slot} (LIKE read.rollup_{slot}, PRIMARY KEY (map, unit, day)) WITH (fillfactor = 80);
ALTER TABLE read.rollup_months_{slot} RENAME day TO month;       -- its first day; unit: a province, or the nation ('*')
WITH rows AS MATERIALIZED (
    SELECT map, unit, date_trunc('month', day::timestamp)::date AS month, {columns}, keyed FROM read.rollup_{slot} r
     WHERE unit = '*' OR EXISTS (SELECT FROM read.placement_{slot} p WHERE (p.map, p.province) = (r.map, r.unit)))
INSERT INTO read.rollup_months_{slot} (map, unit, month, {columns}, keyed)
    SELECT sums.*, codes.keyed FROM (SELECT map, unit, month, {sums} FROM rows GROUP BY 1, 2, 3) sums
      LEFT JOIN (
        SELECT map, unit, month, jsonb_object_agg(name, n) AS keyed FROM (
            SELECT map, unit, month, code.key AS name, sum(code.value::int) AS n
              FROM rows CROSS JOIN jsonb_each(keyed) AS code GROUP BY 1, 2, 3, 4 HAVING sum(code.value::int) <> 0) each
         GROUP BY 1, 2, 3) codes USING (map, unit, month)
     ORDER BY 1, 2, 3;
"""
VIEW = """
CREATE VIEW read.rollup_months AS
    SELECT * FROM read.rollup_months_2a WHERE (SELECT slot FROM read.figures_live) = '2a'
    UNION ALL
    SELECT * FROM read.rollup_months_2b WHERE (SELECT slot FROM read.figures_live) = '2b';
"""


def upgrade() -> None:
    columns = list(op.get_bind().execute(COLUMNS).scalars())
    sums = ", ".join(f"sum({name})" for name in columns)
    for slot in ("2a", "2b"):
        op.execute(SLOT.format(slot=slot, columns=", ".join(columns), sums=sums))
    op.execute(VIEW)

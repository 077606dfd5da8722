"""Pairs of days of provinces and the nation once more by month: a question about a quarter reads a tenth of them."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"

SLOT = """
CREATE TABLE read.rollup_reach_months_{slot} (   -- n met on day and last before in previous_month (its first day)
    day            date NOT NULL,
    previous_month date NOT NULL,
    n              int NOT NULL,
    map            int NOT NULL,
    unit           text COLLATE "C" NOT NULL,    -- a province, or the nation ('*')
    kind           text COLLATE "C" NOT NULL,
    PRIMARY KEY (map, unit, kind, day, previous_month)
) WITH (fillfactor = 80);
INSERT INTO read.rollup_reach_months_{slot} (map, unit, kind, day, previous_month, n)
    SELECT map, unit, kind, day, date_trunc('month', previous_day::timestamp)::date, sum(n)
      FROM read.rollup_reach_{slot} r
     WHERE unit = '*' OR EXISTS (SELECT FROM read.placement_{slot} p WHERE (p.map, p.province) = (r.map, r.unit))
     GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5;
"""
VIEW = """
CREATE VIEW read.rollup_reach_months AS
    SELECT * FROM read.rollup_reach_months_2a WHERE (SELECT slot FROM read.figures_live) = '2a'
    UNION ALL
    SELECT * FROM read.rollup_reach_months_2b WHERE (SELECT slot FROM read.figures_live) = '2b';
"""


def upgrade() -> None:
    for slot in ("2a", "2b"):
        op.execute(SLOT.format(slot=slot))
    op.execute(VIEW)

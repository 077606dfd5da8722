"""Figures of open lists stand in the rows of leaves and roll-ups, one JSON object a row, not in a row for each code;
and a rebuild has piles to sum from."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"

# Adds what two rows hold; a code whose sum is nothing is left out.
PLUS = """
CREATE FUNCTION read.keyed_plus(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(jsonb_object_agg(key, n), '{}') FROM (
        SELECT key, sum(value::int) AS n FROM (SELECT * FROM jsonb_each(a) UNION ALL SELECT * FROM jsonb_each(b)) each
         GROUP BY key HAVING sum(value::int) <> 0) sums
$$;
"""
# {"platforms:vneid": 3, "outcomes:account": 1}
TAKEN_OVER = """
ALTER TABLE read.{row}_{slot} ADD COLUMN keyed jsonb;
INSERT INTO read.{row}_{slot} AS t ({key}, keyed)
    SELECT {key}, jsonb_object_agg(figure || ':' || key, n) FROM read.{tall}_{slot} WHERE n <> 0 GROUP BY {key}
    ON CONFLICT ({key}) DO UPDATE SET keyed = excluded.keyed;
"""
VIEW = """
CREATE OR REPLACE VIEW read.{row} AS
    SELECT * FROM read.{row}_2a WHERE (SELECT slot FROM read.figures_live) = '2a'
    UNION ALL
    SELECT * FROM read.{row}_2b WHERE (SELECT slot FROM read.figures_live) = '2b';
DROP VIEW read.{tall};
DROP TABLE read.{tall}_2a, read.{tall}_2b;
"""
# Of one rebuild, which begins anew if it breaks off.
PILES = """
CREATE UNLOGGED TABLE read.pile_leaf (LIKE read.leaf_2a);
CREATE UNLOGGED TABLE read.pile_reach (LIKE read.reach_2a);
CREATE UNLOGGED TABLE read.pile_told (
    number int NOT NULL,                     -- chunks of the log, in order
    kind   text COLLATE "C" NOT NULL,
    id     text COLLATE "C" NOT NULL,
    told   text NOT NULL                     -- JSON values with commas between them
);
"""


def upgrade() -> None:
    op.execute(PLUS)
    for row, tall, key in (("leaf", "keyed", "unit, day"), ("rollup", "rollup_keyed", "map, unit, day")):
        for slot in ("2a", "2b"):
            op.execute(TAKEN_OVER.format(row=row, tall=tall, key=key, slot=slot))
        op.execute(VIEW.format(row=row, tall=tall))
    op.execute(PILES)

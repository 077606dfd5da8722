"""Blind index of people, and duplicates: joined, or known to be two. ``people@1`` fills it."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

PEOPLE = """
-- Whatever is asked of a single person is in the log.
DROP TABLE read.people;

-- Keyed hashes (shared/blind_index.py) of the name without accents, with them, and of the phone number. A row
-- goes with its person's erasure.
CREATE TABLE read.person_tokens (
    person_id text COLLATE "C" PRIMARY KEY,
    name      bigint NOT NULL,
    spelled   bigint NOT NULL,
    phone     bigint
);
CREATE INDEX person_tokens_by_name ON read.person_tokens (name);
CREATE INDEX person_tokens_by_phone ON read.person_tokens (phone) WHERE phone IS NOT NULL;

-- Joins that hold. kept_id is whoever is kept in the end, and has not been joined into another.
CREATE TABLE read.person_joins (
    duplicate_id text COLLATE "C" PRIMARY KEY,
    person_id    text COLLATE "C" NOT NULL,
    kept_id      text COLLATE "C" NOT NULL
);
CREATE INDEX person_joins_by_kept ON read.person_joins (kept_id);

-- Pairs that are two: dismissed, or separated after a join. one < other.
CREATE TABLE read.people_apart (
    one   text COLLATE "C" NOT NULL,
    other text COLLATE "C" NOT NULL,
    PRIMARY KEY (one, other)
);

-- Its work is done by people@1.
DELETE FROM bus.cursors WHERE subscription = 'erasures@1';
"""


def upgrade() -> None:
    op.execute(PEOPLE)

"""Blind index of places, and pairs that are known apart. ``records@2`` fills them."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

TOKENS = """
-- Keyed hashes (services/visits/comparing.py) of an address, a contact's name and phone numbers. They live with the key
-- of what they were made of, and go with it. said: version of the place's stream with which they became what they are.
CREATE TABLE vault.place_tokens (
    plain    bigint NOT NULL,
    spelled  bigint NOT NULL,
    said     int NOT NULL,
    trait    text NOT NULL,
    place_id text COLLATE "C" NOT NULL REFERENCES vault.keys ON DELETE CASCADE,
    PRIMARY KEY (place_id, trait, plain, spelled)
);
-- The running service compares tokens, and writes none for a key that is gone. It still reads no key.
GRANT USAGE ON SCHEMA vault TO visits_app;
GRANT SELECT (subject) ON vault.keys TO visits_app;
GRANT SELECT, INSERT, DELETE ON vault.place_tokens TO visits_app;
"""

APART = """
-- Told apart, or separated after a merger, by what was known at these versions of the places' streams. one < other.
CREATE TABLE read.places_apart (
    one_said   int NOT NULL DEFAULT 0,
    other_said int NOT NULL DEFAULT 0,
    one        uuid NOT NULL,
    other      uuid NOT NULL,
    PRIMARY KEY (one, other)
);
-- records@2 fills all of its tables from the beginning.
TRUNCATE read.catalogue, read.households, read.campaigns, read.opinions, read.outreach;
DELETE FROM bus.cursors WHERE subscription = 'records@1';
"""


def upgrade() -> None:
    op.execute(TOKENS)
    op.execute(APART)

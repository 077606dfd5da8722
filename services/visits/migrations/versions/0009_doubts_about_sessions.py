"""Doubts about outreach sessions beside those about visits."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

FLAGS = """
-- of: what the id is of, a visit or a session.
ALTER TABLE read.flags RENAME visit_id TO id;
ALTER TABLE read.flags ADD of text NOT NULL DEFAULT 'visit';
ALTER TABLE read.flags ALTER of DROP DEFAULT;
-- records@3 fills all of its tables from the beginning.
TRUNCATE read.catalogue, read.households, read.campaigns, read.opinions, read.outreach, read.places_apart;
DELETE FROM bus.cursors WHERE subscription = 'records@2';
"""


def upgrade() -> None:
    op.execute(FLAGS)

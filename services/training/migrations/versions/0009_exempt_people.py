"""Exemptions are found by person: a page asks about the people on it."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("CREATE INDEX exemptions_by_person ON read.exemptions (person_id)")

"""Finds at once what units with a team or with declared households are counted from: few rows among those of visits."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    for slot in ("2a", "2b"):
        op.execute(
            f"""CREATE INDEX leaf_{slot}_census ON read.leaf_{slot} (unit, day)
                INCLUDE (teams_commune, teams_village, households_declared)
                WHERE teams_commune IS NOT NULL OR teams_village IS NOT NULL OR households_declared IS NOT NULL"""
        )

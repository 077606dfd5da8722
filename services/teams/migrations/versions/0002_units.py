"""Units: nothing beyond 0001. Their facts are installed for every service alike (``shared/sql/units``), and a unit's
history is read from the log."""

from __future__ import annotations

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    pass

"""Jobs: files on their way in."""

from __future__ import annotations

from shared.migrate import install_jobs

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    install_jobs("teams")

"""Jobs: files on their way in."""

from __future__ import annotations

from shared.migrate import install_jobs

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    install_jobs("training")

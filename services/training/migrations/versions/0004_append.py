"""``log.append`` takes commands whose streams lie in several partitions."""

from __future__ import annotations

from shared.migrate import renew_append

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    renew_append()

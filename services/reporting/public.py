"""What reporting publishes: nothing yet. Declared figures will be its first own events."""

from __future__ import annotations

from shared.bus import Public
from shared.log import Recorded


def publish(event: Recorded) -> Public | None:
    return None

"""What reporting publishes on its feed: declared figures. Notes are free text and stay here."""

from __future__ import annotations

from shared.bus import Public
from shared.log import Recorded

DECLARED = frozenset({"FigureDeclared", "FigureCorrected", "FigureWithdrawn"})


def publish(event: Recorded) -> Public | None:
    return Public(event.type, 1, event.data) if event.type in DECLARED else None

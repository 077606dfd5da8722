"""A worker process as a service would start it: ``python -m tests.worker_service visits|reporting``."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence

from sqlalchemy import Connection

from shared.db import engine
from shared.log import PostgresLog, Recorded
from shared.settings import Settings
from shared.worker import Definition, run_worker
from tests.bus_kit import Seen, public


class Slow(Seen):
    """Spends most of its time inside its transaction, so that a signal finds it there."""

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        super().apply(tx, batch)
        time.sleep(0.02)


DEFINITIONS = {
    "visits": Definition("visits", 2, publish=public, projections=[Slow({"": (0, 1)})], batch=20),
    "reporting": Definition("reporting", 1, projections=[Seen({"visits": (0, 1)})], uses={"visits": {"Counted"}}),
}

if __name__ == "__main__":
    settings = Settings.from_env(os.environ)
    log = PostgresLog(engine(settings.service_database_url, name="worker log", pool_size=4, autocommit=True))
    sys.exit(run_worker(DEFINITIONS[sys.argv[1]], settings, log))

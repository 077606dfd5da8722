"""A service that only ingests: ``python -m tests.batch_service DATABASE_URL AMQP_URI``; prints its counters as JSON."""

from __future__ import annotations

from shared.edge_server import prepare

prepare()

import json  # noqa: E402  # nothing may be imported before prepare()
import logging  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402

from eventlet.event import Event  # noqa: E402
from nameko.runners import ServiceRunner  # noqa: E402
from prometheus_client import REGISTRY  # noqa: E402

from shared.batch import batch  # noqa: E402
from shared.db import engine  # noqa: E402
from shared.mirror import Delivery, Mirror, Rejection  # noqa: E402

MIRROR = Mirror(engine(sys.argv[1], name="reporting-api", pool_size=3), {"visits": {"Counted"}})


class Ingest:
    name = "reporting"

    @batch("reporting.mirror")
    def ingest(self, deliveries: list[Delivery]) -> list[Rejection]:
        return MIRROR.ingest(deliveries)


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    runner = ServiceRunner({"AMQP_URI": sys.argv[2]})
    runner.add_service(Ingest)
    asked = Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.send())
    runner.start()
    print("started", flush=True)
    asked.wait()
    runner.stop()
    labels = {"queue": "reporting.mirror"}
    counts = {
        "ingested": REGISTRY.get_sample_value("tungnha_ingested_total", labels),
        "not-json": REGISTRY.get_sample_value("tungnha_dead_letters_total", {**labels, "reason": "not-json"}),
        "hash": REGISTRY.get_sample_value("tungnha_dead_letters_total", {**labels, "reason": "hash"}),
    }
    print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    main()

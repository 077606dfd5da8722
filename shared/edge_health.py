"""``/healthz``, ``/readyz`` and ``/metrics`` for service classes."""

from __future__ import annotations

from shared.edge import PROBE, Call, Reply, route
from shared.health import Readiness, answer


class Health:
    """Mixin. The checks are those of ``readiness`` (``run_api`` provides one that checks the issuer's keys)."""

    readiness: Readiness

    @route("GET", "/healthz", scope=PROBE)
    def healthz(self, call: Call) -> Reply:
        return _reply(Readiness(), "/healthz")

    @route("GET", "/readyz", scope=PROBE)
    def readyz(self, call: Call) -> Reply:
        return _reply(self.readiness, "/readyz")

    @route("GET", "/metrics", scope=PROBE)
    def metrics(self, call: Call) -> Reply:
        return _reply(Readiness(), "/metrics")


def _reply(readiness: Readiness, path: str) -> Reply:
    status, content_type, body = answer(readiness, path)
    return Reply(status, body, {"Content-Type": content_type})

"""Starting and ending an api process.

``prepare()`` comes before every other import of an entry module: eventlet must replace the blocking parts of the
standard library, and psycopg must learn to wait cooperatively, before anybody holds on to the originals.

    from shared.edge_server import prepare, run_api
    prepare()
    …                                                         # only now: wiring, services
    pieces = {"log": log, "publish": publish, "handler": handler}
    sys.exit(run_api(Visits, settings, provide=pieces, on_stop=[writer.close]))
"""

from __future__ import annotations

import os
import signal
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import eventlet
import structlog

from shared.edge_log import configure, places

if TYPE_CHECKING:
    from shared.access import Verifier
    from shared.edge_admission import Lane
    from shared.settings import Settings

STOP_SECONDS = 9.5
log = structlog.get_logger("api")


def prepare() -> None:
    """Makes this process cooperative. Refuses to be late."""
    if eventlet.patcher.is_monkey_patched("socket"):
        return
    late = [module for module in ("psycopg", "kombu", "amqp") if module in sys.modules]
    if late:
        raise RuntimeError(f"prepare() must come before the import of {', '.join(late)}")
    os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"
    eventlet.monkey_patch()
    from shared.edge_wait import cooperate

    cooperate()


def run_api(
    service: type,
    settings: Settings,
    *,
    provide: Mapping[str, Any] | None = None,
    max_workers: int = 256,
    verifier: Verifier | None = None,
    lanes: Iterable[Lane] = (),
    on_stop: Iterable[Callable[[], object]] = (),
) -> int:
    """Serves ``service`` until SIGTERM or SIGINT, then finishes what is in flight (10 s at most); the exit code.

    ``provide`` becomes attributes of the service class. More than ``max_workers`` requests are not worked on at once,
    and more than four times as many not even kept: 503. ``lanes``: those that routes name (``shared.edge_admission``).
    ``on_stop`` runs in order after the last request. The broker is not needed to start.
    """
    prepare()
    from nameko.runners import ServiceRunner

    from shared.access import Verifier
    from shared.edge_web import EDGE, Edge
    from shared.health import Readiness

    configure(service.name, "api")  # type: ignore[attr-defined]  # nameko's services have a name
    verifier = verifier or Verifier(settings.jwks, settings.issuer)
    pieces = {"readiness": Readiness(), **(provide or {})}
    pieces["readiness"].add("issuer keys", verifier.ready)
    named = {lane.name: lane for lane in lanes}
    edge = Edge(settings.http_address, verifier, max_in_flight=4 * max_workers if named else max_workers, lanes=named)
    runner = ServiceRunner({EDGE: edge, "max_workers": max_workers + 32, "AMQP_URI": settings.service_amqp_uri})
    runner.add_service(provided(service, pieces))
    return _serve(runner, on_stop)


def provided(service: type, pieces: Mapping[str, Any]) -> type:
    """The service class with its pieces as attributes; plain functions stay functions, not methods."""
    attributes = {n: staticmethod(p) if isinstance(p, types.FunctionType) else p for n, p in pieces.items()}
    return type(service.__name__, (service,), {"__module__": service.__module__, **attributes})


def _serve(runner: Any, on_stop: Iterable[Callable[[], object]]) -> int:
    asked: list[int] = []

    def ask(number: int, _frame: object) -> None:
        if asked:
            os._exit(1)
        asked.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    runner.start()
    log.info("serving")
    served = eventlet.spawn(runner.wait)
    # A signal does not wake eventlet's hub: look every 50 ms.
    while not asked and not served.dead:
        eventlet.sleep(0.05)
    if not asked:
        _wait(served)
        return 1
    try:
        with eventlet.Timeout(STOP_SECONDS):
            runner.stop()
            for step in on_stop:
                step()
    except eventlet.Timeout:
        os._exit(1)
    return 0


def _wait(served: Any) -> None:
    """Lets the error that ended the container be seen, as type and places only."""
    try:
        served.wait()
    except Exception as error:  # the process ends anyway
        log.error("container ended", **places(error))

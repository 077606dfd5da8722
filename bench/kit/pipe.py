"""A whole stack filled as benchmarks of visits need it: units, teams and catalogues, known to every service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread

from bench.kit import phases
from bench.kit.country import Country
from bench.kit.measure import say
from ops import catalogue
from ops.client import Api
from ops.local import status, tokens
from ops.local.stack import Stack
from ops.units.seed import NATION_ID

MEMORY_EVERY_SECONDS = 10.0


def filled(of: Stack, land: Country) -> dict[str, Api]:
    """Loads the country; returns clients of teams, visits and reporting once all of them know it."""
    apis = {service: client(of, service) for service in ("teams", "visits", "reporting")}
    say(f"loading {len(land.units):,} unit changes and {len(land.teams):,} teams")
    land.load(apis["teams"])
    head = int(apis["teams"].get("/v1/events/heads")["heads"]["0"])
    phases.reported(apis["reporting"], apis["teams"].after)
    for subscription in ("units@1", "network@2"):
        _await(of, subscription, head)
    apis["visits"].load("/v1/catalogue/batch", list(catalogue.rows()), lambda rows: None)
    phases.reported(apis["reporting"], apis["visits"].after)
    return apis


def client(of: Stack, service: str) -> Api:
    token = partial(tokens.issue, of.state, "bench", tokens.ADMIN_SCOPE, [NATION_ID], 3 * 3600)
    return Api(service, of.api_url(service), token)


@contextmanager
def watched_memory(of: Stack) -> Iterator[list[float]]:
    """Megabytes of the whole stack every few seconds: once it is warm, it must not grow with what passes through."""
    found, over = list[float](), Event()

    def watch() -> None:
        while not over.wait(MEMORY_EVERY_SECONDS):
            found.append(float(status.collect(of.state)["rss_mb"]))

    watching = Thread(target=watch)
    watching.start()
    try:
        yield found
    finally:
        over.set()
        watching.join()
        found.append(float(status.collect(of.state)["rss_mb"]))


def grown(resident: list[float]) -> dict[str, float]:
    """Memory after a fifth of the time, when everything is warm, and at the end."""
    return {"rss_start_mb": resident[len(resident) // 5], "rss_end_mb": resident[-1]}


def _await(of: Stack, subscription: str, head: int) -> None:
    phases.until(lambda: phases.cursor(of, "visits", subscription) >= head, f"visits has {subscription}")

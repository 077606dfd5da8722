"""The national network on disk, one request body a line, stage after stage; and a client that sends it.

Bodies are made beforehand, so that making them costs nothing while the registry is being filled.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from ops.client import ACCEPTED
from ops.demo.network import FORMED, Network
from ops.demo.world import Row
from ops.units.seed import REFORM

ROWS = 500
CONNECTIONS = 4
TRIES = 20


@dataclass
class Stage:
    """Bodies for one path. ``in_order``: a row may rest on one of an earlier body."""

    name: str
    path: str
    file: Path
    in_order: bool = False
    rows: int = 0


@dataclass
class Sent:
    """Rows by outcome, and the last position that was confirmed."""

    outcomes: Counter[str] = field(default_factory=Counter)
    position: int = 0
    problems: list[object] = field(default_factory=list)


def prepare(network: Network, folder: Path) -> list[Stage]:
    """Units until 2023, villages, documents, people with two seats, teams with all others, then units until 6/2025."""
    stages = {
        name: Stage(name, path, folder / f"{name}.ndjson", in_order)
        for name, path, in_order in (
            ("units", "/v1/units/batch", True),
            ("villages", "/v1/units/batch", False),
            ("documents", "/v1/documents/batch", False),
            ("people", "/v1/people/batch", False),
            ("teams", "/v1/teams/batch", False),
            ("later units", "/v1/units/batch", True),
        )
    }
    formed, reform = FORMED.isoformat(), REFORM.isoformat()
    rows = network.units.rows
    _write(stages["units"], [row for row in rows if row["effective"] <= formed])
    for province in network.plan():
        for name in ("villages", "documents", "people", "teams"):
            _write(stages[name], getattr(province, name))
    _write(stages["later units"], [row for row in rows if formed < row["effective"] < reform])
    return list(stages.values())


def _write(stage: Stage, rows: list[Row]) -> None:
    with stage.file.open("ab") as file:
        for first in range(0, len(rows), ROWS):
            file.write(orjson.dumps({"rows": rows[first : first + ROWS]}) + b"\n")
    stage.rows += len(rows)


def send(stage: Stage, url: str, token: str) -> Sent:
    """Send every body until it is answered. Raises ``RuntimeError`` at a row that is turned down."""
    sent, lock = Sent(), threading.Lock()
    errors: list[BaseException] = []
    with stage.file.open("rb") as file:
        bodies = (line.rstrip(b"\n") for line in file)

        def connection() -> None:
            client = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
            try:
                for body in _each(bodies, lock, errors):
                    results = _deliver(client, stage.path, token, body)
                    with lock:
                        _note(sent, results)
            except BaseException as error:
                errors.append(error)
            finally:
                client.close()

        threads = [threading.Thread(target=connection) for _ in range(1 if stage.in_order else CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
    if sent.problems:
        raise RuntimeError(f"{stage.name}: {len(sent.problems)} rows were turned down, first: {sent.problems[0]}")
    return sent


def _each(bodies: Iterator[bytes], lock: threading.Lock, errors: list[BaseException]) -> Iterator[bytes]:
    while not errors:
        with lock:
            body = next(bodies, None)
        if body is None:
            return
        yield body


def _deliver(client: http.client.HTTPConnection, path: str, token: str, body: bytes) -> Iterable[Row]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for _ in range(TRIES):
        try:
            client.request("POST", path, body, headers)
            response = client.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            client.close()
        else:
            if response.status == 200:
                results: list[Row] = orjson.loads(content)["results"]
                return results
            if response.status < 500:
                raise RuntimeError(f"{path} answered {response.status}: {content[:300]!r}")
        time.sleep(0.25)
    raise RuntimeError(f"{path} did not answer in {TRIES} tries")


def _note(sent: Sent, results: Iterable[Row]) -> None:
    for result in results:
        sent.outcomes[result["outcome"]] += 1
        if result["outcome"] in ACCEPTED:
            sent.position = max(sent.position, int(result["position"].partition(":")[2]))
        else:
            sent.problems.append(result)

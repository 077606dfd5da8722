"""Reporting as it runs, fed over the broker and from the sources' feeds; the sources are stood in for."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import orjson
import pytest

from ops.local import tokens
from ops.local.provision import Database
from ops.local.state import State
from shared import broker, topology
from tests.reporting_kit import LOG_IDS, Event
from tests.waiting import answers, eventually, free_port, local

PARTITIONS = {"teams": 1, "visits": 4, "training": 1}


@dataclass
class Source:
    """Stands in for a service: a feed that knows everything, and an exchange that brings some of it."""

    name: str
    log: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.log = {partition: [] for partition in range(PARTITIONS[self.name])}

    def append(self, partition: int, stream: str, event: Event) -> dict[str, Any]:
        type_, data = event
        wire = {
            "specversion": "1.0",
            "id": f"{uuid4()}:1",
            "source": f"/tungnha/{self.name}",
            "type": f"{type_}.v1",
            "subject": stream,
            "time": "2026-11-01T00:00:00+00:00",
            "logid": str(LOG_IDS[self.name]),
            "partition": partition,
            "position": str(len(self.log[partition]) + 1),
            "revision": 1,
            "contenthash": "00" * 16,
            "data": data,
        }
        self.log[partition].append(wire)
        return wire

    def answer(self, path: str) -> dict[str, Any]:
        url = urlsplit(path)
        log_id = str(LOG_IDS[self.name])
        if url.path == "/v1/events/heads":
            return {"log_id": log_id, "heads": {str(p): len(events) for p, events in self.log.items()}}
        query = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
        events = self.log[query["partition"]]
        end = min(query["until"], query["after"] + query.get("limit", 500), len(events))
        page = {"log_id": log_id, "partition": query["partition"], "head": len(events)}
        return page | {"events": events[query["after"] : end], "next_after": end}


@contextmanager
def served(source: Source) -> Iterator[str]:
    class Feed(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = orjson.dumps(source.answer(self.path))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Feed) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@dataclass
class Reporting:
    base: str
    state: State
    rabbit: Any
    sources: dict[str, Source]
    environment: dict[str, str]

    def client(self, *units: str, scope: str = "reporting:read", locale: str = "vi") -> httpx.Client:
        token = tokens.issue(self.state, "test", scope, units, 600)
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": locale}
        return local(self.base, headers=headers, timeout=30)

    def happen(self, events: Iterator[Any] | list[Any], *, lost: float = 0.0) -> None:
        """Published shuffled, some twice, and some lost on the way."""
        wires = [
            (name, self.sources[name].append(partition, stream, event)) for name, partition, stream, event in events
        ]
        rng = random.Random(1)
        sent = [wire for wire in wires if rng.random() >= lost]
        sent += rng.sample(sent, len(sent) // 10)
        rng.shuffle(sent)
        for source in self.sources:
            connection = broker.connect(self.rabbit.uri(source))
            publisher = broker.Publisher(connection)
            for name, wire in sent:
                if name == source:
                    publisher.publish(topology.exchange(source), f"{wire['type']}._._", orjson.dumps(wire))
            publisher.flush(5)
            broker.close(connection)

    def heads(self) -> str:
        return ",".join(f"{s.name}:{p}:{len(events)}" for s in self.sources.values() for p, events in s.log.items())


@pytest.fixture
def reporting(
    database: Callable[..., Database], rabbit: Any, stack_state: State, tmp_path: Path
) -> Iterator[Reporting]:
    db = database("reporting")
    rabbit.purge()
    sources = {name: Source(name) for name in PARTITIONS}
    addresses = {"api": f"127.0.0.1:{free_port()}", "worker": f"127.0.0.1:{free_port()}"}
    with ExitStack() as feeds:
        environment = {
            **os.environ,
            "TUNGNHA_SERVICE_DATABASE_URL": db.app_url,
            "TUNGNHA_VAULT_DATABASE_URL": db.vault_url,
            "TUNGNHA_SERVICE_AMQP_URI": rabbit.uri("reporting"),
            "TUNGNHA_HTTP_ADDRESS": addresses["api"],
            "TUNGNHA_WORKER_ADDRESS": addresses["worker"],
            "TUNGNHA_HASH_KEY": "00" * 32,
            "TUNGNHA_JWKS": str(tokens.jwks(stack_state)),
            "TUNGNHA_ISSUER": tokens.ISSUER,
            "TUNGNHA_FEED_TOKEN": "unused",
            "TUNGNHA_SOURCES": orjson.dumps({n: feeds.enter_context(served(s)) for n, s in sources.items()}).decode(),
        }
        processes = []
        for kind in addresses:
            with (tmp_path / f"{kind}.log").open("wb") as output:
                command = [sys.executable, "-W", "ignore", "-m", "services.reporting", kind]
                processes.append(subprocess.Popen(command, env=environment, stdout=output, stderr=output))
        try:
            base = f"http://{addresses['api']}"
            eventually(lambda: answers(f"{base}/readyz") and answers(f"http://{addresses['worker']}/healthz"), 30)
            yield Reporting(base, stack_state, rabbit, sources, environment)
        finally:
            for process in processes:
                process.terminate()
            codes = [process.wait(15) for process in processes]
        assert codes == [0, 0], [(tmp_path / f"{kind}.log").read_text()[-3000:] for kind in addresses]

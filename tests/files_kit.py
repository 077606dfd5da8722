"""Processes of teams for the tests of files: an api and any number of workers on one database, and files to send."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from ops.local import tokens
from ops.local.provision import Database
from ops.local.state import State
from services.teams.files.templates import PEOPLE, TEAMS, VILLAGES
from shared.edge_upload import MEDIA
from shared.sheets import Page, write_xlsx

NATION, PROVINCE, OTHER = "vn", "hn", "nb"
SCOPE = "teams:admin teams:write teams:read teams:feed people:read"
Row = dict[str, Any]


@dataclass
class Registry:
    """Teams as it runs."""

    state: State
    db: Database
    directory: Path
    amqp: str
    addresses: dict[str, str] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, **settings: str) -> None:
        """``name``: api, or worker followed by anything."""
        kind = "api" if name == "api" else "worker"
        address = self.addresses[name] = f"127.0.0.1:{free_port()}"
        environment = {
            **os.environ,
            "TUNGNHA_SERVICE_DATABASE_URL": self.db.app_url,
            "TUNGNHA_VAULT_DATABASE_URL": self.db.vault_url,
            "TUNGNHA_SERVICE_AMQP_URI": self.amqp,
            "TUNGNHA_HTTP_ADDRESS": address,
            "TUNGNHA_WORKER_ADDRESS": address,
            "TUNGNHA_HASH_KEY": "00" * 32,
            "TUNGNHA_JWKS": str(tokens.jwks(self.state)),
            "TUNGNHA_ISSUER": tokens.ISSUER,
            **settings,
        }
        with (self.directory / f"{name}.log").open("ab") as output:
            command = [sys.executable, "-W", "ignore", "-m", "services.teams", kind]
            self.running[name] = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        eventually(lambda: _answers(f"http://{address}/healthz"))

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> list[int]:
        for process in self.running.values():
            process.terminate()
        return [process.wait(15) for process in self.running.values()]

    def output(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in self.directory.glob("*.log"))

    def client(self, *units: str, sub: str = "clerk", scope: str = SCOPE, locale: str = "en") -> httpx.Client:
        token = tokens.issue(self.state, sub, scope, units or (NATION,), 600)
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": locale}
        return httpx.Client(base_url=f"http://{self.addresses['api']}", headers=headers, timeout=60)

    def log(self, statement: str, *parameters: Any) -> Any:
        with psycopg.connect(self.db.verify_url) as connection:
            return connection.execute(statement, parameters).fetchall()

    def events(self) -> dict[str, int]:
        """Type → how many; without composition warnings, which the worker sends when it comes to it."""
        return dict(
            self.log("SELECT type, count(*) FROM log.events WHERE NOT starts_with(type, 'Composition') GROUP BY 1")
        )

    def caught_up(self) -> bool:
        [(behind,)] = self.log(
            "SELECT coalesce(max(h.position - c.position), 1) FROM log.heads h, bus.cursors c WHERE c.source = ''"
        )
        return bool(behind == 0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(probe: Callable[[], Any], seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)
    return found


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


# --- sending --------------------------------------------------------------------------------------------------------


def send(
    client: httpx.Client, content: bytes, media: str = "xlsx", *, template: str = "registry", **more: Any
) -> httpx.Response:
    """``dry_run`` and ``key`` (Idempotency-Key) as they are wanted."""
    headers = {"Content-Type": MEDIA[media]}
    if key := more.pop("key", None):
        headers["Idempotency-Key"] = key
    return client.post("/v1/imports", content=content, params={"template": template, **more}, headers=headers)


def finished(client: httpx.Client, job_id: str) -> Row:
    def done() -> Row | None:
        job: Row = client.get(f"/v1/imports/{job_id}").json()
        return job if job["state"] in ("done", "failed", "cancelled") else None

    found: Row = eventually(done)
    return found


def imported(client: httpx.Client, content: bytes, media: str = "xlsx", **more: Any) -> Row:
    """Send a file and wait for the end of its job."""
    answer = send(client, content, media, **more)
    assert answer.status_code in (200, 202), answer.text
    return finished(client, answer.json()["id"])


def results(client: httpx.Client, job: Mapping[str, Any], limit: int = 500) -> list[Row]:
    found: list[Row] = []
    after = ""
    while after is not None:
        params = {"format": "json", "after": after, "limit": limit}
        page = client.get(f"/v1/imports/{job['id']}/result", params=params).json()
        found += page["results"]
        after = page["next"]
    return found


def errors(client: httpx.Client, job: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(cell, code) of everything that was refused, in the order of the file."""
    refused = sorted((r for r in results(client, job) if r["errors"]), key=lambda r: r["index"])
    return [(error["cell"], error["code"]) for result in refused for error in result["errors"]]


def workbook(villages: Iterable[Row] = (), teams: Iterable[Row] = (), people: Iterable[Row] = ()) -> bytes:
    to = io.BytesIO()
    write_xlsx(to, [Page(VILLAGES, villages), Page(TEAMS, teams), Page(PEOPLE, people)])
    return to.getvalue()


def unit(unit_id: str, level: str, parent: str | None, **other: Any) -> Row:
    row = {"id": str(uuid4()), "do": "establish", "unit_id": unit_id, "level": level, "kind": level, "name": unit_id}
    return row | {"parent_id": parent, "effective": "2020-01-01"} | other


UNITS = [
    unit(NATION, "nation", None),
    unit(PROVINCE, "province", NATION, name="Hà Nội"),
    unit(OTHER, "province", NATION, name="Ninh Bình"),
    unit("c1", "commune", PROVINCE, code="00097", name="Tứ Liên", kind="phường"),
    unit("c2", "commune", OTHER, code="14000", name="Hoà Bình", kind="xã"),
]

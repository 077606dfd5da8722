"""Teams as it runs, for its integration tests: processes, tokens, and rows to send."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from ops.local import tokens
from ops.local.provision import Database
from ops.local.state import State
from tests.waiting import answers, eventually, free_port, local

NATION, PROVINCE, OTHER, PILOT = "vn", "hn", "nb", "bk"
ALL = "teams:admin teams:write teams:read teams:feed people:read people:erase"
DAY = "2023-10-01"
Row = dict[str, Any]
START_SECONDS = 180.0
"""On a machine that does much else; a process that ends at once is not waited for."""


def uid() -> str:
    return str(uuid4())


# --- processes ------------------------------------------------------------------------------------------------------


@dataclass
class Teams:
    """Processes of teams (or another service) on one database: an api and any number of workers; and tokens for it."""

    state: State
    db: Database
    directory: Path
    amqp: str
    service: str = "teams"
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
            command = [sys.executable, "-W", "ignore", "-m", f"services.{self.service}", kind]
            self.running[name] = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        eventually(lambda: self._up(name), START_SECONDS)

    def _up(self, name: str) -> bool:
        assert self.running[name].poll() is None, self.output()[-6000:]
        return answers(f"http://{self.addresses[name]}/healthz")

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def let_go(self) -> None:
        """What workers that were killed held of jobs is free at once, not when its lease has run out by itself."""
        with psycopg.connect(self.db.app_url) as connection:
            connection.execute("UPDATE jobs.jobs SET leased_until = now() WHERE leased_until > now()")

    @property
    def base(self) -> str:
        return f"http://{self.addresses['api']}"

    @property
    def worker(self) -> str:
        return f"http://{self.addresses['worker']}"

    def stop(self) -> list[int]:
        for process in self.running.values():
            process.terminate()
        return [process.wait(60) for process in self.running.values()]

    def output(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in self.directory.glob("*.log"))

    def client(
        self, *units: str, sub: str = "clerk", scope: str = ALL, locale: str = "en", nowhere: bool = False
    ) -> httpx.Client:
        """A caller who holds these units; the nation if none is named, and none at all ``nowhere``."""
        held = () if nowhere else units or (NATION,)
        token = tokens.issue(self.state, sub, scope, held, 600)
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": locale}
        return local(self.base, headers=headers, timeout=60)

    def log(self, statement: str, *parameters: Any) -> Any:
        with psycopg.connect(self.db.verify_url) as connection:
            return connection.execute(statement, parameters).fetchall()

    def events(self) -> Counter[str]:
        """Type → how many; without composition warnings, which the worker sends when it comes to it."""
        found = self.log("SELECT type, count(*) FROM log.events WHERE NOT starts_with(type, 'Composition') GROUP BY 1")
        return Counter(dict(found))

    def caught_up(self) -> bool:
        [(behind,)] = self.log(
            "SELECT coalesce(max(h.position - c.position), 1) FROM log.heads h, bus.cursors c WHERE c.source = ''"
        )
        return bool(behind == 0)


@contextmanager
def running(db: Database, rabbit: Any, stack_state: State, folder: Path) -> Iterator[Teams]:
    """An api and a worker, until the block is left; their logs in ``folder``."""
    rabbit.purge()
    teams = Teams(stack_state, db, folder, rabbit.uri("teams"))
    try:
        teams.start("api")
        teams.start("worker")
        eventually(lambda: answers(f"{teams.base}/readyz"), START_SECONDS)
        yield teams
    finally:
        codes = teams.stop()
    assert codes == [0, 0], teams.output()[-6000:]


# --- rows -----------------------------------------------------------------------------------------------------------


def unit(unit_id: str, level: str, parent: str | None, **other: Any) -> dict[str, Any]:
    row = {"id": uid(), "do": "establish", "unit_id": unit_id, "level": level, "kind": level, "name": unit_id}
    return row | {"parent_id": parent, "effective": "2022-01-01", "simulated": True} | other


TOP = [
    unit(NATION, "nation", None),
    unit(PROVINCE, "province", NATION, code="01", name="Hà Nội"),
    unit(OTHER, "province", NATION, code="37", name="Ninh Bình"),
    unit(PILOT, "province", NATION, code="06", name="Bắc Kạn"),
]


def units(at: str, code: str) -> list[dict[str, Any]]:
    """In two provinces a commune each, and four villages in the first; all ids begin with ``at``."""
    return [
        unit(f"{at}c1", "commune", PROVINCE, code=code, name="Tứ Liên"),
        unit(f"{at}c2", "commune", OTHER, name="Hoà Bình"),
        *(unit(f"{at}v{n}", "village", f"{at}c1", kind="thôn", name=f"Thôn {n}") for n in range(4)),
    ]


def post(client: httpx.Client, path: str, body: Any, status: int = 201, **headers: str) -> Any:
    answer = client.post(path, json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def batch(client: httpx.Client, path: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    answer: dict[str, Any] = post(client, path, {"rows": rows}, 200)
    return answer


def published(client: httpx.Client) -> list[dict[str, Any]]:
    """Every public event there is."""
    found: list[dict[str, Any]] = []
    after = 0
    while True:
        page = client.get("/v1/events", params={"partition": 0, "after": after, "limit": 1000}).json()
        found += page["events"]
        if page["next_after"] <= after:
            return found
        after = page["next_after"]


def document(document_id: str, **other: Any) -> dict[str, Any]:
    row = {"document_id": document_id, "kind": "decision", "issuer": "UBND xã", "number": f"{document_id[:8]}/QĐ"}
    return row | {"year": 2023, "signed_on": DAY, "effective_from": DAY} | other


def person(person_id: str, **other: Any) -> dict[str, Any]:
    return {"id": uid(), "person_id": person_id, "name": "Nguyễn Văn An", "affiliation": "youth_union"} | other


def seats(people: list[str]) -> list[dict[str, Any]]:
    return [
        {"seat_id": uid(), "person_id": p, "role": "member" if n else "leader", "affiliation": "youth_union"}
        for n, p in enumerate(people)
    ]


@dataclass
class Field:
    """Units, a document, people, and two teams of three in villages of the same commune.

    ``at``: how the ids of communes and villages begin. ``code``: that of the commune.
    """

    document: str
    people: list[str]
    teams: list[dict[str, Any]]
    at: str
    code: str

    @property
    def commune(self) -> str:
        return f"{self.at}c1"

    @property
    def other(self) -> str:
        """A commune of another province."""
        return f"{self.at}c2"


def filled(service: Teams) -> Field:
    """A field of somebody's own."""
    code = uid()[:8]
    at, document_id, people = f"{code}.", uid(), [uid() for _ in range(8)]
    places = units(at, code)
    with service.client() as client:
        assert batch(client, "/v1/units/batch", places)["counts"] == {"stored": len(places)}
        post(client, "/v1/documents", document(document_id))
        assert batch(client, "/v1/people/batch", [person(p) for p in people])["counts"] == {"stored": 8}
        teams = [
            {"id": uid(), "team_id": uid(), "kind": "village", "unit_id": f"{at}v{n}", "name": f"Tổ {n}"}
            | {"effective": DAY, "document_id": document_id, "seats": seats(people[3 * n : 3 * n + 3])}
            for n in range(2)
        ]
        assert batch(client, "/v1/teams/batch", teams)["counts"] == {"stored": 2}
    return Field(document_id, people, teams, at, code)

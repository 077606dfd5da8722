"""The public API as a careful client uses it: one token, patient retries, and a receipt for whatever was accepted.

Sending again is always safe (a visit id, a command id, means one thing for ever), so every doubt ends in a repeat.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import orjson

ROWS = 500
PATIENCE_SECONDS = 120.0
NO_HEADERS: Mapping[str, str] = {}
NOT_YET = {"unknown-unit", "unit-not-on-day"}
"""What a service says of a unit that the registry has and that has not reached it yet."""


ACCEPTED = {"stored", "flagged", "repeated"}
"""Outcomes of what is in the log for ever; "flagged" is stored with doubts."""


class Refused(Exception):
    """The service understood and said no; ``problem`` is its problem+json."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(
            f"{status} {problem.get('code', '')}: {problem.get('detail') or problem.get('title') or problem}"
        )
        self.status, self.problem = status, problem


class Receipts:
    """What services have confirmed, one JSON line each: ``{"service", "id", "position"}``. Safe for many threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def add(self, service: str, entries: Iterable[tuple[str, str]]) -> None:
        lines = "".join(
            json.dumps({"service": service, "id": id_, "position": position}) + "\n" for id_, position in entries
        )
        with self._lock:
            self._file.write(lines)
            self._file.flush()

    def close(self) -> None:
        self._file.close()


class Api:
    """One service. ``token()`` is asked again when a token runs out; ``heads`` is how far what we sent has got."""

    def __init__(self, service: str, url: str, token: Callable[[], str], receipts: Receipts | None = None) -> None:
        self.service, self._token, self._receipts = service, token, receipts
        self._http = httpx.Client(base_url=url, timeout=60.0, limits=httpx.Limits(max_connections=64))
        self._bearer = token()
        self.heads: dict[int, int] = {}

    def get(self, path: str, **query: Any) -> Any:
        return self._send("GET", path, query={k: v for k, v in query.items() if v is not None})

    def upload(self, path: str, content: bytes, media: str, **query: Any) -> Any:
        """A file as it is; ``media`` is its content type."""
        return self._send("POST", path, content, query=query, headers={"Content-Type": media})

    def post(self, path: str, body: dict[str, Any] | None = None, *, version: int | None = None) -> Any:
        """``version``: what the change is based on (If-Match)."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        headers = {"If-Match": f'"{version}"'} if version is not None else {}
        while True:
            try:
                return self._send("POST", path, body, headers=headers)
            except Refused as refusal:
                if refusal.problem.get("code") not in NOT_YET or time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    def change(self, path: str, body: dict[str, Any], command_id: str) -> Any:
        """Like ``post``, under an id of its own: safe to send again; what was accepted gets a receipt."""
        answer = self._send("POST", path, body, headers={"Idempotency-Key": command_id})
        self._remember([answer["position"]])
        if self._receipts:
            self._receipts.add(self.service, [(command_id, answer["position"])])
        return answer

    def batch(self, path: str, rows: Sequence[dict[str, Any]], id_key: str = "id") -> list[dict[str, Any]]:
        """One result per row; what is stored or repeated gets a receipt."""
        answer = self._send("POST", path, {"rows": rows})
        results: list[dict[str, Any]] = answer["results"]
        self._remember(result.get("position") for result in results)
        if self._receipts:
            self._receipts.add(
                self.service,
                [
                    (row[id_key], result["position"])
                    for row, result in zip(rows, results, strict=True)
                    if result["outcome"] in ACCEPTED and result.get("position")
                ],
            )
        return results

    @property
    def after(self) -> str:
        """Our last positions, as ``?after=`` of the reports wants them."""
        return ",".join(f"{self.service}:{partition}:{position}" for partition, position in sorted(self.heads.items()))

    def note_heads(self) -> None:
        """Count as ours whatever the service has recorded by now: what a job of it did, say."""
        self.heads = {int(partition): at for partition, at in self.get("/v1/events/heads")["heads"].items()}

    def settle(self, path: str, rows: Sequence[dict[str, Any]], id_key: str = "id") -> list[dict[str, Any]]:
        """Send rows until each is stored; one result per row. Raises ``Refused`` at a row turned down for good.

        Services hear of new units within a second, not at once: such rows are sent again.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        settled: dict[int, dict[str, Any]] = {}
        pause = 0.25
        while len(settled) < len(rows):
            waiting = [n for n in range(len(rows)) if n not in settled]
            for n, result in zip(waiting, self.batch(path, [rows[n] for n in waiting], id_key), strict=True):
                problem = result.get("problem") or {"code": result["outcome"]}
                if result["outcome"] in ACCEPTED:
                    settled[n] = result
                elif problem["code"] not in NOT_YET or time.monotonic() > deadline:
                    raise Refused(200, problem | {"row": rows[n]})
            if len(settled) < len(rows):
                time.sleep(pause)
                pause = min(pause * 2, 0.5)
        return [settled[n] for n in range(len(rows))]

    def load(
        self,
        path: str,
        rows: Sequence[dict[str, Any]],
        advance: Callable[[int], None],
        *,
        id_key: str = "id",
        parallel: int = 4,
    ) -> None:
        """Send rows in batches, ``parallel`` at once (1 = in order). Raises ``Refused`` at a row turned down."""

        def send(first: int) -> None:
            part = rows[first : first + ROWS]
            self.settle(path, part, id_key)
            advance(len(part))

        with ThreadPoolExecutor(parallel) as pool:
            for done in [pool.submit(send, first) for first in range(0, len(rows), ROWS)]:
                done.result()

    def _send(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: dict[str, Any] | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Any:
        deadline, pause = time.monotonic() + PATIENCE_SECONDS, 0.1
        content = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        kind = {} if content is None else {"Content-Type": "application/json"}
        while True:
            try:
                sent = {"Authorization": f"Bearer {self._bearer}", **kind, **headers}
                response = self._http.request(method, path, content=content, params=query, headers=sent)
            except httpx.TransportError:
                response = None
            if response is not None and response.status_code == 401 and time.monotonic() < deadline:
                self._bearer = self._token()
            elif response is not None and response.status_code not in (500, 502, 503, 504):
                return self._answer(response)
            elif time.monotonic() > deadline:
                if response is None:
                    raise httpx.ConnectError(f"{self.service} does not answer")
                raise Refused(response.status_code, _problem(response))
            time.sleep(float(response.headers.get("Retry-After", pause)) if response is not None else pause)
            pause = min(pause * 2, 2.0)

    def _remember(self, positions: Iterable[str | None]) -> None:
        for position in positions:
            if position:
                partition, at = map(int, position.split(":"))
                self.heads[partition] = max(at, self.heads.get(partition, 0))

    def _answer(self, response: httpx.Response) -> Any:
        if response.status_code >= 400:
            raise Refused(response.status_code, _problem(response))
        return orjson.loads(response.content) if response.content else {}


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        problem = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {"detail": response.text[:200]}
    return problem if isinstance(problem, dict) else {"detail": str(problem)}

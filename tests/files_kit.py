"""Files to send to teams, and what became of them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from services.teams.files.templates import PEOPLE, TEAMS, VILLAGES
from shared.edge_upload import MEDIA
from shared.sheets import Page, write_xlsx
from tests.teams_kit import NATION, OTHER, PROVINCE, Row, unit
from tests.waiting import eventually


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


SINCE = {"effective": "2020-01-01", "simulated": False}
"""The rows of the files are real and may be dated before what other tests of teams begin with."""

UNITS = [
    unit(NATION, "nation", None, **SINCE),
    unit(PROVINCE, "province", NATION, name="Hà Nội", **SINCE),
    unit(OTHER, "province", NATION, name="Ninh Bình", **SINCE),
    unit("c1", "commune", PROVINCE, code="00097", name="Tứ Liên", kind="phường", **SINCE),
    unit("c2", "commune", OTHER, code="14000", name="Hoà Bình", kind="xã", **SINCE),
]

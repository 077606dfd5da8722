"""The reform of 1/7/2025 through the reform kit: one file, looked at before it is applied, reconciled afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ops.client import Api
from ops.local.process import StackError
from ops.patience import Patience
from ops.units import reform_file
from ops.units.seed import Seed

CSV = "text/csv"
STILL_SECONDS = 600.0
"""Whether the national file can be done is found out in one step, while all the network is on its way to the tables."""
PAUSE_SECONDS = 0.1

Document = dict[str, Any]
Watch = Callable[[Document], None]


def unwatched(_reform: Document) -> None:
    """Nobody looks on."""


def national_file(units: Seed) -> bytes:
    """Every province, district and commune of 30/6/2025 and what became of it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "reform.csv"
        reform_file.write(reform_file.rows(units), path)
        return path.read_bytes()


def prepare(teams: Api, content: bytes, watch: Watch = unwatched) -> Document:
    """Upload the file and wait for its preview. Raises ``StackError`` if a row of it cannot be done."""
    made = teams.upload("/v1/reforms", content, CSV)
    reform = settled(teams, made["reform_id"], "ready", watch)
    if reform["counts"].get("errors"):
        errors = teams.get(f"/v1/reforms/{made['reform_id']}/errors", limit=5)["errors"]
        raise StackError(f"the reform has errors: {errors}")
    return reform


def apply(teams: Api, reform: Document, watch: Watch = unwatched) -> Document:
    """Apply what was looked at; the reconciliation. Raises ``StackError`` if a seat is missing."""
    path = f"/v1/reforms/{reform['reform_id']}"
    teams.post(f"{path}/apply", version=reform["version"])
    settled(teams, reform["reform_id"], "applied", watch)
    reconciled: Document = teams.get(f"{path}/reconcile")
    return reconciled


def settled(teams: Api, reform_id: str, wanted: str, watch: Watch = unwatched) -> Document:
    """The reform once it is ``wanted``; waits as long as its job moves, and ``watch`` looks on."""
    patience = Patience(STILL_SECONDS)
    while True:
        reform: Document = teams.get(f"/v1/reforms/{reform_id}")
        if reform["state"] == wanted:
            return reform
        watch(reform)
        if reform["state"] == "failed" or patience.lost(reform):
            raise StackError(f"the reform is {reform['state']}, not {wanted}: {reform}")
        time.sleep(PAUSE_SECONDS)

"""Figures as they were published (``declared.json``), beside what the demo's own events count.

Years and quarters without a day of their own stand on their last one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid5

from rich.console import Console
from rich.table import Table

from ops.client import Api
from ops.local.process import StackError
from ops.units.seed import NAMESPACE, NATION_ID, Seed

FILE = Path(__file__).with_name("declared.json")
LISTED_SECONDS = 30.0
QUALIFIERS = {"exact": "", "about": "≈ ", "more_than": "> ", "nearly": "< "}
HOLDS = {True: "✓", False: "✗", None: "–"}

Row = dict[str, Any]


def rows(units: Seed) -> list[Row]:
    """Bodies for ``POST /v1/declared``; their ids are made of what they say."""
    found = []
    for row in json.loads(FILE.read_text("utf-8")):
        code = row.pop("code")
        unit = units.by_code(code, date.fromisoformat(row["day"])) if code else NATION_ID
        figure_id = uuid5(NAMESPACE, f"declared/{code}/{row['indicator']}/{row['day']}")
        found.append({"figure_id": str(figure_id), "unit_id": unit, **row})
    return found


def play(out: Console, units: Seed, reporting: Api, told: Collection[str]) -> None:
    """Declare what was published about these units, and show it side by side with what is counted."""
    sent = [row for row in rows(units) if row["unit_id"] in told]
    for row in sent:
        reporting.post("/v1/declared", row)
    table = _table()
    for unit in dict.fromkeys(row["unit_id"] for row in sent):
        for each in _reconciled(reporting, unit, sum(row["unit_id"] == unit for row in sent)):
            table.add_row(*_cells(units, each))
    out.print(table)


def _reconciled(reporting: Api, unit: str, expected: int) -> list[Row]:
    """Once all that was declared is listed. Raises ``StackError``."""
    deadline = time.monotonic() + LISTED_SECONDS
    while True:
        found: list[Row] = reporting.get(f"/v1/reconciliation/{unit}")["reconciled"]
        if len(found) >= expected:
            return found
        if time.monotonic() > deadline:
            raise StackError(f"{len(found)} of {expected} declared figures of {unit} are listed")
        time.sleep(0.2)


def _table() -> Table:
    title = "Số báo cáo và số đếm từ sự kiện · declared and counted"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("ngày · day", no_wrap=True)
    table.add_column("chỉ tiêu · indicator", no_wrap=True)
    for header in ("số báo cáo · declared", "số đếm · counted", "chênh · difference", ""):
        table.add_column(header, justify="right")
    return table


def _cells(units: Seed, each: Mapping[str, Any]) -> list[str]:
    said, counted, difference = each["declared"], each["derived"], each["difference"]
    whole = f" / {said['of']}" if said["of"] else ""
    day = date.fromisoformat(said["day"])
    return [
        units.tree.full_name(said["unit_id"], day) or "",
        f"{day:%d/%m/%Y}",
        said["indicator"],
        f"{QUALIFIERS[said['qualifier']]}{said['value']:,}{whole}",
        "–" if counted is None else f"{counted:,}",
        "–" if difference is None else f"{difference:+,}",
        HOLDS[each["holds"]],
    ]

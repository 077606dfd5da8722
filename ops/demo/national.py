"""``./tungnha demo --national``: the network at its published size, and the reform of 1/7/2025 by the reform kit.

Over 63 provinces more than 74,422 teams with 348,362 seats, 52 provinces complete at commune level (2023); then 10,035
communes become 3,321 in one file, and every seat is accounted for on both maps.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ops import verify
from ops.client import Api
from ops.demo import reform
from ops.demo.asking import check
from ops.demo.network import COMPLETE, FORMED, PROVINCES, Network
from ops.demo.story import Total
from ops.demo.world import Row, World
from ops.local.process import StackError
from ops.units.seed import NATION_ID, REFORM

LAST_OLD_DAY = date(2025, 6, 30)
IN_ORDER, AT_ONCE = 1, 4


def play(world: World, apis: Mapping[str, Api], out: Console) -> int:
    """Build the network, reform it, ask both maps, and verify; the exit code."""
    network = Network(world)
    started = time.monotonic()
    bars = (TextColumn("{task.description:<58}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*bars, console=out) as progress:
        _build(network, apis["teams"], progress)
        out.print(f"   {time.monotonic() - started:.0f} s")
        _assert(_totals(network, FORMED, LAST_OLD_DAY), apis, progress)
        _complete(apis["teams"], progress)
        _reform(network, apis["teams"], progress)
        _assert(_totals(network, FORMED, LAST_OLD_DAY, REFORM), apis, progress)
    out.print(f"{time.monotonic() - started:.0f} s without verify; the stack is still running: ./tungnha status")
    return verify.main()


def _build(network: Network, teams: Api, progress: Progress) -> None:
    rows = network.units.rows
    formed, reform = FORMED.isoformat(), REFORM.isoformat()
    _send("Bản đồ 2022 · the map of 2022", teams, [r for r in rows if r["effective"] <= formed], progress)
    size = network.teams + network.seats
    task = progress.add_task("Mạng lưới 63 tỉnh · the network of 63 provinces", total=size)
    for province in network.plan():
        teams.load("/v1/units/batch", province.villages, _ignore, parallel=AT_ONCE)
        teams.load("/v1/documents/batch", province.documents, _ignore, parallel=AT_ONCE)
        teams.load("/v1/people/batch", province.people, _ignore, parallel=AT_ONCE)
        teams.load("/v1/teams/batch", province.teams, _ignore, parallel=AT_ONCE)
        progress.advance(task, len(province.teams) + sum(len(team["seats"]) for team in province.teams))
    later = [row for row in rows if formed < row["effective"] < reform]
    _send("Sắp xếp 2024–2025 · mergers until 6/2025", teams, later, progress)


def _send(title: str, teams: Api, rows: list[Row], progress: Progress) -> None:
    task = progress.add_task(title, total=len(rows))
    teams.load("/v1/units/batch", rows, partial(progress.advance, task), parallel=IN_ORDER)


def _totals(network: Network, *days: date) -> list[Total]:
    return [Total(NATION_ID, day, {"teams": network.teams, "seats": network.seats}) for day in days]


def _assert(totals: list[Total], apis: Mapping[str, Api], progress: Progress) -> None:
    for total in totals:
        progress.console.print(f"   [green]✓[/green] {check(total, apis)}")


def _complete(teams: Api, progress: Progress) -> None:
    """How many provinces have a team, and how many one in every commune, as the registry tells."""
    told = teams.get(f"/v1/units/{NATION_ID}/summary", as_of=FORMED.isoformat())
    serving = sum(province["with_team"] > 0 for province in told["below"])
    complete = told["complete_at_commune_level"]["complete"]
    if (serving, complete) != (PROVINCES, COMPLETE):
        raise StackError(f"{serving} provinces with teams and {complete} complete; expected {PROVINCES} and {COMPLETE}")
    progress.console.print(f"   [green]✓[/green] {serving}/{PROVINCES} provinces, {complete} complete at commune level")


def _reform(network: Network, teams: Api, progress: Progress) -> None:
    task = progress.add_task("Cải cách 1/7/2025 · the reform of 1/7/2025", total=2)
    ready = reform.prepare(teams, reform.national_file(network.units))
    progress.advance(task)
    progress.console.print(f"   {ready['totals']}")
    reconciled = reform.apply(teams, ready)
    progress.advance(task)
    progress.console.print(f"   [green]✓[/green] {reconciled['seats']}")


def _ignore(rows: int) -> None:
    """The bar counts teams and seats, province by province."""

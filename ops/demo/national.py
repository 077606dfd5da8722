"""``./tungnha demo --national``: the network at its published size, and the reform of 1/7/2025 by the reform kit.

Over 63 provinces more than 74,422 teams with 348,362 seats, 52 provinces complete at commune level (2023); 255,545
people of 59 provinces trained by 9/2022, uploaded as files; then 10,035 communes become 3,321 in one file, and every
seat is accounted for on both maps.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ops import catalogue, verify
from ops.client import Api
from ops.demo import declared, reform, trained
from ops.demo.asking import Answer, check
from ops.demo.network import COUNTED, FORMED, PROVINCES, Network
from ops.demo.story import Total
from ops.demo.world import Row, World
from ops.local.process import StackError
from ops.units.seed import NATION_ID, REFORM

LAST_OLD_DAY = date(2025, 6, 30)
IN_ORDER, AT_ONCE = 1, 4
TOLD_EVERY = 9
"""Provinces; where no bar can be drawn, the lines are the progress that is seen."""


def play(world: World, apis: Mapping[str, Api], out: Console, share: float = 1.0) -> int:
    """Build the network, reform it, ask both maps, and verify; the exit code. ``share`` < 1 for a rehearsal."""
    network = Network(world, share=share)
    started = time.monotonic()
    bars = (TextColumn("{task.description:<58}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*bars, console=out) as progress:
        for chapter in (_build, _taught, _network_counted, _trained, _reform, _reform_counted):
            chapter(network, apis, progress)
            progress.console.print(f"   {time.monotonic() - started:.0f} s")
    declared.play(out, world.units, apis["reporting"], [NATION_ID])
    out.print("the stack is still running: ./tungnha status; now counting everything anew, which takes a while")
    return verify.main()


# --- chapters -------------------------------------------------------------------------------------------------------


def _build(network: Network, apis: Mapping[str, Api], progress: Progress) -> None:
    teams, rows = apis["teams"], network.units.rows
    formed, reform_day = FORMED.isoformat(), REFORM.isoformat()
    _send("Bản đồ 2022 · the map of 2022", teams, [r for r in rows if r["effective"] <= formed], progress)
    size = network.teams + network.seats
    task = progress.add_task("Mạng lưới 63 tỉnh · the network of 63 provinces", total=size)
    for number, province in enumerate(network.plan(), 1):
        teams.load("/v1/units/batch", province.villages, _ignore, parallel=AT_ONCE)
        teams.load("/v1/documents/batch", province.documents, _ignore, parallel=AT_ONCE)
        teams.load("/v1/people/batch", province.people, _ignore, parallel=AT_ONCE)
        teams.load("/v1/teams/batch", province.teams, _ignore, parallel=AT_ONCE)
        progress.advance(task, len(province.teams) + sum(len(team["seats"]) for team in province.teams))
        if number % TOLD_EVERY == 0:
            progress.console.print(f"   {number} of {len(network.provinces)} provinces")
    later = [row for row in rows if formed < row["effective"] < reform_day]
    _send("Sắp xếp 2024–2025 · mergers until 6/2025", teams, later, progress)


def _taught(network: Network, apis: Mapping[str, Api], progress: Progress) -> None:
    """The national catalogues, which visits and outreach sessions name."""
    entries = list(catalogue.rows())
    apis["visits"].load("/v1/catalogue/batch", entries, _ignore)
    progress.console.print(f"   [green]✓[/green] {len(entries)} entries of the national catalogues")


def _trained(network: Network, apis: Mapping[str, Api], progress: Progress) -> None:
    people, attendances = trained.teach(network, apis["training"])
    told = trained.coverage(apis["training"])
    over = told["ratios"]["all_trained_over_seats"]
    progress.console.print(
        f"   [green]✓[/green] {trained.SECOND:%m/%Y}  {people:,} people trained, {attendances:,} attendances; over the"
        f" {over['denominator']:,} seats of {COUNTED:%Y}: {over['value']:.1%} ({', '.join(over['warnings'])})"
    )


def _network_counted(network: Network, apis: Mapping[str, Api], progress: Progress) -> None:
    _assert(network, (FORMED, COUNTED, LAST_OLD_DAY), apis, progress)
    _complete(network, apis["teams"], progress)


def _reform(network: Network, apis: Mapping[str, Api], progress: Progress) -> None:
    teams = apis["teams"]
    looked = progress.add_task("Xem trước cải cách · preview of the reform", total=None)
    ready = reform.prepare(teams, reform.national_file(network.units))
    progress.update(looked, total=1, completed=1)
    progress.console.print(f"   {_named(ready['counts'])}")
    applied = progress.add_task("Cải cách 1/7/2025 · the reform of 1/7/2025", total=None)
    reconciled = reform.apply(teams, ready, partial(_pages, progress, applied))
    teams.note_heads()
    progress.console.print(f"   [green]✓[/green] seats: {_named(reconciled['seats'])}")
    if reconciled["seats"]["after"] != network.seats:
        raise StackError(f"{network.seats:,} seats should be there after the reform: {reconciled['seats']}")


def _reform_counted(network: Network, apis: Mapping[str, Api], progress: Progress) -> None:
    _assert(network, (FORMED, LAST_OLD_DAY, REFORM), apis, progress)


# --- steps ----------------------------------------------------------------------------------------------------------


def _send(title: str, teams: Api, rows: list[Row], progress: Progress) -> None:
    task = progress.add_task(title, total=len(rows))
    teams.load("/v1/units/batch", rows, partial(progress.advance, task), parallel=IN_ORDER)


def _assert(network: Network, days: tuple[date, ...], apis: Mapping[str, Api], progress: Progress) -> None:
    """The reports count the whole network on each of these days, on the map of the day."""
    task = progress.add_task("Báo cáo theo kịp · the reports catch up", total=None)
    for day in days:
        total = Total(NATION_ID, day, {"teams": network.teams, "seats": network.seats})
        told = check(total, apis, partial(_caught_up, progress, task))
        progress.console.print(f"   [green]✓[/green] {told}")
    progress.update(task, total=1, completed=1)


def _complete(network: Network, teams: Api, progress: Progress) -> None:
    """How many provinces have a team, and how many one in every commune, as the registry tells."""
    told = teams.get(f"/v1/units/{NATION_ID}/summary", as_of=FORMED.isoformat())
    serving = sum(province["with_team"] > 0 for province in told["below"])
    found = (serving, told["complete_at_commune_level"]["complete"])
    expected = (len(network.provinces), len(network.provinces) - len(network.incomplete))
    if found != expected:
        raise StackError(f"{found} provinces with teams and complete at commune level; expected {expected}")
    serving, complete = found
    line = f"{serving} of {PROVINCES} provinces have teams, {complete} complete at commune level"
    progress.console.print(f"   [green]✓[/green] {line}")


# --- bars -----------------------------------------------------------------------------------------------------------


def _caught_up(progress: Progress, task: TaskID, answer: Answer) -> None:
    done = sum(answer["positions"]["teams"].values())
    progress.update(task, total=done + answer["lag"].get("teams", 0), completed=done)


def _pages(progress: Progress, task: TaskID, told: reform.Document) -> None:
    working = told.get("progress", {})
    progress.update(task, total=working.get("pages"), completed=working.get("pages_done", 0))


def _named(numbers: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in numbers.items() if isinstance(number, int) and number)


def _ignore(rows: int) -> None:
    """Whoever sends these shows what came of them."""

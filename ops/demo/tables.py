"""The end of the demo: one network on two maps, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from ops.client import Api
from ops.demo.asking import report
from ops.demo.story import LAST_OLD_DAY, Story
from ops.demo.sunday import Rush
from ops.local.process import StackError
from ops.units.seed import NATION_ID
from shared.vietnamese import hanoi_day

ROWS = (
    ("tổ · teams", "teams"),
    ("vị trí · seats", "seats"),
    ("lượt · visits", "visits"),
    ("hộ đã đến · households reached", "households_reached"),
    ("người được tập huấn · people trained", "people_trained"),
)
SKILLS = {
    "public_services": "dịch vụ công · public services",
    "online_shopping": "mua sắm · shopping",
    "online_payment": "thanh toán · payment",
    "online_safety": "an toàn · safety",
    "local_platforms": "nền tảng khác · local platforms",
    "all": "cả năm · all five",
}


def show(out: Console, story: Story, apis: Mapping[str, Api], rush: Rush) -> None:
    """Print the tables. Raises ``StackError`` if the nation is not the same on both maps."""
    today = hanoi_day(datetime.now(UTC))
    former = f"huyện Chương Mỹ (cũ): {_successors(story, apis, today)}"
    for title, unit_id in (("Toàn quốc", NATION_ID), ("Ninh Bình", story.ninh_binh), (former, story.chuong_my)):
        before = _figures(apis, unit_id, LAST_OLD_DAY)
        now = _figures(apis, _today(story, unit_id, today), today)
        out.print(_table(title, before, now, today))
        if unit_id == NATION_ID and before != now:
            raise StackError("the national totals differ between the two maps")
    out.print(
        "Thôn, người và hộ là mô phỏng; đơn vị, mã và lịch sử sáp nhập là thật. "
        "Villages, people, households are simulated."
    )
    told = ", ".join(f"{outcome} {n:,}" for outcome, n in sorted(rush.outcomes.items()))
    rate = sum(rush.outcomes.values()) / rush.seconds
    out.print(
        f"{rush.visits:,} visits in {rush.uploads:,} uploads: {told}; {rate:,.0f} rows/s; "
        f"then {rush.corrected:,} corrected, {rush.voided:,} voided; "
        f"accepted → in the national report: p99 {rush.freshness_p99:.2f} s of {len(rush.freshness)} probes"
    )


def _today(story: Story, unit_id: str, today: date) -> str:
    """Ninh Bình today is its successor province; a former district keeps its own id, and answers as its heirs."""
    placed = story.units.tree.place(unit_id, today)
    return placed.unit_id if placed and unit_id == story.ninh_binh else unit_id


def _successors(story: Story, apis: Mapping[str, Api], today: date) -> str:
    parts = apis["reporting"].get(f"/v1/reports/{story.chuong_my}", map=today)["successors"]
    return ", ".join(part["name"] for part in parts)


def _figures(apis: Mapping[str, Api], unit_id: str, map_day: date) -> dict[str, Any]:
    figures: dict[str, Any] = report(apis, unit_id, {"from": "2022-01-01", "map": map_day})["figures"]
    return figures


def _table(title: str, before: dict[str, Any], now: dict[str, Any], today: date) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("")
    table.add_column(f"bản đồ {LAST_OLD_DAY:%d/%m/%Y}", justify="right")
    table.add_column(f"bản đồ {today:%d/%m/%Y}", justify="right")
    for label, name in ROWS:
        table.add_row(label, f"{before[name]:,}", f"{now[name]:,}")
    table.add_row("hộ có người thực hiện · households covered", "", "")
    for skill, label in SKILLS.items():
        table.add_row(f"  {label}", f"{before[f'covered_{skill}']:,}", f"{now[f'covered_{skill}']:,}")
    return table

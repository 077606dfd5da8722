"""The Digital Sunday: tens of thousands of visits, uploaded in one go, some twice, some late, some shuffled; and what
their reporters find to be wrong with them.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from rich.progress import Progress

from ops.client import Api
from ops.demo.story import SUNDAY, Story
from ops.simulator import Delivery, changes, deliveries
from ops.units.seed import NATION_ID

PHONES_AT_ONCE = 8
PROBE_EVERY = 0.5


@dataclass
class Rush:
    """What came of the day: rows by outcome, how long it took, and how fresh the national report was meanwhile;
    afterwards so many visits were ``corrected`` and ``voided``."""

    visits: int
    uploads: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    freshness: list[float] = field(default_factory=list)
    corrected: int = 0
    voided: int = 0

    @property
    def freshness_p99(self) -> float:
        if len(self.freshness) < 2:
            return self.freshness[0] if self.freshness else 0.0
        return statistics.quantiles(self.freshness, n=100, method="inclusive")[98]


def play(story: Story, apis: Mapping[str, Api], count: int, progress: Progress) -> Rush:
    """Open the campaign, let the phones send as fast as the services take it, put right what was wrong, close it."""
    crews, rush = story.crews(), Rush(count)
    uploads = deliveries(crews, count, SUNDAY, story.world.seed)
    rush.uploads = len(uploads)
    total = sum(len(upload.rows) for upload in uploads)
    task = progress.add_task(f"Ngày chủ nhật số 15/11/2026 · {count:,} visits as phones send them", total=total)
    campaign = _campaign(story)
    apis["visits"].post("/v1/campaigns", campaign)
    apis["visits"].post(f"/v1/campaigns/{campaign['campaign_id']}/open")
    lock, over, started = threading.Lock(), threading.Event(), time.monotonic()
    probe = threading.Thread(target=_probe, args=(apis, rush, over), daemon=True)
    probe.start()

    def send(rows: list[dict[str, object]]) -> None:
        results = apis["visits"].settle("/v1/visits/batch", rows, "visit_id")
        with lock:
            rush.outcomes.update(result["outcome"] for result in results)
        progress.advance(task, len(rows))

    with ThreadPoolExecutor(PHONES_AT_ONCE) as pool:
        for done in [pool.submit(send, list(upload.rows)) for upload in uploads]:
            done.result()
    rush.seconds = time.monotonic() - started
    over.set()
    probe.join()
    _put_right(apis["visits"], uploads, story.world.seed, rush, progress)
    apis["visits"].post(f"/v1/campaigns/{campaign['campaign_id']}/close")
    return rush


def _put_right(api: Api, uploads: Sequence[Delivery], seed: int, rush: Rush, progress: Progress) -> None:
    """Whoever sees that something was wrong corrects it or takes it back, once it is there."""
    sent = {row["visit_id"]: row for upload in uploads for row in upload.rows}
    wrong = list(changes(sent.values(), seed))
    task = progress.add_task(f"Đính chính · {len(wrong):,} visits corrected or voided", total=len(wrong))
    with ThreadPoolExecutor(PHONES_AT_ONCE) as pool:
        for done in [pool.submit(api.change, each.path, each.body, each.command_id) for each in wrong]:
            done.result()
            progress.advance(task)
    rush.voided = sum(change.voids for change in wrong)
    rush.corrected = len(wrong) - rush.voided


def _campaign(story: Story) -> dict[str, object]:
    return {
        "campaign_id": story.world.id("campaign", SUNDAY),
        "name": "Ngày chủ nhật số (mô phỏng)",
        "first_day": SUNDAY.isoformat(),
        "last_day": SUNDAY.isoformat(),
        "unit_ids": story.provinces_on(SUNDAY),
    }


def _probe(apis: Mapping[str, Api], rush: Rush, over: threading.Event) -> None:
    """Every now and then: from the moment a visit was confirmed until the national report includes it."""
    while not over.wait(PROBE_EVERY):
        accepted, after = time.monotonic(), apis["visits"].after
        if after and "figures" in apis["reporting"].get(f"/v1/reports/{NATION_ID}", after=after):
            rush.freshness.append(time.monotonic() - accepted)

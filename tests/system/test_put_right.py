"""Visits that their reporters correct or take back: the reports follow, receipts hold, and ``verify`` finds nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import count

from ops.simulator import Change, changes, visits
from ops.units.seed import NATION_ID
from tests.system_kit import System

VISITS = 1_000


def of_every_kind(found: Collection[Change]) -> bool:
    return any(change.voids for change in found) and {"typo", "wrong_day", "wrong_person"} <= {
        change.body["reason"] for change in found
    }


def test_what_was_wrong_is_put_right_once_however_often_it_is_sent(system: System) -> None:
    before, day = system.fresh_day(), system.fresh_day()
    phones = system.api("visits")
    rows = [body for _, body in visits(system.network.crews, VISITS, day, seed=3)]
    for first in range(0, VISITS, 500):
        outcomes = {
            result["outcome"] for result in phones.batch("/v1/visits/batch", rows[first : first + 500], "visit_id")
        }
        assert outcomes <= {"stored", "flagged"}
    wrong = next(found for found in (list(changes(rows, seed)) for seed in count()) if of_every_kind(found))
    for change in wrong:
        answer = phones.change(change.path, change.body, change.command_id)
        again = phones.change(change.path, change.body, change.command_id)
        assert (again["outcome"], again["position"]) == ("repeated", answer["position"])
    reasons = Counter(change.body["reason"] for change in wrong)
    voided, moved = sum(change.voids for change in wrong), reasons["wrong_day"]
    assert system.reported(NATION_ID, day, phones)["visits"] == VISITS - voided - moved
    assert system.reported(NATION_ID, before, phones)["visits"] == moved
    system.assert_verified()

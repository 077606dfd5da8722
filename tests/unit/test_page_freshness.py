"""What the badge of freshness says, and that it does not change while the state is the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.reporting.messages import warning
from services.reporting.pages.freshness import counted, freshness

SINCE, LATER = datetime(2026, 11, 28, 13, 31, tzinfo=UTC), datetime(2026, 11, 28, 14, 5, tzinfo=UTC)
NEVER = warning("source_never_checked", "vi", source="training")
LOST = warning("source_unchecked", "vi", source="teams", since=SINCE)
ALSO_LOST = warning("source_unchecked", "vi", source="visits", since=LATER)
PARKED = warning("parked", "vi", events=2)


def answer(*warnings: dict[str, object], lag: int = 0) -> dict[str, Any]:
    return {"lag": {"teams": 0, "visits": lag}, "warnings": [warning("map_settling", "vi"), *warnings]}


@pytest.mark.parametrize(
    ("now", "text", "late"),
    [
        (answer(), "Đã tính đủ", False),
        (answer(lag=1200), "Còn 1.200 sự kiện chờ tính", True),
        (answer(PARKED), "2 sự kiện chưa tính được", True),
        (answer(LOST), "Chưa kiểm tra lại được nguồn tổ từ 20:31 28/11/2026", True),
        (answer(LOST, lag=5), "Chưa kiểm tra lại được nguồn tổ từ 20:31 28/11/2026", True),
        (answer(NEVER), "Chưa lần nào kiểm tra được nguồn tập huấn", True),
        (
            answer(LOST, ALSO_LOST, NEVER),
            "Chưa kiểm tra lại được nguồn tổ, lượt hướng dẫn, tập huấn từ 21:05 28/11/2026",
            True,
        ),
    ],
)
def test_what_is_known_least_is_said_first(now: dict[str, Any], text: str, late: bool) -> None:
    badge = freshness(now, "vi")
    assert (badge.text, badge.late) == (text, late)
    assert len(badge.doubts) == len(now["warnings"]) - 1, "each doubt has a line of its own"


def test_the_same_state_is_not_announced_again_because_a_number_has_moved() -> None:
    some, more = freshness(answer(lag=3), "en"), freshness(answer(lag=400), "en")
    assert some.text != more.text and some.said == more.said
    assert some.said != freshness(answer(), "en").said


def test_a_moment_is_told_on_the_clock_of_viet_nam() -> None:
    told = freshness(answer(warning("source_unchecked", "en", source="visits", since=SINCE)), "en")
    assert told.text == "Source not checked since 20:31 28/11/2026: visits"


def test_more_positions_are_news() -> None:
    assert counted({"positions": {"teams": {"0": 4}, "visits": {"0": 7, "1": 9}}}) == 20

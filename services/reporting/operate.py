"""``python -m services.reporting rebuild``: what an operator is told, in words on stderr and as JSON on stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

import orjson

from services.reporting.differing import Diff, Difference
from services.reporting.projections import Figures
from services.reporting.rebuild import AlreadyRebuilding, Rebuilt, rebuild, take_back
from services.reporting.resting import NothingToGoBackTo
from services.reporting.wiring import today
from shared.db import engine
from shared.settings import Settings
from shared.unit_directory import UnitDirectory

UNDER_WAY = ("Đang có một lần đếm lại khác chưa xong.", "Another rebuild is under way.")
NOTHING_TO_GO_BACK_TO: Mapping[str, tuple[str, str]] = {
    "none": (
        "Không có bộ số liệu nào để quay lại: chưa từng chuyển sang bộ số liệu khác, hoặc bộ trước đó đã bị xoá khi đếm"
        " lại (rebuild, rebuild --compare).",
        "There are no figures to go back to: none answered before these, or a later rebuild (or --compare) has emptied"
        " them.",
    ),
    "older": (
        "Bộ số liệu trước đó do phiên bản cũ đếm, thiếu chỉ tiêu so với phiên bản này nên không dùng lại được.",
        "The figures before these were counted by an earlier version and lack some of this one: there is no going back"
        " to them.",
    ),
    "begun_anew": (
        "Nguồn sự kiện đã được lập lại từ đầu sau khi chuyển bộ số liệu, nên bộ trước đó không đếm tiếp được; hãy đếm"
        " lại (rebuild).",
        "A source of events has begun anew since the switch, so the figures before it cannot be counted on; rebuild"
        " instead.",
    ),
}
"""Reason → Vietnamese, English."""


def rebuild_figures(settings: Settings, option: str = "") -> int:
    """Rebuild, ``--compare`` or go ``--back``; the exit code."""
    own = engine(settings.service_database_url, name="reporting-rebuild", pool_size=4)
    directory = UnitDirectory(own)
    try:
        if option == "--back":
            done = take_back(own, directory, today, _progress)
        else:
            done = rebuild(own, directory, today, _progress, compare_only=option == "--compare")
    except AlreadyRebuilding:
        return _refused(UNDER_WAY)
    except NothingToGoBackTo as error:
        return _refused(NOTHING_TO_GO_BACK_TO[error.reason])
    finally:
        own.dispose()
    print("", *_words(done.diff), sep="\n", file=sys.stderr)
    print(orjson.dumps(_told(done)).decode())
    return 0 if option != "--compare" or (done.diff is not None and done.diff.equal) else 1


def _progress(done: int, total: int) -> None:
    print(f"\r{done:,} of {total:,} positions", end="", file=sys.stderr, flush=True)


def _refused(texts: tuple[str, str]) -> int:
    print(*texts, sep="\n", file=sys.stderr)
    return 1


def _words(diff: Diff | None) -> Iterator[str]:
    if diff is None:
        yield "the figures that answered were in tables of an earlier version: nothing to compare with"
        return
    if diff.figures:
        yield f"{diff.figures:,} figures of the nation and the provinces differ:"
        yield from map(_line, diff.shown)
        if diff.figures > len(diff.shown):
            yield f"  … and {diff.figures - len(diff.shown):,} more"
    else:
        yield "no figure of the nation or a province differs on any day"
    for name, (was, now) in (("leaves", diff.leaves), ("records", diff.records)):
        yield f"{name}: {was:,} → {now:,}"


def _line(each: Difference) -> str:
    days = f"{each.days:,} day{'s' if each.days > 1 else ''}"
    return f"  {each.name}, {each.figure}: {each.was:,} → {each.now:,} ({days}; map of {each.map})"


def _told(done: Rebuilt) -> dict[str, object]:
    return {
        "projection": Figures.name,
        "events": done.events,
        "seconds": round(done.seconds, 3),
        "events_per_s": done.events_per_s,
        "parked": done.parked,
        "slot": done.slot,
        "diff": done.diff.document() if done.diff else None,
    }

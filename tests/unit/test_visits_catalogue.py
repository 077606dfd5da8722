"""Entries of the catalogues as dated facts."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.visits.domain.catalogue import (
    CATALOGUE,
    CatalogueEntryEnded,
    CatalogueEntrySet,
    CatalogueKind,
    EndEntry,
    Pillar,
    SetEntry,
    Words,
    entry_stream,
    words_on,
)
from shared.decider import Rejected
from shared.testing import Spec

KEY = (CatalogueKind.PLATFORM, "vneid", "nation")
VNEID = Words("VNeID", "VNeID", (Pillar.GOVERNMENT,))
BETTER = Words("Định danh điện tử VNeID", "VNeID e-identity", (Pillar.GOVERNMENT, Pillar.SOCIETY))
FIRST, LATER, LAST = date(2022, 1, 1), date(2024, 7, 1), date(2026, 1, 1)
SET = SetEntry(*KEY, FIRST, VNEID)
STREAM = entry_stream(SET)
WAS_SET = (STREAM, CatalogueEntrySet(*KEY, FIRST, VNEID))


def test_an_entry_begins_and_is_changed() -> None:
    spec = Spec(CATALOGUE).when(SET).then(WAS_SET).when(SetEntry(*KEY, LATER, BETTER))
    spec.then((STREAM, CatalogueEntrySet(*KEY, LATER, BETTER)))
    facts = spec.state(STREAM)
    days = (FIRST - timedelta(1), FIRST, LATER - timedelta(1), LATER, LAST)
    assert [words_on(facts, day) for day in days] == [None, VNEID, VNEID, BETTER, BETTER]


def test_what_is_so_already_is_no_change() -> None:
    Spec(CATALOGUE).given(WAS_SET).when(SetEntry(*KEY, LATER, VNEID)).then()


def test_an_entry_ends_and_may_begin_again() -> None:
    ended = (STREAM, CatalogueEntryEnded(*KEY, LATER, UUID(int=1)))
    spec = Spec(CATALOGUE).given(WAS_SET).when(EndEntry(*KEY, LATER, UUID(int=1))).then(ended)
    assert words_on(spec.state(STREAM), LATER) is None
    spec.when(EndEntry(*KEY, LAST)).then()
    spec.when(SetEntry(*KEY, LAST, VNEID)).then((STREAM, CatalogueEntrySet(*KEY, LAST, VNEID)))


def test_what_never_stood_cannot_end() -> None:
    Spec(CATALOGUE).when(EndEntry(*KEY, LATER)).then_rejected("entry-not-standing", entry="vneid")
    Spec(CATALOGUE).given(WAS_SET).when(EndEntry(*KEY, FIRST - timedelta(1))).then_rejected("entry-not-standing")


def test_an_entry_that_ends_on_its_first_day_never_was() -> None:
    spec = Spec(CATALOGUE).given(WAS_SET).when(EndEntry(*KEY, FIRST))
    assert all(words_on(spec.state(STREAM), day) is None for day in (FIRST, LATER))


days = st.dates(FIRST, date(2022, 1, 12))
commands = st.builds(SetEntry, *map(st.just, KEY), days, st.sampled_from((VNEID, BETTER))) | st.builds(
    EndEntry, *map(st.just, KEY), days
)


@given(st.lists(commands, max_size=12))
def test_every_day_reads_the_last_fact_recorded_for_the_latest_day_before_it(history: list[SetEntry]) -> None:
    spec = Spec(CATALOGUE)
    accepted: list[SetEntry | EndEntry] = []
    for command in history:
        spec.when(command)
        if not isinstance(spec.rejection, Rejected) and spec.events:
            accepted.append(command)
    by_day = {day: list(of)[-1] for day, of in groupby(sorted(accepted, key=_effective), key=_effective)}
    for n in range(14):
        day = FIRST + timedelta(n)
        latest = by_day[max(d for d in by_day if d <= day)] if any(d <= day for d in by_day) else None
        expected = latest.words if isinstance(latest, SetEntry) else None
        assert words_on(spec.state(STREAM), day) == expected


def _effective(command: SetEntry | EndEntry) -> date:
    return command.effective

"""Outreach sessions: heads are counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.visits.domain.doubts import HANOI, latest_of
from services.visits.domain.outreach import (
    OUTREACH,
    CorrectOutreach,
    Heads,
    Held,
    Occasion,
    OutreachCorrected,
    OutreachFlagSettled,
    OutreachRecorded,
    OutreachVoided,
    RecordOutreach,
    Session,
    SessionReason,
    SettleOutreach,
    Voided,
    VoidOutreach,
    outreach_stream,
)
from services.visits.domain.vocabulary import AgeBand, Flag, Settled
from shared.decider import Personal
from shared.testing import Spec
from tests.visit_days import by

ID, TEAM, MEMBER = UUID(int=3), UUID(int=30), UUID(int=31)
STREAM = outreach_stream(ID)
DAY = date(2026, 11, 15)
SESSION = Session(
    "thon-1",
    DAY,
    TEAM,
    (MEMBER,),
    Occasion.MARKET_DAY,
    (Heads(AgeBand.FROM_60, 12), Heads(AgeBand.FROM_25_TO_39, 5)),
    ("online_safety",),
)
NOTE = Personal("đông người")
RECORDED = (STREAM, OutreachRecorded(ID, SESSION, note=NOTE))
MORE = replace(SESSION, heads=(Heads(AgeBand.FROM_60, 21),))


def test_record() -> None:
    twice = replace(SESSION, member_ids=(MEMBER, MEMBER), topics=("online_safety", "online_safety"))
    spec = Spec(OUTREACH).when(RecordOutreach(ID, twice, by(DAY), NOTE)).then(RECORDED)
    assert spec.state(STREAM) == Held(SESSION)
    spec.when(RecordOutreach(ID, MORE, latest=by(DAY))).then_rejected("session-exists")


def test_a_session_is_held_in_the_unit_of_its_day_and_keeps_what_was_reported() -> None:
    """Thôn cũ is thôn 1 by the day of the session; whoever corrects may name either."""
    old = replace(SESSION, unit_id="thon-cu")
    spec = Spec(OUTREACH).when(RecordOutreach(ID, old, by(DAY), NOTE, (Flag.UNIT_DIFFERS,), "thon-1"))
    spec.then((STREAM, OutreachRecorded(ID, SESSION, (Flag.UNIT_DIFFERS,), NOTE, "thon-cu")))
    assert spec.state(STREAM) == Held(SESSION, ((Flag.UNIT_DIFFERS, None),))
    again = CorrectOutreach(ID, old, SessionReason.TYPO, by(DAY), None, (Flag.UNIT_DIFFERS,), "thon-1")
    spec.when(again).then()
    spec.when(CorrectOutreach(ID, SESSION, SessionReason.WRONG_UNIT, by(DAY), stands_in="thon-1"))
    spec.then((STREAM, OutreachCorrected(ID, SessionReason.WRONG_UNIT, SESSION, SESSION)))
    more = replace(MORE, unit_id="thon-cu")
    spec.when(CorrectOutreach(ID, more, SessionReason.TYPO, by(DAY), stands_in="thon-1"))
    spec.then((STREAM, OutreachCorrected(ID, SessionReason.TYPO, SESSION, MORE, reported_unit_id="thon-cu")))


def test_correct_and_void() -> None:
    spec = Spec(OUTREACH).given(RECORDED).when(CorrectOutreach(ID, MORE, SessionReason.TYPO, latest=by(DAY)))
    spec.then((STREAM, OutreachCorrected(ID, SessionReason.TYPO, SESSION, MORE)))
    spec.when(CorrectOutreach(ID, MORE, SessionReason.TYPO, latest=by(DAY))).then()
    void = VoidOutreach(ID, SessionReason.RECORDED_TWICE)
    spec.when(void).then((STREAM, OutreachVoided(ID, SessionReason.RECORDED_TWICE, MORE)))
    assert spec.state(STREAM) == Voided(MORE)
    spec.when(void).then()
    spec.when(CorrectOutreach(ID, SESSION, SessionReason.TYPO, latest=by(DAY))).then_rejected("session-voided")


def test_doubts_are_settled_like_those_of_visits() -> None:
    old = (Flag.DAY_LONG_PAST,)
    spec = Spec(OUTREACH).given((STREAM, OutreachRecorded(ID, SESSION, (*old, Flag.TEAM_UNKNOWN))))

    def settle(flag: Flag, how: Settled, was: Settled | None = None) -> OutreachFlagSettled:
        return OutreachFlagSettled(ID, SESSION.unit_id, DAY, flag, how, was)

    confirmed = SettleOutreach(ID, Flag.DAY_LONG_PAST, Settled.CONFIRMED)
    spec.when(confirmed).then((STREAM, settle(Flag.DAY_LONG_PAST, Settled.CONFIRMED)))
    spec.when(confirmed).then()
    spec.when(SettleOutreach(ID, Flag.DAY_LONG_PAST, Settled.DISMISSED))
    spec.then((STREAM, settle(Flag.DAY_LONG_PAST, Settled.DISMISSED, Settled.CONFIRMED)))
    spec.when(SettleOutreach(ID, Flag.DAY_LONG_PAST, Settled.RECONCILED)).then()
    spec.when(SettleOutreach(ID, Flag.TEAM_UNKNOWN, Settled.RECONCILED))
    spec.then((STREAM, settle(Flag.TEAM_UNKNOWN, Settled.RECONCILED)))
    spec.when(SettleOutreach(ID, Flag.CODE_UNKNOWN, Settled.DISMISSED)).then_rejected(
        "unknown-flag", flag="code_unknown"
    )

    long_after = DAY + timedelta(401)
    spec.when(CorrectOutreach(ID, MORE, SessionReason.TYPO, latest=by(long_after), doubts=(Flag.CODE_UNKNOWN,)))
    spec.then((STREAM, OutreachCorrected(ID, SessionReason.TYPO, SESSION, MORE, (*old, Flag.CODE_UNKNOWN))))
    assert spec.state(STREAM) == Held(MORE, ((Flag.DAY_LONG_PAST, Settled.DISMISSED), (Flag.CODE_UNKNOWN, None)))
    spec.when(VoidOutreach(ID, SessionReason.OTHER))
    spec.when(SettleOutreach(ID, Flag.CODE_UNKNOWN, Settled.DISMISSED)).then_rejected("unknown-flag")


def test_what_cannot_be() -> None:
    spec = Spec(OUTREACH).when(VoidOutreach(ID, SessionReason.TYPO)).then_rejected("unknown-session")
    for session, code in (
        (replace(SESSION, day=date(1999, 1, 1)), "day-implausible"),
        (replace(SESSION, started_at=datetime(1999, 1, 1, tzinfo=UTC)), "day-implausible"),
        (replace(SESSION, heads=SESSION.heads * 2), "age-band-twice"),
    ):
        spec.when(RecordOutreach(ID, session, latest=by(DAY))).then_rejected(code)


@pytest.mark.parametrize(
    ("session", "today", "flags"),
    [
        (SESSION, DAY, ()),
        (SESSION, DAY - timedelta(1), (Flag.DAY_IN_FUTURE,)),
        (SESSION, DAY + timedelta(401), (Flag.DAY_LONG_PAST,)),
        (replace(SESSION, started_at=datetime(2026, 11, 15, 17, 0, tzinfo=UTC)), DAY, (Flag.TIME_DIFFERS,)),
    ],
)
def test_doubts_are_flagged(session: Session, today: date, flags: tuple[Flag, ...]) -> None:
    Spec(OUTREACH).when(RecordOutreach(ID, session, by(today))).then((STREAM, OutreachRecorded(ID, session, flags)))


def test_a_session_that_begins_later_today_is_doubtful() -> None:
    tonight = replace(SESSION, started_at=datetime.combine(DAY, time(19), HANOI))
    at_noon = latest_of(datetime.combine(DAY, time(12), HANOI))
    spec = Spec(OUTREACH).when(RecordOutreach(ID, tonight, at_noon))
    spec.then((STREAM, OutreachRecorded(ID, tonight, (Flag.TIME_IN_FUTURE,))))
    spec.when(CorrectOutreach(ID, tonight, SessionReason.OTHER, by(DAY)))
    spec.then((STREAM, OutreachCorrected(ID, SessionReason.OTHER, tonight, tonight)))


sessions = st.builds(
    Session,
    st.sampled_from(("thon-1", "thon-2")),
    st.dates(DAY, DAY + timedelta(3)),
    st.just(TEAM),
    st.just((MEMBER,)),
    st.just(Occasion.MEETING),
    st.lists(st.builds(Heads, st.sampled_from(AgeBand), st.integers(1, 9)), min_size=1, max_size=3).map(tuple),
)
reasons = st.sampled_from(SessionReason)
commands = st.one_of(
    st.builds(RecordOutreach, st.just(ID), sessions, st.just(by(DAY))),
    st.builds(CorrectOutreach, st.just(ID), sessions, reasons, st.just(by(DAY))),
    st.builds(VoidOutreach, st.just(ID), reasons),
)


@given(st.lists(commands, max_size=10))
def test_a_reader_that_takes_away_and_adds_has_what_stands(history: list[RecordOutreach]) -> None:
    spec: Spec = Spec(OUTREACH)  # type: ignore[type-arg]  # the three are inferred
    heads: Counter[tuple[str, date]] = Counter()
    for command in history:
        spec.when(command)
        for _, event in () if spec.rejection else spec.events:
            match event:
                case OutreachRecorded():
                    _add(heads, event.session, 1)
                case OutreachCorrected():
                    _add(heads, event.before, -1)
                    _add(heads, event.after, 1)
                case OutreachVoided():
                    _add(heads, event.before, -1)
    expected: Counter[tuple[str, date]] = Counter()
    state = spec.state(STREAM)
    if isinstance(state, Held):
        _add(expected, state.session, 1)
    assert {key: n for key, n in heads.items() if n} == dict(expected)


def _add(heads: Counter[tuple[str, date]], session: Session, sign: int) -> None:
    heads[session.unit_id, session.day] += sign * sum(each.n for each in session.heads)

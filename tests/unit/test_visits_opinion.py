"""The way of an opinion."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.visits.domain import opinion
from services.visits.domain.catalogue import Pillar
from services.visits.domain.opinion import (
    OPINIONS,
    AnswerOpinion,
    CloseOpinion,
    Closing,
    ForwardOpinion,
    OpinionAnswered,
    OpinionClosed,
    OpinionForwarded,
    OpinionRecorded,
    OpinionWithdrawn,
    RecordOpinion,
    Subject,
    Withdrawing,
    WithdrawOpinion,
    opinion_of,
    opinion_stream,
)
from shared.decider import Personal
from shared.testing import Spec

ID, BODY = UUID(int=7), UUID(int=8)
STREAM = opinion_stream(ID)
DAY = date(2026, 11, 15)
NEXT, DUE = DAY + timedelta(1), DAY + timedelta(10)
ABOUT = Subject("thon-1", "online_public_services", Pillar.GOVERNMENT)
TEXT, REPLY = Personal("Cổng dịch vụ công hay bị lỗi"), Personal("Đã khắc phục")
RECORDED = (STREAM, OpinionRecorded(ID, ABOUT, DAY, text=TEXT))
FORWARDED = (STREAM, OpinionForwarded(ID, ABOUT, NEXT, DUE, "xa-1"))
ANSWERED = (STREAM, OpinionAnswered(ID, ABOUT, NEXT, DUE, REPLY))


def test_recorded_forwarded_answered_closed() -> None:
    spec = Spec(OPINIONS).when(RecordOpinion(ID, ABOUT, DAY, TEXT)).then(RECORDED)
    spec.when(ForwardOpinion(ID, NEXT, DUE, "xa-1")).then(FORWARDED)
    spec.when(AnswerOpinion(ID, NEXT, REPLY)).then(ANSWERED)
    spec.when(CloseOpinion(ID, DUE, Closing.SETTLED)).then((STREAM, OpinionClosed(ID, ABOUT, DUE, Closing.SETTLED)))
    assert spec.state(STREAM) == opinion.Closed(ABOUT, DUE)
    spec.when(CloseOpinion(ID, DUE, Closing.SETTLED)).then()


def test_an_opinion_is_about_the_unit_of_its_day_and_keeps_what_was_reported() -> None:
    old = replace(ABOUT, unit_id="00097")
    spec = Spec(OPINIONS).when(RecordOpinion(ID, old, DAY, TEXT, stands_in="thon-1"))
    spec.then((STREAM, OpinionRecorded(ID, ABOUT, DAY, text=TEXT, reported_unit_id="00097")))
    assert spec.state(STREAM) == opinion.Recorded(ABOUT, DAY)


def test_it_is_forwarded_to_the_unit_of_the_day_and_keeps_which_was_named() -> None:
    spec = Spec(OPINIONS).given(RECORDED).when(ForwardOpinion(ID, NEXT, DUE, "00097", stands_in="xa-1"))
    spec.then((STREAM, OpinionForwarded(ID, ABOUT, NEXT, DUE, "xa-1", reported_to_unit_id="00097")))
    spec.when(ForwardOpinion(ID, NEXT, DUE, None, BODY)).then(
        (STREAM, OpinionForwarded(ID, ABOUT, NEXT, DUE, None, BODY))
    )


def test_an_opinion_may_be_answered_on_the_spot() -> None:
    answered = OpinionAnswered(ID, ABOUT, DAY, None, REPLY)
    Spec(OPINIONS).given(RECORDED).when(AnswerOpinion(ID, DAY, REPLY)).then((STREAM, answered))


def test_an_answer_that_does_not_do_is_forwarded_again() -> None:
    again = OpinionForwarded(ID, ABOUT, DUE, DUE, None, BODY)
    spec = Spec(OPINIONS).given(RECORDED, FORWARDED, ANSWERED).when(ForwardOpinion(ID, DUE, DUE, to_body_id=BODY))
    spec.then((STREAM, again))
    assert spec.state(STREAM) == opinion.Forwarded(ABOUT, DUE, DUE)


@pytest.mark.parametrize("history", [(RECORDED,), (RECORDED, FORWARDED), (RECORDED, FORWARDED, ANSWERED)])
def test_withdraw(history: tuple[tuple[str, OpinionRecorded], ...]) -> None:
    spec = Spec(OPINIONS).given(*history).when(WithdrawOpinion(ID, DUE, Withdrawing.BY_PERSON))
    spec.then((STREAM, OpinionWithdrawn(ID, ABOUT, DUE, Withdrawing.BY_PERSON)))
    spec.when(WithdrawOpinion(ID, DUE, Withdrawing.BY_PERSON)).then()
    spec.when(AnswerOpinion(ID, DUE, REPLY)).then_rejected("opinion-over")
    spec.when(CloseOpinion(ID, DUE, Closing.SETTLED)).then_rejected("opinion-over")


def test_what_cannot_be() -> None:
    spec = Spec(OPINIONS).when(AnswerOpinion(ID, DAY, REPLY)).then_rejected("unknown-opinion").given(RECORDED)
    spec.when(RecordOpinion(ID, ABOUT, DAY, TEXT)).then_rejected("opinion-exists")
    spec.when(ForwardOpinion(ID, NEXT, DUE)).then_rejected("forward-to-nobody")
    spec.when(ForwardOpinion(ID, NEXT, DAY, "xa-1")).then_rejected("due-before-day")
    spec.when(AnswerOpinion(ID, DAY - timedelta(1), REPLY)).then_rejected("step-before-last", last=DAY)
    ahead = AnswerOpinion(ID, DAY + timedelta(1), REPLY, today=DAY)
    spec.when(ahead).then_rejected("day-ahead", today=DAY)
    spec.when(replace(ahead, day=DAY))
    assert spec.rejection is None


def test_a_slip_of_the_day_of_a_visit_stops_no_opinion() -> None:
    heard = (STREAM, OpinionRecorded(ID, ABOUT, date(2036, 10, 12), text=TEXT))
    answer = AnswerOpinion(ID, DAY, REPLY, today=DAY)
    Spec(OPINIONS).given(heard).when(answer).then((STREAM, OpinionAnswered(ID, ABOUT, DAY, None, REPLY)))
    Spec(OPINIONS).given(heard).when(replace(answer, day=DAY - timedelta(1))).then_rejected("step-before-last")


def test_an_erased_text_changes_no_state() -> None:
    erased = (STREAM, OpinionRecorded(ID, ABOUT, DAY, text=Personal(None)))
    assert Spec(OPINIONS).given(erased).state(STREAM) == Spec(OPINIONS).given(RECORDED).state(STREAM)


def test_a_visit_has_one_opinion_for_ever() -> None:
    assert opinion_of(UUID(int=1)) == opinion_of(UUID(int=1)) != opinion_of(UUID(int=2))


days = st.dates(DAY, DAY + timedelta(6))
commands = st.one_of(
    st.builds(RecordOpinion, st.just(ID), st.just(ABOUT), days, st.just(TEXT)),
    st.builds(ForwardOpinion, st.just(ID), days, days, st.just("xa-1")),
    st.builds(AnswerOpinion, st.just(ID), days, st.just(REPLY)),
    st.builds(CloseOpinion, st.just(ID), days, st.sampled_from(Closing)),
    st.builds(WithdrawOpinion, st.just(ID), days, st.sampled_from(Withdrawing)),
)
AFTER = {
    OpinionRecorded: opinion.Recorded,
    OpinionForwarded: opinion.Forwarded,
    OpinionAnswered: opinion.Answered,
    OpinionClosed: opinion.Closed,
    OpinionWithdrawn: opinion.Withdrawn,
}


@given(st.lists(commands, max_size=12))
def test_no_opinion_loses_a_state(history: list[RecordOpinion]) -> None:
    """Each event leads to its own state; days never go back, the subject stays, and an end is an end."""
    spec: Spec = Spec(OPINIONS)  # type: ignore[type-arg]  # the three are inferred
    over = False
    for command in history:
        before = spec.state(STREAM)
        spec.when(command)
        events = [] if spec.rejection else [event for _, event in spec.events]
        after = spec.state(STREAM)
        if not events:
            assert after == before
            continue
        assert not over and len(events) == 1 and type(after) is AFTER[type(events[0])]
        assert after.about == ABOUT and (isinstance(before, opinion.Unheard) or before.day <= after.day)
        over = isinstance(after, opinion.Closed | opinion.Withdrawn)

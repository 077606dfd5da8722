"""What is doubtful about a visit, and what becomes of it. A doubt never stops one: it is stored, counted and flagged,
and somebody may look. Outreach sessions have the same doubts, settled in the same way."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple

from services.visits.domain.content import Content
from services.visits.domain.levels import band_of
from services.visits.domain.state import Doubt, Place, Taught
from services.visits.domain.vocabulary import AgeBand, Flag, Learner, Settled
from shared.decider import Rejected

CLOCK_AHEAD = timedelta(minutes=15)
"""So far a phone's clock may be ahead of ours, over midnight too."""
LONG_PAST_DAYS = 400
HANOI = timezone(timedelta(hours=7))

_ORDER = {flag: n for n, flag in enumerate(Flag)}
_BANDS = {band: n for n, band in enumerate(AgeBand)}


class Latest(NamedTuple):
    """The last moment that is no doubt for what came in, and its day in Viet Nam."""

    moment: datetime
    day: date


def latest_of(received: datetime) -> Latest:
    """Of what came in at this moment; asked once per request."""
    moment = received + CLOCK_AHEAD
    return Latest(moment, _hanoi_day(moment))


def flags_of(content: Content, place: Place, latest: Latest, more: Iterable[Flag]) -> tuple[Flag, ...]:
    """``place`` is without the visit itself; ``more`` is what only others know to be doubtful."""
    found = [*more, *of_time(content.day, content.started_at, latest)]
    if place.doors and not place.open_on(content.day):
        found.append(Flag.PLACE_CLOSED)
    if place.visits and _age_differs(content, place.standing):
        found.append(Flag.AGE_DIFFERS)
    return tuple(sorted(found, key=_ORDER.__getitem__)) if len(found) > 1 else tuple(found)


def of_time(day: date, started_at: datetime | None, latest: Latest) -> list[Flag]:
    found = []
    age = (latest.day - day).days
    if age < 0:
        found.append(Flag.DAY_IN_FUTURE)
    if age > LONG_PAST_DAYS:
        found.append(Flag.DAY_LONG_PAST)
    if started_at is not None:
        if _hanoi_day(started_at) != day:
            found.append(Flag.TIME_DIFFERS)
        elif age == 0 and started_at > latest.moment:
            found.append(Flag.TIME_IN_FUTURE)
    return found


def _hanoi_day(moment: datetime) -> date:
    return moment.astimezone(HANOI).date()


def _age_differs(content: Content, visits: Iterable[Taught]) -> bool:
    taught = {learner.ref: learner for learner in content.learners}
    return any(
        ref in taught and not _may_be_one(taught[ref], content.day, bits, visit.day)
        for visit in visits
        for ref, bits in visit.levels
    )


def _may_be_one(learner: Learner, day: date, bits: int, other_day: date) -> bool:
    """People grow older: the next band on a later day is no doubt."""
    band = band_of(bits)
    if band is None or band == learner.age_band:
        return True
    grown = _BANDS[learner.age_band] - _BANDS[band]
    return grown == 1 and day > other_day if grown > 0 else grown == -1 and day < other_day


# --- what becomes of doubts ------------------------------------------------------------------------------------------


def settles(doubts: tuple[Doubt, ...], flag: Flag, how: Settled) -> bool:
    """Whether that changes anything: a person may think again; what ends by itself ends only what is still open.

    Raises ``Rejected`` if there is no such doubt.
    """
    known = dict(doubts)
    if flag not in known:
        raise Rejected("unknown-flag", "/flag", flag=flag)
    before = known[flag]
    return before != how and not (how is Settled.RECONCILED and before is not None)


def settled(doubts: tuple[Doubt, ...], flag: Flag, how: Settled) -> tuple[Doubt, ...]:
    return tuple([(each, how if each == flag else before) for each, before in doubts])


def after_correction(doubts: tuple[Doubt, ...], flags: tuple[Flag, ...]) -> tuple[Doubt, ...]:
    """``flags``: all that hold now; a doubt that was settled stays settled."""
    known = dict(doubts)
    return tuple([(flag, known.get(flag)) for flag in flags])

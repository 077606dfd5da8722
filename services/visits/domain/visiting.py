"""What commands about visits lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from services.visits.domain.content import Content, check, once
from services.visits.domain.doubts import after_correction, flags_of, settled, settles
from services.visits.domain.opinion import OpinionRecorded, Subject, opinion_of, opinion_stream
from services.visits.domain.rows import Changes, Home, changes, first_visit, one_more
from services.visits.domain.state import (
    Begun,
    Merged,
    Place,
    PlaceState,
    Taught,
    Unknown,
    levels_of,
    open_doubts,
    place_stream,
)
from services.visits.domain.visit import (
    CorrectVisit,
    FlagSettled,
    Heard,
    RecordVisit,
    Reported,
    Seen,
    SettleFlag,
    VisitCorrected,
    VisitEvent,
    VisitRecorded,
    VisitVoided,
    VoidVisit,
)
from services.visits.domain.vocabulary import Flag
from shared.decider import Rejected, need

States = Mapping[str, PlaceState]
Decided = Sequence[tuple[str, VisitEvent | OpinionRecorded]]

_OF_THE_REPORT = frozenset({Flag.UNIT_DIFFERS, Flag.KIND_DIFFERS})
"""Doubts that a correction does not touch, because it cannot change the place."""


class ForeignPlace(Rejected):
    """Not a refusal yet: the place stands in another unit than reported. Decide again with it in ``cleared`` if the
    reporter is responsible for that one too."""

    def __init__(self, unit_id: str, day: date) -> None:
        self.unit_id, self.day = unit_id, day
        super().__init__("foreign-place", "/place_id")


# --- recording -------------------------------------------------------------------------------------------------------


def record(command: RecordVisit, states: States) -> Decided:
    check(command)
    place_id, via, state = _followed(command.place_id, states)
    if isinstance(state, Place) and state.visit(command.visit_id):
        return []  # a repeat, or another content under a used id: the log knows which
    place = state if isinstance(state, Place) else Place(command.place_kind, command.here)
    unit_id = place.unit_on(command.day)
    # A place goes with its unit: whoever reports it for the unit that took that one over means the same place.
    other_unit = unit_id != command.here and unit_id not in command.holds
    other_kind = place.kind != command.place_kind
    if other_unit and unit_id not in command.cleared:
        raise ForeignPlace(unit_id, command.day)
    more = set(command.doubts)
    if other_unit:
        more.add(Flag.UNIT_DIFFERS)
    if other_kind:
        more.add(Flag.KIND_DIFFERS)
    flags = flags_of(command, place, command.latest, more)
    reported = None
    if unit_id != command.unit_id or other_kind or via:
        as_unit = command.unit_id if unit_id != command.unit_id else None
        reported = Reported(as_unit, command.place_kind if other_kind else None, via)
    rows = _rows(place, Taught(command.visit_id, command.day, levels_of(command.learners)), unit_id)
    event = VisitRecorded(
        visit_id=command.visit_id,
        place_id=place_id,
        place_kind=place.kind,
        unit_id=unit_id,
        day=command.day,
        team_id=command.team_id,
        member_ids=once(command.member_ids),
        learners=command.learners,
        platforms=once(command.platforms),
        reach=rows.reach,
        covered=rows.covered,
        flags=flags,
        outcomes=once(command.outcomes),
        obstacle=command.obstacle,
        started_at=command.started_at,
        duration_minutes=command.duration_minutes,
        consent_ref=command.consent_ref,
        reported=reported,
        note=None if place.erased else command.note,
    )
    recorded = (place_stream(place_id), event)
    if command.opinion is None:
        return [recorded]
    return [recorded, _heard(command.opinion, event, states, erased=place.erased)]


def _heard(opinion: Heard, visit: VisitRecorded, states: States, *, erased: bool) -> tuple[str, OpinionRecorded]:
    """Of a place of which nothing personal is kept it counts, without its words."""
    opinion_id = opinion_of(visit.visit_id)
    stream = opinion_stream(opinion_id)
    if not isinstance(states[stream], Unknown):
        raise Rejected("opinion-exists", "/opinion")
    about = Subject(visit.unit_id, opinion.topic, opinion.pillar)
    text = None if erased else opinion.text
    heard = OpinionRecorded(opinion_id, about, visit.day, visit.team_id, visit.visit_id, visit.place_id, text=text)
    return stream, heard


def _followed(place_id: UUID, states: States) -> tuple[UUID, tuple[UUID, ...], PlaceState]:
    """The place that this one is by now; the ids on the way to it, outermost first; its state."""
    via: tuple[UUID, ...] = ()
    state = states[place_stream(place_id)]
    while isinstance(state, Merged):
        via = (place_id, *via)
        place_id = state.into
        need(states, [place_stream(place_id)])
        state = states[place_stream(place_id)]
    return place_id, via, state


def _rows(place: Place, visit: Taught, unit_id: str) -> Changes:
    if not (place.visits or place.moves or place.doors):
        return first_visit(visit)
    return one_more(place, with_visit(place, visit), visit, Home(place.kind, unit_id, visit.day))


def with_visit(place: Place, visit: Taught) -> Place:
    return Place(
        place.kind,
        place.unit_id,
        place.registered,
        (*place.visits, visit),
        place.moves,
        place.doors,
        place.absorbed,
        place.erased,
    )


# --- changing --------------------------------------------------------------------------------------------------------


def _found(command: CorrectVisit | VoidVisit | SettleFlag, states: States) -> tuple[UUID, Place, Taught]:
    """The place that has the visit now. Raises ``Rejected`` if it is not as whoever asks has seen it."""
    for stream in (place_stream(command.place_id), *command.also):
        state = states[stream]
        if isinstance(state, Merged):
            need(states, [place_stream(state.into)])
        elif isinstance(state, Place) and (visit := state.visit(command.visit_id)):
            if visit.revision != command.seen.revision:
                raise Rejected("visit-changed")
            return UUID(stream.partition(":")[2]), state, visit
    raise Rejected("unknown-visit")


def _expected(revision: int | None, visit: Taught) -> None:
    if revision is not None and revision != visit.revision:
        raise Rejected("version-changed", version=visit.revision)


def _instead(place: Place, visit: Taught) -> Place:
    return replace(place, visits=tuple([visit if v.visit_id == visit.visit_id else v for v in place.visits]))


def correct(command: CorrectVisit, states: States) -> Decided:
    said = command.content
    content = replace(
        said,
        member_ids=once(said.member_ids),
        platforms=once(said.platforms),
        outcomes=once(said.outcomes),
    )
    check(content)
    place_id, place, visit = _found(command, states)
    if visit.voided:
        raise Rejected("visit-voided")
    seen = command.seen
    if content == seen.content and command.note == seen.note:
        return []
    _expected(command.revision, visit)
    others = replace(place, visits=tuple([v for v in place.visits if v.visit_id != visit.visit_id]))
    kept = [flag for flag, _ in visit.doubts if flag in _OF_THE_REPORT]
    flags = flags_of(content, others, command.latest, (*command.doubts, *kept))
    after = _instead(place, corrected(visit, content, flags))
    event = VisitCorrected(
        visit_id=command.visit_id,
        place_id=place_id,
        place_kind=place.kind,
        unit_id=seen.unit_id,
        revision=visit.revision + 1,
        before=seen.content,
        after=content,
        reason=command.reason,
        **changes(place, after, Home(place.kind, seen.unit_id))._asdict(),
        flags=flags,
        **_as_it_was(place, visit, seen),
        note=None if place.erased else command.note,
        remark=None if place.erased else command.remark,
    )
    return [(place_stream(place_id), event)]


def corrected(visit: Taught, content: Content, flags: tuple[Flag, ...]) -> Taught:
    doubts, revision = after_correction(visit.doubts, flags), visit.revision + 1
    return visit._replace(day=content.day, levels=levels_of(content.learners), doubts=doubts, revision=revision)


def voided(visit: Taught) -> Taught:
    return visit._replace(voided=True, doubts=(), revision=visit.revision + 1)


def void(command: VoidVisit, states: States) -> Decided:
    place_id, place, visit = _found(command, states)
    if visit.voided:
        return []
    _expected(command.revision, visit)
    seen = command.seen
    event = VisitVoided(
        visit_id=command.visit_id,
        place_id=place_id,
        place_kind=place.kind,
        unit_id=seen.unit_id,
        day=seen.content.day,
        revision=visit.revision + 1,
        before=seen.content,
        reason=command.reason,
        **changes(place, _instead(place, voided(visit)), Home(place.kind, seen.unit_id, seen.content.day))._asdict(),
        remark=None if place.erased else command.remark,
        **_as_it_was(place, visit, seen),
    )
    return [(place_stream(place_id), event)]


def _as_it_was(place: Place, visit: Taught, seen: Seen) -> dict[str, Any]:
    """What readers have counted and cannot know any more."""
    return {
        "recorded_kind": seen.place_kind if seen.place_kind is not place.kind else None,
        "flags_before": tuple([flag for flag, _ in visit.doubts]),
        "settled_before": tuple([(flag, how) for flag, how in visit.doubts if how is not None]),
        "received_on": seen.received_on,
    }


def settle(command: SettleFlag, states: States) -> Decided:
    place_id, _, visit = _found(command, states)
    if not settles(visit.doubts, command.flag, command.how):
        return []
    seen = command.seen
    where, was = (seen.unit_id, seen.content.day), dict(visit.doubts)[command.flag]
    event = FlagSettled(command.visit_id, place_id, *where, command.flag, command.how, was)
    return [(place_stream(place_id), event)]


# --- what it means ---------------------------------------------------------------------------------------------------


def evolve(state: PlaceState, event: VisitEvent) -> PlaceState:
    if isinstance(event, VisitRecorded):
        return _recorded(state, event)
    visit = state.visit(event.visit_id) if isinstance(state, Place) else None
    if not isinstance(state, Place) or visit is None:
        return state
    match event:
        case VisitCorrected():
            return _instead(state, corrected(visit, event.after, event.flags))
        case VisitVoided():
            return _instead(state, voided(visit))
        case FlagSettled():
            return _instead(state, visit._replace(doubts=settled(visit.doubts, event.flag, event.how)))


def _recorded(state: PlaceState, event: VisitRecorded) -> PlaceState:
    if isinstance(state, Merged | Begun):
        return state
    place = state if isinstance(state, Place) else Place(event.place_kind, event.unit_id)
    via = event.reported.via if event.reported else ()
    visit = Taught(
        event.visit_id, event.day, levels_of(event.learners), open_doubts(event.flags) if event.flags else (), via=via
    )
    return with_visit(place, visit)

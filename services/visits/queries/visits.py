"""One visit with all that became of it, as the log holds it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import msgspec

from services.visits.domain import (
    Flag,
    FlagSettled,
    PlaceMerged,
    PlaceSeparated,
    Seen,
    Settled,
    VisitCorrected,
    VisitRecorded,
    VisitVoided,
    place_stream,
)
from shared.decider import Personal
from shared.kit import Kit
from shared.log import Recorded
from shared.vietnamese import hanoi_day

Change = VisitCorrected | VisitVoided | FlagSettled


@dataclass(frozen=True)
class KnownVisit:
    """``stored``: the event that recorded it. ``changes``: what came after, in order."""

    visit: VisitRecorded
    stored: Recorded
    changes: list[tuple[Change, Recorded]] = field(default_factory=list)

    @property
    def seen(self) -> Seen:
        visit, received_on = self.visit, hanoi_day(self.stored.recorded_at)
        seen = Seen(visit.unit_id, 1, visit.content, visit.note, visit.place_kind, received_on)
        for change, _ in self.changes:
            if isinstance(change, VisitCorrected):
                seen = replace(seen, revision=change.revision, content=change.after, note=change.note)
            elif isinstance(change, VisitVoided):
                seen = replace(seen, revision=change.revision)
        return seen

    @property
    def voided(self) -> bool:
        return any(isinstance(change, VisitVoided) for change, _ in self.changes)

    @property
    def flags(self) -> dict[Flag, Settled | None]:
        """Doubts and what became of them; a void ends them all."""
        flags: dict[Flag, Settled | None] = dict.fromkeys(self.visit.flags)
        for change, _ in self.changes:
            match change:
                case VisitCorrected():
                    flags = {flag: flags.get(flag) for flag in change.flags}
                case FlagSettled():
                    flags[change.flag] = change.how
                case VisitVoided():
                    flags = {}
        return flags

    @property
    def place_id(self) -> UUID:
        """Of the place that has it now."""
        return self.changes[-1][0].place_id if self.changes else self.visit.place_id

    @property
    def streams(self) -> tuple[str, ...]:
        """Where else than where it was recorded it may live by now: places under whose ids it was reported."""
        via = self.visit.reported.via if self.visit.reported else ()
        return tuple(map(place_stream, via))


@dataclass(frozen=True)
class VisitQueries:
    kit: Kit

    def visit(self, visit_id: UUID) -> KnownVisit | None:
        """Found by command id, which is the visit's id; it is followed through mergers and separations of places."""
        known = self.kit.log.find([visit_id]).get(visit_id)
        if known is None:
            return None
        _, answer = known
        first, *later = self._events(answer.stream_id, answer.version - 1)
        if not isinstance(first[0], VisitRecorded):
            return None
        found = [(event, stored) for event, stored in later if getattr(event, "visit_id", None) == visit_id]
        found += self._elsewhere(visit_id, answer.stream_id, later)
        changes = [pair for pair in found if isinstance(pair[0], VisitCorrected | VisitVoided | FlagSettled)]
        changes.sort(key=lambda pair: pair[1].recorded_at)
        return KnownVisit(*first, changes)

    def _elsewhere(self, visit_id: UUID, stream: str, later: list[tuple[Any, Recorded]]) -> list[tuple[Any, Recorded]]:
        """What happened to the visit in other places that have had it."""
        found: list[tuple[Any, Recorded]] = []
        looked, ahead = {stream}, _led_to(later)
        while ahead:
            other = ahead.pop()
            if other not in looked:
                looked.add(other)
                events = self._events(other, 0)
                found += [pair for pair in events if getattr(pair[0], "visit_id", None) == visit_id]
                ahead += _led_to(events)
        return found

    def _events(self, stream: str, after: int) -> list[tuple[Any, Recorded]]:
        stored = self.kit.log.load({stream: after})[stream]
        self.kit.codec.unlock(stored)
        return [(self.kit.codec.decode(event), event) for event in stored]


def _led_to(events: list[tuple[Any, Recorded]]) -> list[str]:
    """Places that visits of this one may have gone to."""
    merged = [event.into for event, _ in events if isinstance(event, PlaceMerged)]
    separated = [event.duplicate_id for event, _ in events if isinstance(event, PlaceSeparated)]
    return [place_stream(place) for place in (*merged, *separated)]


def visit_answer(known: KnownVisit, *, personal: bool) -> dict[str, Any]:
    """As it is now, with its history; the note and the remarks only for those who may see personal data."""
    visit, seen, stored = known.visit, known.seen, known.stored
    answer: dict[str, Any] = {
        "visit_id": visit.visit_id,
        "place_id": known.place_id,
        "place_kind": visit.place_kind,
        "unit_id": visit.unit_id,
        **msgspec.to_builtins(seen.content),
        "reported": visit.reported and msgspec.to_builtins(visit.reported),
        "flags": [{"flag": flag, "state": how or "open"} for flag, how in known.flags.items()],
        "revision": seen.revision,
        "voided": known.voided,
        "history": [_told(change, event, personal) for change, event in known.changes],
        "position": f"{stored.partition}:{stored.position}",
        "recorded_at": stored.recorded_at.isoformat(),
    }
    if personal:
        answer["note"] = _text(seen.note)
    return answer


def _told(change: Change, stored: Recorded, personal: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"what": stored.type, "recorded_at": stored.recorded_at.isoformat()}
    match change:
        case FlagSettled():
            return told | {"flag": change.flag, "how": change.how}
        case VisitCorrected():
            told |= {"before": msgspec.to_builtins(change.before)}
    told |= {"revision": change.revision, "reason": change.reason}
    return told | {"remark": _text(change.remark)} if personal else told


def _text(personal: Personal | None) -> str | None:
    return personal.text if personal else None

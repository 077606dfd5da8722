"""Facts → team. What is so on a day follows from the facts in the order of the days they took effect.

    evolve(state, event)      the stream's state; never fails
    replay(facts)             the team that these facts make
    as_of(team, day)          the team by the facts that had taken effect on that day
    admit(team, *new)         refuses facts that cannot be, or that a later fact contradicts

So a fact may be recorded long after facts that took effect later, as long as all of them can be true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from services.teams.domain.dated import with_value
from services.teams.domain.team.events import (
    PilotEnded,
    Role,
    Seat,
    SeatAppointed,
    SeatChanged,
    SeatReleased,
    TeamDissolved,
    TeamEstablished,
    TeamFact,
    TeamReassigned,
    TeamReconstituted,
    TeamRenamed,
    TeamResumed,
    TeamSuspended,
    TeamTookPart,
)
from services.teams.domain.team.state import Life, Seated, Span, Team
from shared.decider import Rejected


def evolve(team: Team | None, event: Any) -> Team | None:
    facts = (*team.facts, event) if team else (event,)
    if team is None or event.effective >= max(fact.effective for fact in team.facts):
        return _with(happen(team, event), facts)
    return replay(facts)


def replay(facts: Iterable[TeamFact]) -> Team | None:
    facts = tuple(facts)
    team: Team | None = None
    for _, fact in in_order(facts):
        team = happen(team, fact)
    return _with(team, facts)


def as_of(team: Team, day: date) -> Team | None:
    """None before its establishment."""
    if all(fact.effective <= day for fact in team.facts):
        return team
    return replay(fact for fact in team.facts if fact.effective <= day)


def in_order(facts: Sequence[TeamFact]) -> list[tuple[int, TeamFact]]:
    """With their numbers in the stream, counted from 1; facts of one day in the order they were recorded."""
    return sorted(enumerate(facts, 1), key=lambda numbered: (numbered[1].effective, numbered[0]))


def admit(team: Team | None, *new: TeamFact) -> Team:
    """The team with the new facts. Raises ``Rejected``: of a new one by its rule, of a later one it contradicts."""
    facts = (*(team.facts if team else ()), *new)
    return checked(facts, set(range(len(facts) - len(new) + 1, len(facts) + 1)))


def checked(facts: tuple[TeamFact, ...], new: set[int]) -> Team:
    """The team of these facts, each of which can be true in its turn; ``new`` are the numbers of those just said."""
    told: Team | None = None
    begun = False
    for number, fact in in_order(facts):
        begun = begun or number in new
        if begun:
            try:
                possible(told, fact)
            except Rejected as rejection:
                if number in new:
                    raise
                raise Rejected(
                    "fact-contradicted",
                    "/effective",
                    fact=number,
                    type=type(fact).__name__,
                    day=fact.effective,
                    rule=rejection.code,
                ) from rejection
        told = happen(told, fact)
    if told is None:
        raise Rejected("team-without-establishment", "/corrections")
    return replace(told, facts=facts)


def _with(team: Team | None, facts: tuple[TeamFact, ...]) -> Team | None:
    return replace(team, facts=facts) if team else None


# --- what a fact needs to be possible ---------------------------------------------------------------------------


def possible(team: Team | None, fact: TeamFact) -> None:
    """Raises ``Rejected`` if the fact cannot follow on what the team is by then."""
    match fact:
        case TeamEstablished():
            if team is not None:
                raise Rejected("team-exists", "/team_id", team=fact.team_id)
            check_seats(fact.seats)
            return
        case _ if team is None:
            raise Rejected("team-not-yet", "/effective", team=fact.team_id, day=fact.effective)
    if team.ended is not None and not (isinstance(fact, TeamTookPart) and fact.exists):
        raise Rejected("team-ended", "/team_id", team=fact.team_id, ended=team.ended)
    match fact:
        case SeatAppointed(seat=seat):
            _new_seat(team, seat)
        case SeatReleased(seat_id=seat_id):
            opened(team, seat_id)
        case SeatChanged(seat=seat):
            known = opened(team, seat.seat_id)
            if known.seat.person_id != seat.person_id:
                raise Rejected("seat-id-taken", "/seat_id", seat=seat.seat_id)
            if seat.role is Role.LEADER is not known.seat.role and _leads(team):
                raise Rejected("leader-exists", "/role")
        case TeamReconstituted():
            _stated(team, fact.seats_before, "TeamReconstituted")
            for seat_id in fact.released:
                opened(team, seat_id)
            check_seats(happen(team, fact).open_seats)
        case PilotEnded(seats=seats):
            if not team.pilot:
                raise Rejected("team-not-pilot", "/team_id", team=fact.team_id)
            _stated(team, seats, "PilotEnded")
        case TeamDissolved(seats=seats) | TeamReassigned(seats=seats):
            _stated(team, seats, type(fact).__name__)
        case TeamSuspended():
            if team.suspensions and team.suspensions[-1].until is None:
                raise Rejected("team-suspended", "/team_id", team=fact.team_id)
        case TeamResumed():
            if not team.suspensions or team.suspensions[-1].until is not None:
                raise Rejected("team-not-suspended", "/team_id", team=fact.team_id)
        case TeamTookPart():
            _stated(team, fact.seats_before, "TeamTookPart")
            for seat_id in fact.left:
                opened(team, seat_id)
        case _:
            pass


def opened(team: Team, seat_id: str) -> Seated:
    """The open seat of that id. Raises ``Rejected``."""
    seated = team.seats.get(seat_id)
    if seated is None:
        raise Rejected("seat-unknown", "/seat_id", seat=seat_id)
    if seated.until is not None:
        raise Rejected("seat-released", "/seat_id", seat=seat_id, until=seated.until)
    return seated


def check_seats(seats: Sequence[Seat]) -> None:
    """Seat ids and people once each, one leader at most."""
    ids: set[str] = set()
    people: set[str] = set()
    leaders = 0
    for n, seat in enumerate(seats):
        if seat.seat_id in ids:
            raise Rejected("seat-id-taken", f"/seats/{n}/seat_id", seat=seat.seat_id)
        if seat.person_id in people:
            raise Rejected("person-already-seated", f"/seats/{n}/person_id", person=seat.person_id)
        leaders += seat.role is Role.LEADER
        if leaders > 1:
            raise Rejected("leader-exists", f"/seats/{n}/role")
        ids.add(seat.seat_id)
        people.add(seat.person_id)


def _new_seat(team: Team, seat: Seat) -> None:
    if seat.seat_id in team.seats:
        raise Rejected("seat-id-taken", "/seat/seat_id", seat=seat.seat_id)
    if any(known.person_id == seat.person_id for known in team.open_seats):
        raise Rejected("person-already-seated", "/seat/person_id", person=seat.person_id)
    if seat.role is Role.LEADER and _leads(team):
        raise Rejected("leader-exists", "/seat/role")


def _leads(team: Team) -> bool:
    return any(seat.role is Role.LEADER for seat in team.open_seats)


def _stated(team: Team, seats: int, fact: str) -> None:
    """A total that was stated must be the number of seats there are in its turn."""
    if seats != len(team.open_seats):
        raise Rejected("total-contradicted", "/effective", stated=seats, seats=len(team.open_seats), type=fact)


# --- what a fact means -------------------------------------------------------------------------------------------


def happen(team: Team | None, fact: TeamFact) -> Any:
    """The team after the fact, its ``facts`` left to the caller; before the establishment a fact means nothing."""
    if isinstance(fact, TeamEstablished):
        day = fact.effective
        seats = {seat.seat_id: Seated(day, seat=seat) for seat in fact.seats}
        return Team((), fact, ((day, fact.name),), ((day, fact.unit_id),), (Life(day),), seats)
    return _change(team, fact, fact.effective) if team is not None else None


def _change(team: Team, fact: TeamFact, day: date) -> Team:
    match fact:
        case TeamRenamed(name=name):
            return replace(team, names=with_value(team.names, day, name))
        case TeamReassigned(unit_id=unit_id):
            return replace(team, units=with_value(team.units, day, unit_id))
        case TeamSuspended():
            return replace(team, suspensions=(*team.suspensions, Span(day)))
        case TeamResumed():
            return _resumed(team, day)
        case SeatAppointed(seat=seat):
            return _seated(team, (), (seat,), day)
        case SeatReleased(seat_id=seat_id):
            return _seated(team, (seat_id,), (), day)
        case SeatChanged(seat=seat):
            return _seated(team, (seat.seat_id,), (seat,), day)
        case TeamReconstituted():
            return _seated(team, fact.released, fact.appointed, day)
        case PilotEnded(converted=True):
            return replace(team, converted=day)
        case PilotEnded():
            return _ended(team, day, "pilot")
        case TeamDissolved():
            return _ended(team, day, "dissolved")
        case TeamTookPart():
            return _took_part(team, fact, day)
    return team


def _seated(team: Team, left: Sequence[str], came: Sequence[Seat], day: date) -> Team:
    seats: dict[str, Seated] = dict(team.seats)
    for seat_id in left:
        if seat_id in seats and seats[seat_id].until is None:
            seats[seat_id] = replace(seats[seat_id], until=day)
    past = tuple(seats.pop(seat.seat_id) for seat in came if seat.seat_id in seats)
    seats.update({seat.seat_id: Seated(day, seat=seat) for seat in came})
    return replace(team, seats=seats, past=team.past + past)


def _took_part(team: Team, fact: TeamTookPart, day: date) -> Team:
    if team.ended is not None and fact.exists:
        last = team.lives[-1]
        begun = (*team.lives[:-1], Life(last.since)) if last.until == day else (*team.lives, Life(day))
        team = replace(team, lives=begun)
    team = _seated(team, fact.left, fact.came, day)
    return team if fact.exists else _ended(team, day, fact.ending or "", fact.into_team_id)


def _ended(team: Team, day: date, ending: str, into: str | None = None) -> Team:
    """Whoever still had a seat had it until that day."""
    seats: Mapping[str, Seated] = {
        seat_id: replace(seated, until=day) if seated.until is None else seated
        for seat_id, seated in team.seats.items()
    }
    life = replace(team.lives[-1], until=day, ending=ending, into=into)
    return _resumed(replace(team, seats=seats, lives=(*team.lives[:-1], life)), day)


def _resumed(team: Team, day: date) -> Team:
    if not team.suspensions or team.suspensions[-1].until is not None:
        return team
    return replace(team, suspensions=(*team.suspensions[:-1], replace(team.suspensions[-1], until=day)))

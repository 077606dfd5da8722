"""What a fact needs to be possible: the team by then, and the rules it must keep. All raise ``Rejected``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

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
    TeamResumed,
    TeamSuspended,
    TeamTookPart,
)
from services.teams.domain.team.meaning import happen
from services.teams.domain.team.state import Seated, Team
from shared.decider import Rejected


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
    begins_again = isinstance(fact, TeamTookPart) and not fact.existed
    if team.ended is not None and not begins_again:
        raise Rejected("team-ended", "/team_id", team=fact.team_id, ended=team.ended)
    if team.ended is None and begins_again:
        raise Rejected("team-running", "/team_id", team=fact.team_id, day=fact.effective)
    _same_unit(team, fact)
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
            for n, seat in enumerate(fact.appointed):
                _known_seat(team, seat, fact.released, f"/seats/{n}/seat_id")
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
            for seat in fact.came:
                _free_seat(team, seat, fact.left)
            _one_seat_each(happen(team, fact).open_seats)
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


def check_seats(seats: Sequence[Seat], at: str = "") -> None:
    """Seat ids and people once each, one leader at most."""
    ids: set[str] = set()
    people: set[str] = set()
    leaders = 0
    for n, seat in enumerate(seats):
        if seat.seat_id in ids:
            raise Rejected("seat-id-taken", f"{at}/seats/{n}/seat_id", seat=seat.seat_id)
        if seat.person_id in people:
            raise Rejected("person-already-seated", f"{at}/seats/{n}/person_id", person=seat.person_id)
        leaders += seat.role is Role.LEADER
        if leaders > 1:
            raise Rejected("leader-exists", f"{at}/seats/{n}/role")
        ids.add(seat.seat_id)
        people.add(seat.person_id)


def _new_seat(team: Team, seat: Seat) -> None:
    if seat.seat_id in team.seats:
        raise Rejected("seat-id-taken", "/seat/seat_id", seat=seat.seat_id)
    if any(known.person_id == seat.person_id for known in team.open_seats):
        raise Rejected("person-already-seated", "/seat/person_id", person=seat.person_id)
    if seat.role is Role.LEADER and _leads(team):
        raise Rejected("leader-exists", "/seat/role")


def _known_seat(team: Team, seat: Seat, released: Collection[str], at: str) -> None:
    """A seat that is filled anew was released just before, and stays with its person."""
    known = team.seats.get(seat.seat_id)
    if known is not None and (seat.seat_id not in released or known.seat.person_id != seat.person_id):
        raise Rejected("seat-id-taken", at, seat=seat.seat_id)


def _free_seat(team: Team, seat: Seat, left: Collection[str]) -> None:
    """A seat may come back to a team that it left, always with its person."""
    known = team.seats.get(seat.seat_id)
    if known is None:
        return
    if known.seat.person_id != seat.person_id or (known.until is None and seat.seat_id not in left):
        raise Rejected("seat-id-taken", "/seats", seat=seat.seat_id)


def _one_seat_each(seats: Sequence[Seat]) -> None:
    people: set[str] = set()
    for seat in seats:
        if seat.person_id in people:
            raise Rejected("person-already-seated", "/seats", person=seat.person_id)
        people.add(seat.person_id)


def _same_unit(team: Team, fact: TeamFact) -> None:
    """Published numbers were counted for the unit that the fact names."""
    match fact:
        case TeamEstablished():
            return
        case TeamReassigned(from_unit_id=stated):
            pass
        case _:
            stated = fact.unit_id or team.unit_id
    if stated != team.unit_id:
        raise Rejected("unit-contradicted", "/effective", stated=stated, unit=team.unit_id, type=type(fact).__name__)


def _leads(team: Team) -> bool:
    return any(seat.role is Role.LEADER for seat in team.open_seats)


def _stated(team: Team, seats: int, fact: str) -> None:
    """A total that was stated must be the number of seats there are in its turn."""
    if seats != len(team.open_seats):
        raise Rejected("total-contradicted", "/effective", stated=seats, seats=len(team.open_seats), type=fact)

"""Seating people in teams that are known already, registering those who are not.

A seat is rehearsed first: nobody is registered for a seat that will be refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from services.teams.domain.people import Person, RegisterPerson, person_stream
from services.teams.domain.team.events import Seat
from services.teams.domain.team.life import team_stream
from services.teams.domain.team.seats import AppointSeat
from services.teams.domain.team.state import Team
from services.teams.files.documents import Documents
from services.teams.files.doing import Doing
from services.teams.files.operations import Group, Member
from shared.decider import Personal, Rejected
from shared.handler import Answer, Envelope
from shared.handling import handle_many
from shared.log import Outcome

COLUMNS = {
    "/team_id": "team",
    "/unit_id": "team",
    "/effective": "effective",
    "/document_id": "number",
    "/signed_on": "signed_on",
    "/number": "number",
    "/role": "role",
    "/seat/role": "role",
    "/seat/person_id": "name",
    "/person_id": "name",
}
SEATED = ("seat-id-taken", "person-already-seated")

Late = tuple[Group, Member]
Appointment = tuple[Member, AppointSeat]


def covered(doing: Doing, documents: Documents, groups: Sequence[Group]) -> list[Late]:
    """People for known teams that are the sender's; the others are refused."""
    commands = list(_appointments(doing, documents, [(g, m) for g in groups for m in g.members]))
    knowledge = doing.authority.knowledge(command for _, command in commands)
    mine = {m.row.index for m, command in commands if doing.covered(m.row, command, knowledge, COLUMNS)}
    return [(group, member) for group in groups for member in group.members if member.row.index in mine]


def appoint(doing: Doing, documents: Documents, late: Sequence[Late]) -> None:
    """Every row is settled afterwards."""
    appointments = list(_appointments(doing, documents, late))
    states = doing.decides.states({person_stream(member.person_id) for member, _ in appointments})
    new = {m.person_id for m, _ in appointments if not isinstance(states[person_stream(m.person_id)], Person)}
    rehearsed = _handled(doing, appointments, new, rehearsing=True)
    possible = [each for each, answer in zip(appointments, rehearsed, strict=True) if isinstance(answer, Answer)]
    answers = dict(zip((m.row.index for m, _ in possible), _handled(doing, possible, new), strict=True))
    teams = doing.decides.states({team_stream(command.team_id) for _, command in appointments})
    for (member, command), first in zip(appointments, rehearsed, strict=True):
        answer = answers.get(member.row.index, first)
        _settle(doing, member, command, answer, teams[team_stream(command.team_id)])


def _appointments(doing: Doing, documents: Documents, late: Sequence[Late]) -> Iterator[Appointment]:
    """Refuses the rows whose document cannot be had."""
    for group, member in late:
        since = member.since or (group.team.effective if group.team else None)
        reference = member.document or (group.team.document if group.team else None)
        assert since is not None and reference is not None
        try:
            document_id = documents.id_of(reference)
        except Rejected as rejected:
            doing.refuse(member.row, rejected, COLUMNS)
            continue
        yield member, AppointSeat(group.team_id, seat_of(doing, group, member), since, document_id)


def _handled(
    doing: Doing, appointments: Sequence[Appointment], new: set[str], *, rehearsing: bool = False
) -> list[Answer | Rejected]:
    """The answers to the appointments; whoever is new is registered just before."""
    envelopes: list[Envelope] = []
    places: list[int] = []
    registered: set[str] = set()
    for member, command in appointments:
        if member.registers and member.person_id in new and member.person_id not in registered:
            registered.add(member.person_id)
            envelopes.append(doing.envelope(doing.keys.uuid("register", member.person_id), registers(member)))
        places.append(len(envelopes))
        command_id = doing.keys.uuid("appoint", command.team_id, command.seat.seat_id)
        envelopes.append(doing.envelope(command_id, command))
    decides = doing.rehearsal() if rehearsing else doing.decides
    answers = handle_many(decides, envelopes)
    return [answers[place] for place in places]


def _settle(doing: Doing, member: Member, command: AppointSeat, answer: Answer | Rejected, team: Any) -> None:
    if isinstance(answer, Answer) and answer.outcome is not Outcome.CONFLICT:
        doing.settle(member.row, doing.outcome(answer))
    elif isinstance(answer, Rejected) and answer.code not in SEATED:
        doing.refuse(member.row, answer, COLUMNS | ({} if member.registers else {"/seat/person_id": "person_id"}))
    elif _sits(team, command):
        doing.settle(member.row, "repeated")
    else:
        rejected = Rejected("row-differs", "/role", expected=doing.book.header(member.row, "role"))
        doing.refuse(member.row, rejected, COLUMNS, "conflict")


def _sits(team: Any, command: AppointSeat) -> bool:
    """Whether the person has a seat with this role already, since whenever."""
    return isinstance(team, Team) and any(
        (known.person_id, known.role) == (command.seat.person_id, command.seat.role) for known in team.open_seats
    )


def seat_of(doing: Doing, group: Group, member: Member) -> Seat:
    since = member.since or (group.team.effective if group.team else None)
    assert since is not None
    seat_id = doing.keys.seat(group.team_id, member.person_id, since)
    return Seat(seat_id, member.person_id, member.role, member.affiliation)


def registers(member: Member) -> RegisterPerson:
    phone = Personal(member.phone) if member.phone else None
    return RegisterPerson(member.person_id, Personal(member.name), phone, member.affiliation, member.simulated)

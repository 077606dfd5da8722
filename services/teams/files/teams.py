"""Establishing teams with their first seats, and seating people in teams that are known already.

A team is first rehearsed without anybody: nobody is registered for a team that will be refused. A team that the
registry knows already, with these facts, is left as it is; people of the file who have no seat in it are appointed. So
a file that is corrected and sent again adds what was missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from services.teams.domain.people import Person, RegisterPerson, person_stream
from services.teams.domain.team.events import Seat
from services.teams.domain.team.life import EstablishTeam, team_stream
from services.teams.domain.team.seats import AppointSeat
from services.teams.domain.team.state import Team
from services.teams.files.documents import Documents
from services.teams.files.doing import Doing
from services.teams.files.operations import Group, Member
from services.teams.handling import handle_many
from shared.decider import Personal, Rejected
from shared.handler import Answer
from shared.log import Outcome
from shared.rehearsal import Rehearsal

OF_TEAM = {
    "/unit_id": "unit",
    "/kind": "kind",
    "/name": "name",
    "/effective": "effective",
    "/document_id": "number",
    "/signed_on": "signed_on",
    "/number": "number",
    "/team_id": "team_id",
}
OF_SEAT = {
    "/team_id": "team",
    "/effective": "effective",
    "/document_id": "number",
    "/signed_on": "signed_on",
    "/number": "number",
    "/seat/role": "role",
    "/role": "role",
    "/seat/person_id": "name",
    "/person_id": "name",
    "/unit_id": "team",
}
SEATED = ("seat-id-taken", "person-already-seated")


def seat(doing: Doing, documents: Documents, groups: Sequence[Group]) -> None:
    """Do these operations: every row of theirs is settled afterwards."""
    documents.register(
        reference
        for group in groups
        for reference in (group.team.document if group.team else None, *(m.document for m in group.members))
    )
    groups = [group for group in groups if _can_begin(doing, group)]
    teams = _possible(doing, documents, [group for group in groups if group.team is not None])
    known = [group for group in groups if group.team is None and _covered(doing, documents, group)]
    _register_people(doing, [*(group for group, _ in teams), *known])
    late = [*_establish(doing, teams), *((group, member) for group in known for member in group.members)]
    _appoint(doing, documents, late)


def _can_begin(doing: Doing, group: Group) -> bool:
    """Refuses a team whose village was refused, and its people with it."""
    if group.row is None or group.village_row is None or group.village_row.index not in doing.refused:
        return True
    doing.depends(group.row, "village", group.village_row)
    _refuse_people(doing, group)
    return False


def _refuse_people(doing: Doing, group: Group) -> None:
    for member in group.members:
        assert group.row is not None
        doing.depends(member.row, "team", group.row)


# --- teams ------------------------------------------------------------------------------------------------------------


def _possible(doing: Doing, documents: Documents, groups: Iterable[Group]) -> list[tuple[Group, EstablishTeam]]:
    """The teams that would be established without anybody in them; the others are refused, with their people."""
    commands = []
    for group in groups:
        try:
            commands.append((group, _command(documents, group)))
        except Rejected as rejected:
            _refuse_team(doing, group, rejected)
    knowledge = doing.authority.knowledge(command for _, command in commands)
    covered = [each for each in commands if _team_covered(doing, *each, knowledge)]
    # In a dry run the rehearsal so far is what this one builds on.
    rehearsal = doing.decides.fork() if isinstance(doing.decides, Rehearsal) else Rehearsal(doing.decides)  # type: ignore[arg-type]  # else it is the handler
    envelopes = [doing.envelope(doing.keys.uuid("establish", g.team_id), command) for g, command in covered]
    possible = []
    for each, answer in zip(covered, handle_many(rehearsal, envelopes), strict=True):
        if isinstance(answer, Rejected) and answer.code != "team-exists":
            _refuse_team(doing, each[0], answer)
        else:
            possible.append(each)
    return possible


def _command(documents: Documents, group: Group) -> EstablishTeam:
    team = group.team
    assert team is not None
    return EstablishTeam(
        group.team_id,
        team.kind,
        team.unit_id,
        team.name,
        team.effective,
        documents.id_of(team.document),
        (),
        team.pilot,
        team.simulated,
    )


def _team_covered(doing: Doing, group: Group, command: EstablishTeam, knowledge: Any) -> bool:
    assert group.row is not None
    covered = doing.covered(group.row, command, knowledge, OF_TEAM)
    if not covered:
        _refuse_people(doing, group)
    return covered


def _refuse_team(doing: Doing, group: Group, rejected: Rejected, outcome: str = "rejected") -> None:
    assert group.row is not None
    columns = OF_TEAM | {"/unit_id": "village" if group.row.values["village"] else "unit"}
    doing.refuse(group.row, rejected, columns, outcome)
    _refuse_people(doing, group)


def _establish(doing: Doing, teams: Sequence[tuple[Group, EstablishTeam]]) -> list[tuple[Group, Member]]:
    """Establish each with its good people; returns whoever is to be appointed afterwards."""
    first = [[m for m in _good(doing, group) if m.since in (None, command.effective)] for group, command in teams]
    commands = [
        replace(command, seats=tuple(_seat(doing, command, m) for m in members))
        for (_, command), members in zip(teams, first, strict=True)
    ]
    answers = doing.send([(doing.keys.uuid("establish", command.team_id), command) for command in commands])
    late: list[tuple[Group, Member]] = []
    known: list[tuple[Group, EstablishTeam]] = []
    for (group, _), command, members, answer in zip(teams, commands, first, answers, strict=True):
        assert group.row is not None
        if isinstance(answer, Answer) and answer.outcome in (Outcome.STORED, Outcome.REPEATED):
            for row in (group.row, *(member.row for member in members)):
                doing.settle(row, doing.outcome(answer))
            late += [(group, member) for member in _good(doing, group) if member not in members]
        elif isinstance(answer, Answer) or answer.code == "team-exists":
            known.append((group, command))
        else:
            _refuse_team(doing, group, answer)
    return late + _known_teams(doing, known)


def _known_teams(doing: Doing, teams: Sequence[tuple[Group, EstablishTeam]]) -> list[tuple[Group, Member]]:
    """Teams that were established before, perhaps with fewer people: who is missing is appointed."""
    states = doing.decides.states(team_stream(group.team_id) for group, _ in teams)
    late = []
    for group, command in teams:
        assert group.row is not None
        team = states[team_stream(group.team_id)]
        differs = _difference(team, command)
        if differs:
            params = {"expected": doing.book.header(group.row, differs)}
            doing.refuse(
                group.row, Rejected("row-differs", f"/{differs}", **params), {f"/{differs}": differs}, "conflict"
            )
        else:
            doing.settle(group.row, "repeated")
        born = {seat.seat_id for seat in team.birth.seats} if isinstance(team, Team) else set()
        for member in _good(doing, group):
            if _seat(doing, command, member).seat_id in born:
                doing.settle(member.row, "repeated")
            else:
                late.append((group, member))
    return late


def _difference(team: Any, command: EstablishTeam) -> str:
    """The column in which the row differs from the team as it was established; "" if in none."""
    if not isinstance(team, Team):
        return "team_id"
    birth = team.birth
    pairs = {
        "kind": (birth.kind, command.kind),
        "unit": (birth.unit_id, command.unit_id),
        "name": (birth.name, command.name),
        "effective": (birth.effective, command.effective),
        "number": (birth.document_id, command.document_id),
        "pilot": (birth.pilot, command.pilot),
    }
    return next((column for column, (known, said) in pairs.items() if known != said), "")


# --- people -----------------------------------------------------------------------------------------------------------


def _good(doing: Doing, group: Group) -> list[Member]:
    return [member for member in group.members if member.row.index not in doing.refused]


def _register_people(doing: Doing, groups: Sequence[Group]) -> None:
    members = [member for group in groups for member in _good(doing, group)]
    new = {member.person_id: member for member in members if member.registers}
    commands = [(doing.keys.uuid("register", person_id), _registers(member)) for person_id, member in new.items()]
    refused = {
        command.person_id: answer
        for (_, command), answer in zip(commands, doing.send(commands), strict=True)
        if isinstance(answer, Rejected) and answer.code != "person-exists"
    }
    named = {member.person_id for member in members if not member.registers}
    states = doing.decides.states(map(person_stream, named)) if named else {}
    for member in members:
        problem = refused.get(member.person_id)
        if not member.registers and not isinstance(states[person_stream(member.person_id)], Person):
            problem = Rejected("person-unknown", "/person_id", person=member.person_id)
        if problem is not None:
            column = "name" if member.registers else "person_id"
            doing.refuse(member.row, problem, {"/person_id": column})


def _registers(member: Member) -> RegisterPerson:
    phone = Personal(member.phone) if member.phone else None
    return RegisterPerson(member.person_id, Personal(member.name), phone, member.affiliation, member.simulated)


# --- seats ------------------------------------------------------------------------------------------------------------


def _seat(doing: Doing, team: EstablishTeam, member: Member) -> Seat:
    since = member.since or team.effective
    seat_id = doing.keys.seat(team.team_id, member.person_id, since)
    return Seat(seat_id, member.person_id, member.role, member.affiliation)


def _covered(doing: Doing, documents: Documents, group: Group) -> bool:
    """Whether the known team is one of the sender's; its people are refused if not."""
    commands = [
        (member, command) for member in group.members if (command := _appointment(doing, documents, group, member))
    ]
    knowledge = doing.authority.knowledge(command for _, command in commands)
    for member, command in commands:
        doing.covered(member.row, command, knowledge, OF_SEAT)
    return bool(_good(doing, group))


def _appointment(doing: Doing, documents: Documents, group: Group, member: Member) -> AppointSeat | None:
    """None if the document cannot be had: the row is refused then."""
    since = member.since or (group.team.effective if group.team else None)
    reference = member.document or (group.team.document if group.team else None)
    assert since is not None and reference is not None
    try:
        document_id = documents.id_of(reference)
    except Rejected as rejected:
        doing.refuse(member.row, rejected, OF_SEAT)
        return None
    seat_id = doing.keys.seat(group.team_id, member.person_id, since)
    return AppointSeat(
        group.team_id, Seat(seat_id, member.person_id, member.role, member.affiliation), since, document_id
    )


def _appoint(doing: Doing, documents: Documents, late: Sequence[tuple[Group, Member]]) -> None:
    open_ = [
        (member, command)
        for group, member in late
        if member.row.index not in doing.refused and (command := _appointment(doing, documents, group, member))
    ]
    answers = doing.send([(doing.keys.uuid("appoint", c.team_id, c.seat.seat_id), c) for _, c in open_])
    states = doing.decides.states({team_stream(command.team_id) for _, command in open_})
    for (member, command), answer in zip(open_, answers, strict=True):
        team = states[team_stream(command.team_id)]
        if isinstance(answer, Answer) and answer.outcome in (Outcome.STORED, Outcome.REPEATED):
            doing.settle(member.row, doing.outcome(answer))
        elif isinstance(answer, Rejected) and answer.code not in SEATED:
            doing.refuse(member.row, answer, OF_SEAT)
        elif _sits(team, command):
            doing.settle(member.row, "repeated")
        else:
            params = {"expected": doing.book.header(member.row, "role")}
            doing.refuse(member.row, Rejected("row-differs", "/role", **params), OF_SEAT, "conflict")


def _sits(team: Any, command: AppointSeat) -> bool:
    """Whether the person has a seat with this role already, since whenever."""
    return isinstance(team, Team) and any(
        (known.person_id, known.role) == (command.seat.person_id, command.seat.role) for known in team.open_seats
    )

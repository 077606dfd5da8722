"""Establishing teams with their first seats and the people who fill them, all in one command.

A team that the registry knows already, with these facts, is left as it is; people of the file who have no seat in it
are appointed (``appointing``). So a file that is corrected and sent again adds what was missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from services.teams.domain.people import Person, RegisterPerson, person_stream
from services.teams.domain.team.events import Seat
from services.teams.domain.team.life import EstablishTeam, team_stream
from services.teams.domain.team.state import Team
from services.teams.files.appointing import Late, appoint, covered, registers, seat_of
from services.teams.files.documents import Documents
from services.teams.files.doing import Doing
from services.teams.files.operations import Group, Member
from shared.decider import Rejected
from shared.handler import Answer
from shared.log import Outcome

COLUMNS = {
    "/unit_id": "unit",
    "/kind": "kind",
    "/name": "name",
    "/effective": "effective",
    "/document_id": "number",
    "/signed_on": "signed_on",
    "/number": "number",
    "/team_id": "team_id",
}
PASSES = 4
ABOUT_PEOPLE = ("person-exists", "person-unknown")
"""Refusals that another look at who is registered can settle."""

Commands = list[tuple[Group, EstablishTeam]]


def seat(doing: Doing, documents: Documents, groups: Sequence[Group]) -> None:
    """Do these operations: every row of theirs is settled afterwards."""
    documents.register(
        reference
        for group in groups
        for reference in (group.team.document if group.team else None, *(m.document for m in group.members))
    )
    groups = [group for group in groups if _can_begin(doing, group)]
    known = [group for group in groups if group.team is None]
    late = _establish(doing, documents, [group for group in groups if group.team is not None])
    appoint(doing, documents, [*late, *covered(doing, documents, known)])


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
        if member.row.index not in doing.refused:
            doing.depends(member.row, "team", group.row)


def _refuse_team(doing: Doing, group: Group, rejected: Rejected) -> None:
    assert group.row is not None
    doing.refuse(group.row, rejected, COLUMNS | {"/unit_id": "village" if group.row.values["village"] else "unit"})
    _refuse_people(doing, group)


def _establish(doing: Doing, documents: Documents, groups: Sequence[Group]) -> list[Late]:
    """Establish each with its good people; returns whoever is to be appointed afterwards."""
    late: list[Late] = []
    known: list[tuple[Group, bool]] = []
    open_ = _mine(doing, documents, groups)
    for last in range(PASSES, 0, -1):
        commands = _commands(doing, documents, open_)
        answers = doing.send([(doing.keys.uuid("establish", command.team_id), command) for _, command in commands])
        open_ = []
        for (group, command), answer in zip(commands, answers, strict=True):
            if isinstance(answer, Answer) and answer.outcome is not Outcome.CONFLICT:
                late += _settle(doing, group, command, doing.outcome(answer))
            elif isinstance(answer, Answer) or answer.code == "team-exists":
                known.append((group, isinstance(answer, Answer) and doing.is_own(answer)))
            elif answer.code in ABOUT_PEOPLE and last > 1:
                open_.append(group)
            else:
                _refuse_team(doing, group, answer)
        if not open_:
            break
    return late + _known_teams(doing, documents, known)


def _mine(doing: Doing, documents: Documents, groups: Iterable[Group]) -> list[Group]:
    """Those whose document can be had, within the units of whoever sent the file."""
    commands: Commands = []
    for group in groups:
        try:
            commands.append((group, _command(documents, group)))
        except Rejected as rejected:
            _refuse_team(doing, group, rejected)
    knowledge = doing.authority.knowledge(command for _, command in commands)
    mine = []
    for group, command in commands:
        assert group.row is not None
        if doing.covered(group.row, command, knowledge, COLUMNS):
            mine.append(group)
        else:
            _refuse_people(doing, group)
    return mine


def _command(
    documents: Documents, group: Group, seats: Iterable[Seat] = (), people: Iterable[RegisterPerson] = ()
) -> EstablishTeam:
    team = group.team
    assert team is not None
    return EstablishTeam(
        group.team_id,
        team.kind,
        team.unit_id,
        team.name,
        team.effective,
        documents.id_of(team.document),
        tuple(seats),
        team.pilot,
        team.simulated,
        tuple(people),
    )


def _commands(doing: Doing, documents: Documents, groups: Sequence[Group]) -> Commands:
    """Each team with its first people; who is not registered yet is registered with the first of them."""
    first = {group.team_id: _first(doing, group) for group in groups}
    people = {member.person_id for members in first.values() for member in members}
    states = doing.decides.states(map(person_stream, people)) if people else {}
    coming: set[str] = set()
    commands: Commands = []
    for group in groups:
        new = []
        for member in first[group.team_id]:
            person = states[person_stream(member.person_id)]
            if isinstance(person, Person) and person.erased:
                doing.refuse(member.row, _about(member, "person-erased"), {"/person_id": "name"})
            elif not isinstance(person, Person) and not member.registers:
                doing.refuse(member.row, _about(member, "person-unknown"), {"/person_id": "person_id"})
            elif not isinstance(person, Person) and member.person_id not in coming:
                coming.add(member.person_id)
                new.append(registers(member))
        seats = [seat_of(doing, group, member) for member in _first(doing, group)]
        commands.append((group, _command(documents, group, seats, new)))
    return commands


def _about(member: Member, code: str) -> Rejected:
    return Rejected(code, "/person_id", person=member.person_id)


def _good(doing: Doing, group: Group) -> list[Member]:
    return [member for member in group.members if member.row.index not in doing.refused]


def _first(doing: Doing, group: Group) -> list[Member]:
    """Who sits in the team from its first day."""
    assert group.team is not None
    return [member for member in _good(doing, group) if member.since in (None, group.team.effective)]


def _settle(doing: Doing, group: Group, command: EstablishTeam, outcome: str) -> list[Late]:
    assert group.row is not None
    seated = {seat.person_id for seat in command.seats}
    doing.settle(group.row, outcome)
    late = []
    for member in _good(doing, group):
        if member.person_id in seated:
            doing.settle(member.row, outcome)
        else:
            late.append((group, member))
    return late


def _known_teams(doing: Doing, documents: Documents, teams: Sequence[tuple[Group, bool]]) -> list[Late]:
    """Teams that were established before, perhaps with fewer people; True: by this job before it was taken over."""
    states = doing.decides.states(team_stream(group.team_id) for group, _ in teams)
    late = []
    for group, own in teams:
        assert group.row is not None
        team = states[team_stream(group.team_id)]
        outcome = "stored" if own else "repeated"
        if differs := _difference(team, _command(documents, group)):
            what = doing.book.header(group.row, differs)
            rejected = Rejected("row-differs", f"/{differs}", expected=what)
            doing.refuse(group.row, rejected, {f"/{differs}": differs}, "conflict")
        else:
            doing.settle(group.row, outcome)
        born = {seat.seat_id for seat in team.birth.seats} if isinstance(team, Team) else set()
        for member in _good(doing, group):
            if seat_of(doing, group, member).seat_id in born:
                doing.settle(member.row, outcome)
            else:
                late.append((group, member))
    return late


def _difference(team: Any, command: EstablishTeam) -> str:
    """The column in which the row differs from all that the team has been; "" if in none."""
    if not isinstance(team, Team):
        return "team_id"
    cited = {getattr(fact, "document_id", None) for fact in team.holding}
    known = {
        "kind": command.kind == team.birth.kind,
        "unit": command.unit_id in {unit_id for _, unit_id in team.units},
        "name": command.name in {name for _, name in team.names},
        "effective": command.effective == team.birth.effective,
        "number": command.document_id in cited,
        "pilot": command.pilot == team.birth.pilot,
    }
    return next((column for column, same in known.items() if not same), "")

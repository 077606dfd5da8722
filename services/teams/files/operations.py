"""What the rows of a file come down to: operations in the order in which they can be stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from services.teams.domain.documents import RegisterDocument
from services.teams.domain.team.events import Role, TeamKind
from shared.sheets import Row


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """A document by its id, or (``command``) by what makes it unique; ``row`` is where it was first named."""

    document_id: str
    command: RegisterDocument | None = None


@dataclass(slots=True)
class Village:
    """``existing``: the village that the tree knows by this name, which is not registered again."""

    row: Row
    unit_id: str
    commune_id: str
    document: DocumentRef | None
    existing: bool = False

    @property
    def rows(self) -> list[Row]:
        return [self.row]


@dataclass(slots=True)
class Member:
    """A row of a person in a team. ``since`` None: from the day the team is established."""

    row: Row
    person_id: str
    registers: bool
    role: Role
    affiliation: str | None
    since: date | None
    document: DocumentRef | None
    simulated: bool

    @property
    def name(self) -> str:
        return str(self.row.values["name"])

    @property
    def phone(self) -> str | None:
        phone: str | None = self.row.values["phone"]
        return phone


@dataclass(slots=True)
class Group:
    """A team of the file with its people; or people for a team that is known already (``row`` and ``team`` None)."""

    team_id: str
    row: Row | None = None
    team: NewTeam | None = None
    members: list[Member] = field(default_factory=list)
    refused: list[Row] = field(default_factory=list)
    """People rows of this team that could not even be read."""
    village_row: Row | None = None
    """The row of the village that the team is for, if that is in the file."""

    @property
    def rows(self) -> list[Row]:
        return [*([self.row] if self.row else []), *(member.row for member in self.members), *self.refused]


@dataclass(frozen=True, slots=True)
class NewTeam:
    kind: TeamKind
    unit_id: str
    name: str
    effective: date
    pilot: bool
    simulated: bool
    document: DocumentRef


@dataclass(slots=True)
class Refused:
    """Rows that nothing can be done with; their findings say why."""

    row: Row

    @property
    def rows(self) -> list[Row]:
        return [self.row]


Operation = Refused | Village | Group


def chunks(operations: list[Operation], start: int, most_rows: int) -> Iterator[Operation]:
    """Operations of one kind from ``start`` on, with so many rows together at most; one at least."""
    kind, rows = type(operations[start]), 0
    for operation in islice(operations, start, None):
        rows += len(operation.rows)
        if type(operation) is not kind or (rows > most_rows and operation is not operations[start]):
            return
        yield operation

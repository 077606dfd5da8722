"""Rows → operations. All that the file itself and the tree of units can tell is found here, before anything is sent."""

from __future__ import annotations

from services.teams.domain.team.events import TeamKind
from services.teams.files.keys import Keys, bare
from services.teams.files.operations import DocumentRef, Group, Member, NewTeam, Operation, Refused, Village
from services.teams.files.references import References
from services.teams.schemas.kinds import UNIT_ID
from shared.sheets import Book, Row
from shared.sheets.kinds import Uid
from shared.sheets.template import CellError
from shared.units import UnitTree
from shared.vietnamese import fold


def planned(book: Book, keys: Keys, tree: UnitTree) -> list[Operation]:
    """Every row of the book in exactly one operation: villages first, then teams with their people."""
    return _Planner(book, keys, tree).plan()


class _Planner:
    def __init__(self, book: Book, keys: Keys, tree: UnitTree) -> None:
        self._book, self._keys, self._tree = book, keys, tree
        self._refer = References(book, keys, tree)
        self._operations: list[Operation] = []
        self._villages: dict[str, Village] = {}
        self._named: dict[tuple[str, str], Village] = {}
        self._groups: dict[str, Group] = {}
        self._team_of_key: dict[str, str] = {}
        self._refused_keys: dict[str, Row] = {}

    def plan(self) -> list[Operation]:
        for row in self._book.of("villages"):
            self._operations.append(self._village(row) or Refused(row))
        for row in self._book.of("teams"):
            group = self._team(row)
            if group is None:
                self._operations.append(Refused(row))
                continue
            self._groups[group.team_id] = group
        for row in self._book.of("people"):
            self._person(row)
        for group in self._groups.values():
            self._composition(group)
        return [*self._operations, *self._groups.values()]

    # --- villages ----------------------------------------------------------------------------------------------------

    def _village(self, row: Row) -> Village | None:
        values = row.values
        commune = self._refer.unit(row, "commune")
        document = self._refer.document(row, required=False)
        if not row.good or commune is None:
            self._no_village(row)
            return None
        kind, name = bare(values["kind"], values["name"])
        known = self._refer.village_named(commune, values["effective"], name, kind)
        own = self._keys.village(commune, kind, name)
        unit_id = values["unit_id"] or (known[0] if known else own)
        village = Village(row, unit_id, commune, document, existing=unit_id in self._tree and unit_id != own)
        self._check_village(village, kind, name)
        if row.findings:
            self._no_village(row)
            return None
        if first := self._named.get((commune, unit_id)):
            self._book.add(row, "name", "row-twice", first=first.row.number)
            return None
        if not self._key(row, self._villages.get(values["key"] or "")):
            del self._villages[values["key"]]  # nobody can tell which one is meant
            self._no_village(row)
            return None
        self._named[commune, unit_id] = village
        for spelled in {name, f"{kind} {name}"}:
            self._named.setdefault((commune, spelled), village)
        if values["key"] is not None:
            self._villages[values["key"]] = village
        return village

    def _check_village(self, village: Village, kind: str, name: str) -> None:
        """A village that the row names by its id is the one it describes."""
        row, tree = village.row, self._tree
        if not UNIT_ID.fullmatch(village.unit_id):
            self._book.add(row, "unit_id", "wrong-format")
        elif village.existing and row.values["unit_id"] is not None:
            day = row.values["effective"]
            known = bare(tree.kind(village.unit_id, day) or "", tree.name(village.unit_id, day) or "")
            if known != (kind, name):
                self._book.add(row, "name", "row-differs", expected=self._book.header(row, "name"))
            elif tree.parent(village.unit_id, day) != village.commune_id:
                self._book.add(row, "unit", "row-differs", expected=self._book.header(row, "unit"))

    def _no_village(self, row: Row) -> None:
        if row.values["key"] is not None:
            self._refused_keys.setdefault(row.values["key"], row)

    def _key(self, row: Row, taken: Village | Group | None) -> bool:
        """A key names one row of its sheet."""
        if taken is not None and taken.rows:
            self._book.add(row, "key", "row-key-twice", first=taken.rows[0].number)
        return taken is None

    # --- teams -------------------------------------------------------------------------------------------------------

    def _team(self, row: Row) -> Group | None:
        values = row.values
        unit_id, village_row = self._unit_of_team(row)
        document = self._refer.document(row, required=True)
        if not row.good or unit_id is None or document is None:
            self._no_team(row)
            return None
        kind, effective = values["kind"], values["effective"]
        team_id = values["team_id"] or self._keys.team(unit_id, kind, effective)
        if first := self._groups.get(team_id):
            self._book.add(row, "unit", "row-twice", first=first.rows[0].number)
            return None
        if not self._key(row, self._groups.get(self._team_of_key.get(values["key"] or "", ""))):
            del self._team_of_key[values["key"]]  # nobody can tell which one is meant
            self._no_team(row)
            return None
        if values["key"] is not None:
            self._team_of_key[values["key"]] = team_id
        team = NewTeam(
            kind, unit_id, values["name"], effective, bool(values["pilot"]), bool(values["simulated"]), document
        )
        return Group(team_id, row, team, village_row=village_row)

    def _no_team(self, row: Row) -> None:
        for named in (row.values["key"], row.values["team_id"]):
            if named is not None:
                self._refused_keys.setdefault(f"team {named}", row)

    def _unit_of_team(self, row: Row) -> tuple[str | None, Row | None]:
        """The unit the team is for, and the row of the village if that is in the file."""
        unit_id, day, named = self._refer.unit(row), row.values["effective"], row.values["village"]
        if row.values["kind"] is not TeamKind.VILLAGE or unit_id is None or self._tree.level(unit_id) == "village":
            return unit_id, None
        if named is None:
            self._book.add(row, "village", "cell-missing")
            return None, None
        village = self._villages.get(named) or self._named.get((unit_id, fold(named)))
        if village is not None:
            return village.unit_id, village.row
        if named in self._refused_keys:
            self._depends(row, "village", self._refused_keys[named])
            return None, None
        known = self._refer.village_named(unit_id, day, named)
        if len(known) != 1:
            code = "village-name-ambiguous" if known else "village-name-unknown"
            self._book.add(row, "village", code, day=day.strftime("%d/%m/%Y"))
            return None, None
        return known[0], None

    # --- people ------------------------------------------------------------------------------------------------------

    def _person(self, row: Row) -> None:
        values = row.values
        group = self._group_of(row)
        document = self._refer.document(row, required=group is not None and group.team is None)
        if group is None:
            self._operations.append(Refused(row))
            return
        if group.team is not None and values["effective"] is not None and values["effective"] < group.team.effective:
            self._book.add(row, "effective", "row-before-team", day=group.team.effective.strftime("%d/%m/%Y"))
        if group.team is None and values["effective"] is None and row.good:
            self._book.add(row, "effective", "cell-missing")
        if not row.good:
            group.refused.append(row)
            return
        group.members.append(self._member(row, group.team_id, document))

    def _member(self, row: Row, team_id: str, document: DocumentRef | None) -> Member:
        values = row.values
        person_id = values["person_id"] or self._keys.person(values["name"], values["phone"], team_id)
        return Member(
            row,
            person_id,
            values["person_id"] is None,
            values["role"],
            values["affiliation"],
            values["effective"],
            document,
            bool(values["simulated"]),
        )

    def _group_of(self, row: Row) -> Group | None:
        named = row.values["team"]
        if named is None:
            return None
        team_id = self._team_of_key.get(named)
        if team_id is None:
            if refused := self._refused_keys.get(f"team {named}"):
                self._depends(row, "team", refused)
                return None
            try:
                team_id = Uid().read(named)
            except CellError:
                self._book.add(row, "team", "row-team-unknown")
                return None
        return self._groups.setdefault(team_id, Group(team_id))

    def _depends(self, row: Row, column: str, on: Row) -> None:
        sheet = self._book.layouts[on.sheet].name or self._book.layouts[on.sheet].sheet.vi
        self._book.add(row, column, "row-depends", row=on.number, sheet=sheet)

    def _composition(self, group: Group) -> None:
        """One leader, and nobody twice: who comes later in the file is refused."""
        people: dict[str, Member] = {}
        leader: Member | None = None
        for member in list(group.members):
            first = people.setdefault(member.person_id, member)
            if first is not member:
                told_apart = member.phone is not None or not member.registers
                code = "row-twice" if told_apart else "row-same-name"
                self._book.add(member.row, "name", code, first=first.row.number)
            elif member.role == "leader" and leader is not None:
                self._book.add(member.row, "role", "leader-exists")
            elif member.role == "leader":
                leader = member
            if not member.row.good:
                group.members.remove(member)
                group.refused.append(member.row)

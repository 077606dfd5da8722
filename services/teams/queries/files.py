"""Rows of exports, as the templates have them: villages, teams and people of a day, as known at a moment.

Yielded a page at a time, so that an export of the whole country needs no more memory than one of a commune. Former
names and units stay out: what is exported is what was so on the day; only a team's first day and document come along,
because a team is known by them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Engine, text

from services.teams.domain.dated import on
from services.teams.domain.team.state import Team
from services.teams.people import People
from services.teams.queries.teams import Queries, Wanted
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree

PAGE = 200
_DOCUMENTS = text(
    """SELECT d.document_id, d.kind AS document_kind, d.issuer, d.number, d.year, d.signed_on FROM read.documents d
         JOIN json_array_elements_text(cast(:documents AS json)) w (id) ON d.document_id = w.id COLLATE "C" """
)

Values = Mapping[str, Any]


class FileQueries:
    def __init__(self, engine: Engine, directory: UnitDirectory, queries: Queries, people: People) -> None:
        self._engine, self._directory, self._queries, self._people = engine, directory, queries, people

    def villages(self, roots: Collection[str], day: date, known_at: datetime | None) -> Iterator[list[Values]]:
        tree, page = self._directory.tree(known_at), list[Values]()
        for root in sorted(set(roots)):
            own = [()] if tree.level(root) == "village" else []
            for path in (*own, *tree.below(root, day, "village")):
                page.append(_village(tree, path[-1] if path else root, day))
                if len(page) == PAGE:
                    yield page
                    page = []
        yield page

    def teams(self, roots: Collection[str], day: date, known_at: datetime | None) -> Iterator[list[Values]]:
        tree = self._directory.tree(known_at)
        for teams in self._teams(roots, day, known_at):
            documents = self._documents({team.birth.document_id for team in teams})
            yield [
                _team(tree, team, day) | documents.get(team.birth.document_id, {"document_id": team.birth.document_id})
                for team in teams
            ]

    def people(self, roots: Collection[str], day: date, known_at: datetime | None) -> Iterator[list[Values]]:
        """With names and phone numbers: for callers with people:read."""
        for teams in self._teams(roots, day, known_at):
            seats = [(team, seated) for team in teams for seated in team.filled_on(day)]
            known = self._people.read({seated.seat.person_id for _, seated in seats}, known_at)
            documents = self._documents({team.birth.document_id for team in teams})
            yield [
                {
                    "team": team.birth.team_id,
                    "name": person.name if person else None,
                    "phone": person.phone if person else None,
                    "role": seated.seat.role,
                    "affiliation": seated.seat.affiliation,
                    "effective": seated.since,
                    "person_id": seated.seat.person_id,
                    "simulated": (person is not None and person.simulated) or None,
                }
                | documents.get(team.birth.document_id, {})
                for team, seated in seats
                for person in [known.get(seated.seat.person_id)]
            ]

    def _teams(self, roots: Collection[str], day: date, known_at: datetime | None) -> Iterator[list[Team]]:
        wanted = Wanted(roots, day, known_at=known_at, limit=PAGE)
        while True:
            page = self._queries.teams(wanted)
            ids = [shown["team_id"] for shown in page.teams]
            folded = self._queries.folds.teams(ids, known_at)
            yield [folded[team_id].team for team_id in ids if team_id in folded]
            if page.next is None:
                return
            wanted = Wanted(roots, day, known_at=known_at, limit=PAGE, after=page.next)

    def _documents(self, documents: Collection[str]) -> dict[str, dict[str, Any]]:
        with self._engine.begin() as tx:
            rows = tx.execute(_DOCUMENTS, {"documents": orjson.dumps(list(documents)).decode()}).mappings()
            return {row["document_id"]: dict(row) for row in rows}


def _village(tree: UnitTree, unit_id: str, day: date) -> Values:
    since, _ = tree.life(unit_id)
    first = since or day
    parent = tree.parent(unit_id, first) or ""
    return {
        "unit": tree.code(parent, first) or parent,
        "kind": tree.kind(unit_id, day),
        "name": tree.name(unit_id, day),
        "effective": since,
        "unit_id": unit_id,
        "simulated": tree.simulated(unit_id) or None,
    }


def _team(tree: UnitTree, team: Team, day: date) -> dict[str, Any]:
    birth, first = team.birth, team.established
    village = tree.level(birth.unit_id) == "village"
    commune = (tree.parent(birth.unit_id, first) or "") if village else birth.unit_id
    return {
        "kind": birth.kind,
        "unit": birth.unit_id if village else tree.code(commune, first) or commune,
        "village": tree.name(birth.unit_id, first) if village else None,
        "name": on(team.names, day),
        "effective": first,
        "pilot": birth.pilot or None,
        "team_id": birth.team_id,
        "simulated": birth.simulated or None,
    }

"""Teams at units on a day, as known at a moment: folded from the streams of all that any telling ever placed there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from services.teams.domain.team.state import Team
from services.teams.queries.awaiting import json
from services.teams.queries.folds import Folds
from services.teams.queries.order import Place, Stop

_EVER_THERE = text(
    """SELECT w.n, s.team_id
         FROM json_array_elements_text(cast(:units AS json)) WITH ORDINALITY AS w (unit_id, n),
              LATERAL (SELECT s.team_id FROM read.team_spans s WHERE s.unit_id = w.unit_id COLLATE "C"
                       UNION SELECT u.team_id FROM read.team_units u WHERE u.unit_id = w.unit_id COLLATE "C") s"""
)


@dataclass(frozen=True, slots=True)
class Known:
    place: Place
    team: Team


def known_there(tx: Connection, folds: Folds, walk: Sequence[Stop], day: date, known_at: datetime) -> list[Known]:
    """Those that were there on that day by what was known then, in the order of lists."""
    units = [(stop.path, unit) for stop in walk for unit in stop.sources]
    rows = tx.execute(_EVER_THERE, {"units": json([unit for _, unit in units])}).all()
    teams = folds.teams({row.team_id for row in rows}, known_at)
    found = []
    for row in rows:
        path, unit_id = units[row.n - 1]
        folded = teams.get(row.team_id)
        if folded is not None and folded.team.exists(day) and folded.team.unit_on(day) == unit_id:
            found.append(Known(Place(path, unit_id, row.team_id), folded.team))
    return sorted(found, key=lambda known: known.place.key)

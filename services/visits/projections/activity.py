"""How much happened per unit and day, and which teams did it: what the boards of campaigns are summed from.

``read.activity`` (unit, day, previous day): ``reached`` holds the households' reach rows, so that distinct households
of any period are a sum; ``visits`` stands in the row without previous day. ``read.gained`` (unit, day, skill): how many
households more have somebody who does it, from that day on. ``read.active`` (team, day): its visits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, TextClause, text

from shared.log import Recorded

NEVER = "0001-01-01"
"""Stands for "no previous day", which a key cannot hold as NULL."""
HOUSEHOLD, DOES = "household", "does"

_ACTIVITY = text(
    """INSERT INTO read.activity AS a (day, unit_id, previous_day, visits, reached)
       SELECT * FROM unnest(cast(:days AS date[]), cast(:units AS text[]), cast(:previous AS date[]),
                            cast(:visits AS int[]), cast(:reached AS int[]))
       ON CONFLICT (day, unit_id, previous_day)
       DO UPDATE SET visits = a.visits + excluded.visits, reached = a.reached + excluded.reached"""
)
_GAINED = text(
    """INSERT INTO read.gained AS g (day, unit_id, skill, households)
       SELECT * FROM unnest(cast(:days AS date[]), cast(:units AS text[]), cast(:skills AS text[]), cast(:ns AS int[]))
       ON CONFLICT (day, unit_id, skill) DO UPDATE SET households = g.households + excluded.households"""
)
_ACTIVE = text(
    """INSERT INTO read.active AS a (day, team_id, visits)
       SELECT * FROM unnest(cast(:days AS date[]), cast(:teams AS text[]), cast(:ns AS int[]))
       ON CONFLICT (day, team_id) DO UPDATE SET visits = a.visits + excluded.visits"""
)
Key = tuple[str, ...]
Data = Mapping[str, Any]


class Activity:
    """Projection ``activity@3`` of the own log, together with the lists."""

    name = "activity@3"

    def __init__(self, partitions: int) -> None:
        self.sources: Mapping[str, Collection[int]] = {"": range(partitions)}

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        sums = _Sums()
        for _, event in batch:
            add = _ADDERS.get(event.type)
            if add is not None:
                add(sums, event.data)
            sums.rows(event.data)
        sums.store(tx)


class _Sums:
    def __init__(self) -> None:
        self.visits: defaultdict[Key, int] = defaultdict(int)
        self.reached: defaultdict[Key, int] = defaultdict(int)
        self.gained: defaultdict[Key, int] = defaultdict(int)
        self.active: defaultdict[Key, int] = defaultdict(int)

    def visit(self, unit_id: str, day: str, team_id: str, n: int) -> None:
        self.visits[day, unit_id, NEVER] += n
        self.active[day, team_id] += n

    def rows(self, data: Data) -> None:
        """``reach`` and ``covered`` of any event: where they lie and of which kind they are, unless a row says it."""
        reach, covered = data.get("reach"), data.get("covered")
        if not reach and not covered:
            return
        kind, unit_id, day = data.get("place_kind") or data.get("kind"), data["unit_id"], data.get("day")
        for row in reach or ():
            if row.get("place_kind", kind) == HOUSEHOLD:
                self.reached[row["day"], row.get("unit_id", unit_id), row["previous_day"] or NEVER] += row["n"]
        for row in covered or ():
            if "age_band" not in row and row.get("place_kind", kind) == HOUSEHOLD:
                for skill, n in _gains(row):
                    self.gained[row.get("day", day), row.get("unit_id", unit_id), skill] += n

    def store(self, tx: Connection) -> None:
        keys = sorted(self.visits.keys() | self.reached.keys())
        _add(
            tx,
            _ACTIVITY,
            keys,
            ("days", "units", "previous"),
            visits=[self.visits.get(key, 0) for key in keys],
            reached=[self.reached.get(key, 0) for key in keys],
        )
        for statement, sums, names in (
            (_GAINED, self.gained, ("days", "units", "skills")),
            (_ACTIVE, self.active, ("days", "teams")),
        ):
            keys = sorted(key for key, n in sums.items() if n)
            _add(tx, statement, keys, names, ns=[sums[key] for key in keys])


def _add(tx: Connection, statement: TextClause, keys: Sequence[Key], names: Sequence[str], **values: list[int]) -> None:
    """``keys`` are sorted, so that two workers adding to the same rows cannot deadlock."""
    if keys:
        columns = zip(*keys, strict=True)
        tx.execute(statement, dict(zip(names, map(list, columns), strict=True)) | values)


def _gains(row: Data) -> Iterator[tuple[str, int]]:
    """Per skill by how many more households somebody does it. Rows of the first schema told of nothing else."""
    if "n" in row:
        yield row["skill"], row["n"]
        return
    for side, n in (("to", 1), ("from", -1)):
        for skill, level in row.get(side, {}).items():
            if level == DOES:
                yield skill, n


def _recorded(sums: _Sums, data: Data) -> None:
    sums.visit(data["unit_id"], data["day"], data["team_id"], 1)


def _corrected(sums: _Sums, data: Data) -> None:
    for side, n in (("before", -1), ("after", 1)):
        sums.visit(data["unit_id"], data[side]["day"], data[side]["team_id"], n)


def _voided(sums: _Sums, data: Data) -> None:
    sums.visit(data["unit_id"], data["before"]["day"], data["before"]["team_id"], -1)


_ADDERS: Mapping[str, Callable[[_Sums, Data], None]] = {
    "VisitRecorded": _recorded,
    "VisitCorrected": _corrected,
    "VisitVoided": _voided,
}

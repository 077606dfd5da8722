"""Who attended what, told anew from the events of training: what stands, under which id, and who is one with whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

Part = tuple[str, str, str]
"""Session, day and part of the day."""


class TrainingFacts:
    """Rows (id, part, unit) of each human being, in the order in which they came to it."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[str, Part, str]]] = {}

    def tell(self, stream: str, type_: str, data: dict[str, Any]) -> None:
        """One event of ``trainee:<id>``; the id is that of the human being, whatever id was sent."""
        human = stream.partition(":")[2]
        mine = self._rows.setdefault(human, [])
        match type_:
            case "AttendanceRecorded":
                mine.append((data["person_id"], _part(data), data["unit_id"]))
            case "AttendanceDoubled":
                mine.append((data["person_id"], _part(data["attendance"]), data["attendance"]["unit_id"]))
            case "AttendanceVoided":
                self._rows[human] = [row for row in mine if row[1] != _part(data["before"])]
            case "AttendanceCorrected":
                self._rows[human] = list(_corrected(mine, _part(data["before"]), data["after"]))
            case "RecordsJoined":
                mine += self._rows.pop(data["duplicate_id"], [])
            case "RecordsSeparated":
                leaving = set(data["people"])
                self._rows[data["duplicate_id"]] = [row for row in mine if row[0] in leaving]
                self._rows[human] = [row for row in mine if row[0] not in leaving]

    def attendances(self) -> Iterator[tuple[str, str, date, Part]]:
        """Human being, unit, day and part: each part once, those of one human being as they were recorded."""
        for human, rows in self._rows.items():
            told: dict[Part, str] = {}
            for _, part, unit_id in rows:
                told.setdefault(part, unit_id)
            for part, unit_id in told.items():
                yield human, unit_id, date.fromisoformat(part[1]), part


def _corrected(rows: list[tuple[str, Part, str]], part: Part, after: dict[str, Any]) -> Iterator[tuple[str, Part, str]]:
    """The right one takes the place of the first wrong one; that of another part comes last."""
    right, first = _part(after), next((row[0] for row in rows if row[1] == part), "")
    for row in rows:
        if row[1] != part:
            yield row
        elif row[0] == first and right == part:
            yield first, right, after["unit_id"]
    if right != part:
        yield first, right, after["unit_id"]


def _part(data: dict[str, Any]) -> Part:
    return data["session_id"], data["day"], data["part"]

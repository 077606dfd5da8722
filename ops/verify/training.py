"""Who attended what, told anew from the events of training: what stands, under which id, and who is one with whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

Part = tuple[str, str, str]
"""Session, day and part of the day."""


class Attended(NamedTuple):
    human: str
    unit_id: str
    day: date
    mode: str
    organiser: str | None
    course_id: str


class TrainingFacts:
    """Rows (id, part, attendance) of each human being, in the order in which they came to it."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[str, Part, dict[str, Any]]]] = {}

    def tell(self, stream: str, type_: str, data: dict[str, Any]) -> None:
        """One event of ``trainee:<id>``; the id is that of the human being, whatever id was sent."""
        human = stream.partition(":")[2]
        mine = self._rows.setdefault(human, [])
        match type_:
            case "AttendanceRecorded":
                mine.append((data["person_id"], _part(data), data))
            case "AttendanceDoubled":
                mine.append((data["person_id"], _part(data["attendance"]), data["attendance"]))
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

    def learnt(self, until: date) -> set[str]:
        """The human beings who attended anything by then."""
        return {
            human for human, rows in self._rows.items() if any(date.fromisoformat(row[1][1]) <= until for row in rows)
        }

    def attendances(self) -> Iterator[Attended]:
        """Each part once, those of one human being as they were recorded."""
        for human, rows in self._rows.items():
            told: dict[Part, dict[str, Any]] = {}
            for _, part, data in rows:
                told.setdefault(part, data)
            for part, data in told.items():
                day = date.fromisoformat(part[1])
                yield Attended(human, data["unit_id"], day, data["mode"], data.get("organiser"), data["course_id"])


class Joins:
    """Which ids the registry says are one human being."""

    def __init__(self) -> None:
        self._into: dict[str, str] = {}

    def tell(self, type_: str, data: dict[str, Any]) -> None:
        if type_ == "PeopleJoined":
            self._into[data["duplicate_id"]] = data["person_id"]
        elif type_ == "PeopleSeparated":
            del self._into[data["duplicate_id"]]

    def human(self, person_id: str) -> str:
        """The id that was kept."""
        while person_id in self._into:
            person_id = self._into[person_id]
        return person_id


Row = tuple[str, Part, dict[str, Any]]


def _corrected(rows: list[Row], part: Part, after: dict[str, Any]) -> Iterator[Row]:
    """The right one takes the place of the first wrong one; that of another part comes last."""
    right, first = _part(after), next((row[0] for row in rows if row[1] == part), "")
    for row in rows:
        if row[1] != part:
            yield row
        elif row[0] == first and right == part:
            yield first, right, after
    if right != part:
        yield first, right, after


def _part(data: dict[str, Any]) -> Part:
    return data["session_id"], data["day"], data["part"]

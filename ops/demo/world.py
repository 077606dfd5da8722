"""The people and villages of the demo: no open data has them, so they are made from the seed and marked *simulated*.

Units down to communes, their codes, names and lineage are real (``ops/units``); so are the published totals that the
generated teams add up to. Everything is a function of the seed: playing the demo again repeats it, and adds nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from ops.units.seed import Seed

NAMESPACE = UUID("3f1f0b64-0a41-5d0e-8a4b-0d2f6a9d1c11")
SURNAMES = "Nguyễn Trần Lê Phạm Hoàng Phan Vũ Đặng Bùi Đỗ Hồ Ngô Dương Lý Hà Triệu Nông".split()
MIDDLES = "Thị Văn Đức Minh Ngọc Hữu Thanh Quang Thu Xuân".split()
GIVEN = "An Bình Chi Dũng Giang Hà Hải Hạnh Hiền Hoà Hùng Hương Lan Linh Long Mai Nam Oanh Phúc Sơn Thảo".split()
URBAN = {"phường", "thị trấn"}
AFFILIATIONS = ("youth_union", "womens_union", "veterans", "police", "teacher", "health", "telecom", "resident")

Row = dict[str, Any]


@dataclass
class Team:
    """A team as the demo knows it; ``commune_id`` is where its unit lay when it was established."""

    team_id: str
    kind: str
    unit_id: str
    commune_id: str
    name: str
    seats: list[Row] = field(default_factory=list)


@dataclass
class World:
    """Makes ids, villages, people and teams; remembers the teams."""

    seed: int
    units: Seed
    teams: dict[str, list[Team]] = field(default_factory=dict)
    villages: dict[str, list[str]] = field(default_factory=dict)

    def id(self, *what: object) -> str:
        """The id of something of this world: the same for the same seed."""
        return str(uuid5(NAMESPACE, "/".join(map(str, (self.seed, *what)))))

    def chance(self, what: str) -> random.Random:
        return random.Random(f"{self.seed} {what}")

    # --- villages --------------------------------------------------------------------------------------------------

    def make_villages(self, communes: Sequence[str], count: int, day: date) -> list[Row]:
        """Rows establishing ``count`` villages, spread evenly over the communes, the first taking the remainder."""
        rows = []
        for index, commune in enumerate(communes):
            share = count // len(communes) + (index < count % len(communes))
            urban = self.units.tree.kind(commune, day) in URBAN
            for number in range(1, share + 1):
                village = self.id("village", commune, number)
                self.villages.setdefault(commune, []).append(village)
                rows.append(
                    {
                        "id": self.id("establish", village),
                        "do": "establish",
                        "unit_id": village,
                        "level": "village",
                        "kind": "tổ dân phố" if urban else "thôn",
                        "name": f"Tổ dân phố số {number}" if urban else f"Thôn {number}",
                        "parent_id": commune,
                        "code": None,
                        "effective": day.isoformat(),
                        "simulated": True,
                    }
                )
        return rows

    # --- documents -----------------------------------------------------------------------------------------------

    def document(
        self, kind: str, issuer: str, number: int | str, signed: date, title: str, starts: date | None = None
    ) -> Row:
        document_id = self.id("document", kind, issuer, number, signed.year)
        return {
            "id": self.id("register", document_id),
            "document_id": document_id,
            "kind": kind,
            "issuer": issuer,
            "number": str(number),
            "year": signed.year,
            "signed_on": signed.isoformat(),
            "effective_from": (starts or signed).isoformat(),
            "title": title,
        }

    def decisions(self, communes: Sequence[str], signed: date, subject: str) -> dict[str, Row]:
        """One decision of each commune's People's Committee; numbers restart every year."""
        number = signed.timetuple().tm_yday
        tree = self.units.tree
        return {
            commune: self.document(
                "decision",
                f"UBND {tree.full_name(commune, signed)} ({tree.code(commune, signed)})",
                f"{number}/QĐ-UBND",
                signed,
                subject,
            )
            for commune in communes
        }

    # --- people and teams ----------------------------------------------------------------------------------------

    def person(self, *what: object) -> Row:
        person_id = self.id("person", *what)
        chance = random.Random(person_id)
        name = f"{chance.choice(SURNAMES)} {chance.choice(MIDDLES)} {chance.choice(GIVEN)}"
        return {"id": self.id("register", person_id), "person_id": person_id, "name": name, "simulated": True}

    def seat(self, person_id: str, index: int, *what: object) -> Row:
        role = ("leader", "deputy")[index] if index < 2 else "member"
        affiliation = AFFILIATIONS[(index - 2) % len(AFFILIATIONS)] if index > 1 else "youth_union"
        return {"seat_id": self.id("seat", *what), "person_id": person_id, "role": role, "affiliation": affiliation}

    def make_team(self, place: str, unit_id: str, commune_id: str, size: int, word: str) -> tuple[Team, list[Row]]:
        """A team with ``size`` seats, and its people."""
        kind = "commune" if unit_id == commune_id else "village"
        team_id = self.id("team", place, unit_id)
        people = [self.person(team_id, index) for index in range(size)]
        seats = [self.seat(person["person_id"], index, team_id, index) for index, person in enumerate(people)]
        team = Team(team_id, kind, unit_id, commune_id, f"Tổ {word} cộng đồng {self._number(place)}", seats)
        self.teams.setdefault(place, []).append(team)
        return team, people

    def _number(self, place: str) -> int:
        return len(self.teams.get(place, ())) + 1

    def established(self, team: Team, day: date, document: Row, *, pilot: bool = False) -> Row:
        """The row that establishes the team."""
        return {
            "id": self.id("establish", team.team_id),
            "team_id": team.team_id,
            "kind": team.kind,
            "unit_id": team.unit_id,
            "name": team.name,
            "pilot": pilot,
            "effective": day.isoformat(),
            "document_id": document["document_id"],
            "seats": [dict(seat) for seat in team.seats],
            "simulated": True,
        }


def shared_out(total: int, parts: int) -> Iterator[int]:
    """``total`` in ``parts`` whole numbers that differ by at most one, the larger first."""
    return (total // parts + (index < total % parts) for index in range(parts))

"""Who was trained by September 2022: 255,545 members in 59 of 63 provinces, in person and online, as published then.

People are the network's own, simulated. The network is counted of 2023, so whoever divides one number by the other has
numbers of two dates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ops.demo.network import Network
from ops.demo.world import Row, World
from ops.units.seed import NATION_ID

PEOPLE, PROVINCES = 255_545, 59
FIRST, SECOND = date(2022, 9, 15), date(2022, 9, 16)
TWICE = 20
"""Every so manyth person came on both days: attendances are more than people."""


@dataclass
class Class:
    """A province's training: its session, and a row for each attendance."""

    session_id: str
    unit_id: str
    rows: list[Row]


def course(world: World) -> Row:
    title = "Kỹ năng số cho Tổ công nghệ số cộng đồng"
    topics = ["public_services", "online_shopping", "online_payment", "online_safety", "local_platforms"]
    return {"course_id": world.id("course", NATION_ID), "title": title, "topics": topics, "mode": "hybrid"} | {
        "simulated": True
    }


def session(world: World, held: Class) -> Row:
    """The session as it is scheduled."""
    parts = [{"day": day.isoformat(), "part": "day"} for day in (FIRST, SECOND)]
    about = {"session_id": held.session_id, "course_id": course(world)["course_id"], "unit_id": held.unit_id}
    return about | {"organiser": "ministry", "mode": "hybrid", "parts": parts, "simulated": True}


def classes(network: Network) -> list[Class]:
    """One session for each province; the sum of people is the published number (in a smaller network its share)."""
    members = [(province.unit_id, list(_members(network, province.teams))) for province in network.plan()]
    left_out = {unit for unit, _ in members[:: max(1, len(members) // 4)][: len(members) - PROVINCES]}
    taking = [(unit, people) for unit, people in members if unit not in left_out]
    wanted, total = round(PEOPLE * network.share), sum(len(people) for _, people in taking)
    made, seen, taken = [], 0, 0
    for unit, people in taking:
        seen += len(people)
        upto = wanted * seen // total
        made.append(_class(network.world, unit, people[: upto - taken]))
        taken = upto
    return made


def _members(network: Network, teams: list[Row]) -> Iterator[tuple[str, str]]:
    """Each person of a province once, with the commune."""
    tree, seen = network.units.tree, set[str]()
    communes: dict[str, str] = {}
    for team in teams:
        if team["kind"] == "commune":
            commune = team["unit_id"]
        for seat in team["seats"]:
            if seat["person_id"] not in seen:
                seen.add(seat["person_id"])
                yield seat["person_id"], communes.setdefault(commune, commune if tree.exists(commune, FIRST) else "")


def _class(world: World, unit_id: str, people: list[tuple[str, str]]) -> Class:
    made = Class(world.id("session", unit_id), unit_id, [])
    for n, (person, commune) in enumerate(people):
        row: Row = {"session_id": made.session_id, "person_id": person, "day": FIRST, "unit_id": commune or unit_id}
        row["mode"] = "online" if n % 3 == 0 else "in_person"
        made.rows.append(row)
        if n % TWICE == 0:
            made.rows.append(row | {"day": SECOND})
    return made

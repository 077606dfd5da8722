"""Who was trained by September 2022: 255,545 members in 59 of 63 provinces, in person and online, as published then.

People are the network's own, simulated. The network is counted of 2023, so whoever divides one number by the other has
numbers of two dates.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from ops.client import Api
from ops.demo.network import COUNTED, Network
from ops.demo.world import Row, World
from ops.local.process import StackError
from ops.patience import Patience
from ops.units.seed import NATION_ID

PEOPLE, PROVINCES = 255_545, 59
FIRST, SECOND = date(2022, 9, 15), date(2022, 9, 16)
WAITING = 8
"""Files that wait or are under way."""
STILL_SECONDS = 180.0
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


# --- through the API ---------------------------------------------------------------------------------------------


def teach(network: Network, training: Api) -> tuple[int, int]:
    """Course, sessions, and a file of attendance for each province; how many people and attendances there are now, as
    the service tells. Raises ``StackError`` if that is not what was sent."""
    held = classes(network)
    training.post("/v1/courses", course(network.world))
    _until_it_knows(training, network)
    for one in held:
        training.post("/v1/sessions", session(network.world, one))
    rows = sum(len(one.rows) for one in held)
    outcomes = upload(training, [csv(one) for one in held])
    if outcomes.keys() - {"stored", "repeated"} or outcomes.total() != rows:
        raise StackError(f"{rows} attendances came out as {dict(outcomes)}")
    expected = {"people": round(PEOPLE * network.share), "attendances": rows}
    patience, began = Patience(STILL_SECONDS), time.monotonic()
    while (told := coverage(training))["trained"] != expected:
        if patience.lost(told["trained"]):
            raise StackError(f"trained by {SECOND} are {told['trained']}, expected {expected}")
        began = _rested(began)
    if told["warnings"] != ["dates_differ"]:
        raise StackError(f"a ratio of numbers of two dates bears no warning: {told}")
    # Files leave no receipt: so far did the log come with them, and so far reports are to tell.
    position = training.get("/v1/obligations/summary", unit=NATION_ID)["position"]
    training.heads[0] = int(position.partition(":")[2])
    return expected["people"], rows


def coverage(training: Api) -> Row:
    """Who was trained by September 2022, beside the seats of 2023."""
    days = {"as_of": COUNTED.isoformat(), "trained_as_of": SECOND.isoformat()}
    told: Row = training.get("/v1/coverage", unit=NATION_ID, **days)
    return told


def _until_it_knows(training: Api, network: Network) -> None:
    """Training hears of the network by itself; rows name communes and are counted where people serve."""
    patience, began = Patience(STILL_SECONDS), time.monotonic()
    while (seats := coverage(training)["serving"]["seats"]) != network.seats:
        if patience.lost(seats):
            raise StackError(f"training knows {seats} seats, expected {network.seats}")
        began = _rested(began)


def _rested(began: float) -> float:
    """After a pause of four times what the question took: the nation's numbers are seconds of work, which would else
    be taken from what they wait for. When the next question begins."""
    time.sleep(max(0.25, 4 * (time.monotonic() - began)))
    return time.monotonic()


def csv(held: Class) -> bytes:
    header = "session_id,person_id,day,mode,unit_id\n"
    lines = (f"{r['session_id']},{r['person_id']},{r['day']},{r['mode']},{r['unit_id']}\n" for r in held.rows)
    return (header + "".join(lines)).encode()


def upload(training: Api, files: Sequence[bytes]) -> Counter[str]:
    """Every file to the end of its job; rows by outcome."""
    waiting, outcomes, todo = list[str](), Counter[str](), list(reversed(files))
    while todo or waiting:
        while todo and len(waiting) < WAITING:
            waiting.append(training.upload("/v1/imports", todo.pop(), "text/csv", template="attendance")["id"])
        job = training.get(f"/v1/imports/{waiting[0]}")
        if job["state"] == "done":
            outcomes.update(job["progress"]["counts"])
            waiting.pop(0)
        elif job["state"] == "failed":
            raise StackError(f"a file failed: {job}")
        else:
            time.sleep(0.05)
    return outcomes

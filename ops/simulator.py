"""Digital Sundays as phones make them: offline all day, everyone uploading in the evening, some twice, some late, and
some of it wrong: corrected or taken back once it is there.

Pure and seeded: the same arguments give the same deliveries, byte for byte, so that a demo can be repeated, a benchmark
compared, and any run checked against what was sent. Households are simulated; so are people.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from uuid import UUID, uuid5

HANOI = timezone(timedelta(hours=7))
SKILLS = ("public_services", "online_shopping", "online_payment", "online_safety", "local_platforms")
LEVELS = ("knows", "understands", "does")
LEVEL_WEIGHTS = (35, 35, 30)
AGES = ("under_16", "16_24", "25_39", "40_59", "60_plus")
AGE_WEIGHTS = (4, 14, 30, 32, 20)
_AGE_OF_A_HUNDRED = [age for age, share in zip(AGES, AGE_WEIGHTS, strict=True) for _ in range(share)]
PLATFORMS = ("vneid", "vssid", "dvcqg", "e_payment", "voso", "postmart", "mooc", "telehealth")
EVENING = time(18, 0)
EVENING_SECONDS = 7_200
NEXT_MORNING_SECONDS = 14 * 3_600

VISITS_A_DAY = 10
"""What a member manages on a Sunday (the stress assumption: every seat, ten visits, four hours)."""
UPLOAD_SIZES = (1, 5, 25, 50, 100, 100)
"""How many visits a phone puts into one upload: most send all they have, some apps one by one."""
SENT_TWICE = 0.06
"""Share of uploads whose answer was lost, so that the phone sends them again."""
RECUT = 0.02
"""Share of phones that later send their whole day again, in other batches."""
LATE = 0.04
"""Share of phones that find a network only the next morning."""
SKEWED = 0.03
"""Share of phones whose clock is wrong by up to three hours."""
ASTRAY = 0.25
"""Share of these, on their way to the server, whose clock is half a day or a day wrong instead: set by hand."""
ASTRAY_HOURS = (-24, -12, 12, 24)
CHANGED = 0.02
"""Share of visits that whoever reported them corrects or takes back."""
VOIDED = 0.25
"""Share of these that are taken back."""
CORRECTABLE = (
    "day",
    "team_id",
    "member_ids",
    "started_at",
    "duration_minutes",
    "learners",
    "platforms",
    "outcomes",
    "obstacle",
)
"""What a correction says anew, as a whole."""


@dataclass(frozen=True, slots=True)
class Crew:
    """A team on its round: the unit it visits, who walks, how many households the unit has."""

    team_id: str
    unit_id: str
    member_ids: tuple[str, ...]
    households: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One upload: ``at`` seconds after 18:00 of the day, and the visits in it (bodies of the visits API)."""

    at: float
    phone: str
    unit_id: str
    rows: tuple[dict[str, Any], ...]


def visits(
    crews: Sequence[Crew], count: int, day: date, seed: int, *, astray: float = 0.0
) -> Iterator[tuple[str, dict[str, Any]]]:
    """``count`` visits as ``(phone, body)``: about ``VISITS_A_DAY`` per phone, from so many phones as that takes.

    All are of this day, but for those of phones whose clock is ``astray``: they write the day that it shows.
    """
    chance = random.Random(f"visits {seed} {day}")
    phones = [(crew, phone) for crew in crews for phone in crew.member_ids]
    out = chance.sample(phones, min(len(phones), max(1, count // VISITS_A_DAY)))
    skews = [chance.randint(-180, 180) if chance.random() < SKEWED else 0 for _ in out]
    clocks = random.Random(f"clocks {seed} {day}")
    skews = [clocks.choice(ASTRAY_HOURS) * 60 if skew and clocks.random() < astray else skew for skew in skews]
    for index in chance.choices(range(len(out)), k=count):
        crew, phone = out[index]
        yield phone, _visit(crew, phone, day, timedelta(minutes=skews[index]), chance)


def deliveries(crews: Sequence[Crew], count: int, day: date, seed: int) -> list[Delivery]:
    """How ``count`` visits of a day reach the server, in order of arrival: each at least once, some more often."""
    chance = random.Random(f"deliveries {seed} {day}")
    phones: dict[str, list[dict[str, Any]]] = {}
    for phone, body in visits(crews, count, day, seed, astray=ASTRAY):
        phones.setdefault(phone, []).append(body)
    found: list[Delivery] = []
    for phone, bodies in phones.items():
        start = _upload_time(chance)
        found.extend(_upload(phone, bodies, start, chance))
        if chance.random() < RECUT:
            again = chance.sample(bodies, len(bodies))
            found.extend(_upload(phone, again, start + chance.uniform(60, 3_600), chance))
    return sorted(found, key=lambda delivery: (delivery.at, delivery.phone))


@dataclass(frozen=True, slots=True)
class Change:
    """``visit`` (the body that was sent) is corrected or taken back: a body for its path, under the command's id."""

    command_id: str
    visit: dict[str, Any]
    body: dict[str, Any]
    voids: bool

    @property
    def path(self) -> str:
        return f"/v1/visits/{self.visit['visit_id']}/{'void' if self.voids else 'correct'}"


def changes(sent: Iterable[dict[str, Any]], seed: int) -> Iterator[Change]:
    """What is wrong with some of the visits. That depends on each and the seed alone, not on what else was sent."""
    for visit in sent:
        chance = random.Random(f"change {seed} {visit['visit_id']}")
        if chance.random() < CHANGED:
            voids = chance.random() < VOIDED
            command_id = str(uuid5(UUID(visit["visit_id"]), f"change {seed}"))
            yield Change(command_id, visit, _taken_back(chance) if voids else _corrected(visit, chance), voids)


def _taken_back(chance: random.Random) -> dict[str, Any]:
    return {"reason": chance.choice(("recorded_twice", "never_happened"))}


def _corrected(visit: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """It was shorter, it was the day before, or somebody learnt less: then a level is lowered, and coverage with it."""
    body = {name: visit[name] for name in CORRECTABLE if name in visit}
    mistake = chance.choice(("typo", "wrong_day", "wrong_person"))
    if mistake == "typo":
        return body | {"reason": mistake, "duration_minutes": visit["duration_minutes"] - 1}
    if mistake == "wrong_day":
        began = datetime.fromisoformat(visit["started_at"]) - timedelta(days=1)
        day = date.fromisoformat(visit["day"]) - timedelta(days=1)
        return body | {"reason": mistake, "day": day.isoformat(), "started_at": began.isoformat()}
    first, *others = visit["learners"]
    less = [{"skill": first["skills"][0]["skill"], "level": LEVELS[0]}]
    learnt = less if less != first["skills"] else []
    return body | {"reason": mistake, "learners": [first | {"skills": learnt}, *others]}


def _upload_time(chance: random.Random) -> float:
    if chance.random() < LATE:
        return NEXT_MORNING_SECONDS + chance.uniform(0, 3_600)
    return chance.triangular(0, EVENING_SECONDS, EVENING_SECONDS / 3)


def _upload(phone: str, bodies: list[dict[str, Any]], start: float, chance: random.Random) -> Iterator[Delivery]:
    size = chance.choice(UPLOAD_SIZES)
    for first in range(0, len(bodies), size):
        rows = bodies[first : first + size]
        if chance.random() < 0.5:
            rows = chance.sample(rows, len(rows))
        delivery = Delivery(start + first * 0.02, phone, rows[0]["unit_id"], tuple(rows))
        yield delivery
        if chance.random() < SENT_TWICE:
            yield Delivery(delivery.at + chance.uniform(2, 90), phone, delivery.unit_id, delivery.rows)


def _visit(crew: Crew, phone: str, day: date, skew: timedelta, chance: random.Random) -> dict[str, Any]:
    household = chance.randrange(crew.households)
    # What a household is does not depend on the seed of the day: the same door on another Sunday is the same place.
    place = UUID(int=random.Random(f"{crew.unit_id} {household}").getrandbits(128), version=4)
    rung = datetime.combine(day, time(8), HANOI) + timedelta(minutes=chance.randrange(540)) + skew
    companions = [m for m in crew.member_ids if m != phone]
    members = [phone, *chance.sample(companions, min(len(companions), chance.choice((0, 1, 1, 2))))]
    return {
        "visit_id": str(UUID(int=chance.getrandbits(128), version=4)),
        "place_id": str(place),
        "place_kind": "household",
        "unit_id": crew.unit_id,
        "day": rung.date().isoformat(),
        "team_id": crew.team_id,
        "member_ids": members,
        "started_at": rung.isoformat(),
        "duration_minutes": chance.randint(5, 60),
        "learners": [_learner(place, number, chance) for number in range(1, chance.choice((1, 1, 2, 2, 3)) + 1)],
        "platforms": chance.sample(PLATFORMS, chance.choice((0, 1, 1, 2))),
    }


def _learner(place: UUID, number: int, chance: random.Random) -> dict[str, Any]:
    """Whoever lives there is as old at every visit."""
    taught = chance.sample(SKILLS, chance.choice((1, 1, 2, 3)))
    return {
        "ref": f"p{number}",
        "age_band": _AGE_OF_A_HUNDRED[(place.int + number * 61) % 100],
        "skills": [{"skill": skill, "level": chance.choices(LEVELS, LEVEL_WEIGHTS)[0]} for skill in taught],
    }

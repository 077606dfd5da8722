"""A year of public events as reporting's mirror holds them: units, villages, teams, visits with their transitions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zlib import crc32

import orjson

from bench.kit.country import FORMED, HOUSEHOLDS, MEMBERS, followed
from ops.demo.world import Team, World
from ops.simulator import LEVELS, PLATFORMS, SKILLS
from ops.units import seed as units
from ops.units.seed import NATION_ID

PARTITIONS = {"teams": 1, "visits": 4, "training": 1}
FIRST_DAY = date(2025, 1, 1)
DAYS = 365
SUNDAY_WEIGHT = 10
ROUND = 8
"""Visits a team makes in its village on a day it goes out."""
VILLAGES_PER_COMMUNE = 3

Mirrored = tuple[str, int, str, str, str]
"""source, partition, type, stream, data as JSON; in the order of positions within source and partition."""
Row = dict[str, Any]
Attained = dict[str | None, dict[str, str]]
"""Age band, or None for anybody → skill → best level."""
Households = dict[str, tuple[str | None, Attained]]
"""The day of the last visit, and what was attained by then."""
BANDS = ("under_16", "16_24", "25_39", "40_59", "60_plus")
RANK = {level: n for n, level in enumerate(("knows", "understands", "does"), 1)}


@dataclass(frozen=True)
class History:
    units: tuple[tuple[str, Row], ...]
    teams: tuple[tuple[Team, Row], ...]
    visits: int
    seed: int

    def events(self, visits: bool = True) -> Iterator[Mirrored]:
        for type_, data in self.units:
            yield "teams", 0, type_, f"unit:{data['unit_id']}", orjson.dumps(data).decode()
        for team, data in self.teams:
            yield "teams", 0, "TeamEstablished", f"team:{team.team_id}", orjson.dumps(data).decode()
        if visits:
            yield from _visits([team for team, _ in self.teams], self.visits, self.seed)


def make(villages: int, visits: int, seed: int) -> History:
    """Villages in communes drawn from the whole country of 2024, each with a team."""
    known = units.load()
    world = World(seed, known)
    everywhere = known.communes(NATION_ID, FORMED)
    communes = world.chance("communes").sample(everywhere, min(len(everywhere), villages // VILLAGES_PER_COMMUNE))
    rows = world.make_villages(communes, villages, FORMED)
    decision = world.document("decision", "bench", "1/QĐ-UBND", FORMED, "Thành lập tổ")
    made = [world.make_team("bench", row["unit_id"], row["parent_id"], MEMBERS, "công nghệ số")[0] for row in rows]
    return History(
        tuple(units.as_event(row) for row in (*known.rows, *rows, *followed(world, rows))),
        tuple((team, _established(world.established(team, FORMED, decision))) for team in made),
        visits,
        seed,
    )


def _established(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "id"}


def _visits(teams: list[Team], count: int, seed: int) -> Iterator[Mirrored]:
    chance = random.Random(f"history {seed}")
    days = [FIRST_DAY + timedelta(days=n) for n in range(DAYS)]
    weights = [SUNDAY_WEIGHT if day.weekday() == 6 else 1 for day in days]
    rounds = sorted(chance.choices(days, weights, k=-(-count // ROUND)))
    households: Households = {}
    for number, day in enumerate(rounds):
        team = chance.choice(teams)
        for _ in range(min(ROUND, count - number * ROUND)):
            yield _visit(team, day.isoformat(), households, chance)


def _visit(team: Team, day: str, households: Households, chance: random.Random) -> Mirrored:
    place = str(UUID(int=crc32(team.team_id.encode()) << 64 | chance.randrange(HOUSEHOLDS), version=4))
    previous, attained = households.setdefault(place, (None, {}))
    skills = chance.sample(SKILLS, chance.choice((1, 1, 2, 3)))
    levels = {skill: chance.choice(LEVELS) for skill in skills}
    band = chance.choice(BANDS)
    covered = [*_better(attained, None, levels), *_better(attained, band, levels)]
    households[place] = (day, attained)
    data = {
        "visit_id": str(UUID(int=chance.getrandbits(128), version=4)),
        "place_id": place,
        "place_kind": "household",
        "unit_id": team.unit_id,
        "day": day,
        "team_id": team.team_id,
        "member_ids": [seat["person_id"] for seat in team.seats[: chance.choice((1, 2))]],
        "duration_minutes": chance.randint(5, 60),
        "skills": [{"skill": skill, "level": level, "learners": 1} for skill, level in levels.items()],
        "platforms": chance.sample(PLATFORMS, chance.choice((0, 1, 1, 2))),
        "people_taught": chance.choice((1, 1, 2, 2, 3)),
        "reach": [] if previous == day else [{"day": day, "previous_day": previous, "n": 1}],
        "outcomes": [],
        "obstacle": None,
        "ages": {band: 1},
        "covered": covered,
        "flags": [],
        "received_on": day,
    }
    return (
        "visits",
        crc32(place.encode()) % PARTITIONS["visits"],
        "VisitRecorded",
        f"place:{place}",
        orjson.dumps(data).decode(),
    )


def _better(attained: Attained, band: str | None, levels: dict[str, str]) -> Iterator[Row]:
    """What the visit changes in the best levels of a household, of anybody or of an age band."""
    known = attained.setdefault(band, {})
    before = dict(known)
    known |= {skill: level for skill, level in levels.items() if RANK[level] > RANK.get(known.get(skill, ""), 0)}
    if band is None and all(skill in known for skill in SKILLS):
        known["all"] = min((known[skill] for skill in SKILLS), key=RANK.__getitem__)
    to = {skill: level for skill, level in known.items() if before.get(skill) != level}
    ended = {skill: before[skill] for skill in to if skill in before}
    if to:
        yield {"to": to} | ({"from": ended} if ended else {}) | ({"age_band": band} if band else {})

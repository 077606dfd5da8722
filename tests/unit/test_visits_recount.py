"""Added up, the rows of any history of places equal a recount that knows nothing of rows.

The recount keeps what happened in the plainest shape: which visits stand, of which place, where each place stands on
each day. It answers every question from the start, by its own rules.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.visits.domain import (
    PLACES,
    AgeBand,
    ClosePlace,
    Closing,
    Content,
    CorrectPlace,
    CorrectVisit,
    Learner,
    Level,
    MergePlaces,
    Mistake,
    MovePlace,
    PlaceKind,
    RecordVisit,
    ReopenPlace,
    Seen,
    SeparatePlaces,
    Skill,
    SkillLevel,
    VoidVisit,
    place_stream,
)
from shared.decider import LookFurther, Rejected
from tests.visit_days import by

MONDAY = date(2026, 3, 2)
DAYS = [MONDAY + timedelta(days=n) for n in range(6)]
UNITS = ("thon-1", "thon-2")
KINDS = (PlaceKind.HOUSEHOLD, PlaceKind.SHOP)
PLACES_KNOWN = [UUID(int=n) for n in (1, 2, 3)]
BANDS = (AgeBand.FROM_16_TO_24, AgeBand.FROM_60)
LEVELS = list(Level)
Lessons = tuple[tuple[str, AgeBand, tuple[tuple[Skill, Level], ...]], ...]

lessons = st.lists(
    st.tuples(
        st.sampled_from(("p1", "p2")),
        st.sampled_from(BANDS),
        st.one_of(
            st.lists(st.tuples(st.sampled_from(Skill), st.sampled_from(Level)), max_size=3, unique_by=lambda s: s[0]),
            st.just([(skill, Level.DOES) for skill in Skill]),
        ).map(tuple),
    ),
    max_size=2,
    unique_by=lambda learner: learner[0],
).map(tuple)
a_place, a_day = st.sampled_from(PLACES_KNOWN), st.sampled_from(DAYS)
a_visit = st.integers(1, 6)
steps = st.one_of(
    st.tuples(st.just("record"), a_visit, a_place, a_day, lessons),
    st.tuples(st.just("record"), a_visit, a_place, a_day, lessons),
    st.tuples(st.just("correct"), a_visit, a_day, lessons),
    st.tuples(st.just("void"), a_visit),
    st.tuples(st.just("move"), a_place, a_day, st.sampled_from(UNITS)),
    st.tuples(st.just("close"), a_place, a_day),
    st.tuples(st.just("reopen"), a_place, a_day),
    st.tuples(st.just("kind"), a_place, st.sampled_from(KINDS), st.sampled_from(UNITS)),
    st.tuples(st.just("merge"), a_place, a_place),
    st.tuples(st.just("separate"), a_place, a_place),
)


# --- the naive recount -----------------------------------------------------------------------------------------------


@dataclass
class House:
    kind: PlaceKind
    unit: str
    moves: dict[date, str] = field(default_factory=dict)
    doors: dict[date, bool] = field(default_factory=dict)
    into: UUID | None = None

    def where(self, day: date) -> str:
        return next((unit for since, unit in sorted(self.moves.items(), reverse=True) if since <= day), self.unit)

    def is_open(self, day: date) -> bool:
        return next((opened for since, opened in sorted(self.doors.items(), reverse=True) if since <= day), True)


@dataclass
class Naive:
    houses: dict[UUID, House] = field(default_factory=dict)
    visits: dict[int, tuple[UUID, date, Lessons]] = field(default_factory=dict)

    def root(self, place: UUID) -> UUID:
        while (into := self.houses[place].into) is not None:
            place = into
        return place

    def of(self, place: UUID) -> list[tuple[date, Lessons]]:
        return [(day, lesson) for at, day, lesson in self.visits.values() if self.root(at) == place]

    def level(self, place: UUID, skill: Skill, day: date, band: AgeBand | None) -> int:
        """Rank of the best level in the place by that day; 0 is none."""
        ranks = [
            LEVELS.index(level) + 1
            for since, lesson in self.of(place)
            for _, age, taught in lesson
            for what, level in taught
            if since <= day and what == skill and band in (None, age)
        ]
        return max(ranks, default=0)

    def covered(self, day: date) -> Counter[Any]:
        found: Counter[Any] = Counter()
        for place, house in self.houses.items():
            if house.into is not None or not house.is_open(day):
                continue
            for band in (None, *BANDS):
                ranks = {str(skill): self.level(place, skill, day, band) for skill in Skill}
                if band is None:
                    ranks["all"] = min(ranks.values())
                for skill, rank in ranks.items():
                    for level in LEVELS[:rank]:
                        found[house.kind, house.where(day), skill, level, band] += 1
        return found

    def reached(self, first: date, last: date) -> Counter[Any]:
        found: Counter[Any] = Counter()
        for place, house in self.houses.items():
            days = [day for day, _ in self.of(place) if first <= day <= last]
            if house.into is None and days:
                found[house.kind, house.where(min(days))] += 1
        return found


# --- adding up -------------------------------------------------------------------------------------------------------


@dataclass
class Reader:
    """Whoever reads the published rows: adds, and nothing else."""

    links: Counter[Any] = field(default_factory=Counter)
    rungs: Counter[Any] = field(default_factory=Counter)

    def add(self, event: Any) -> None:
        kind = event.place_kind if hasattr(event, "place_kind") else event.kind
        for row in event.reach:
            home = row.get("place_kind", kind), row.get("unit_id", event.unit_id)
            self.links[(*home, row["day"], row["previous_day"])] += row["n"]
        for row in event.covered:
            home = row.get("place_kind", kind), row.get("unit_id", event.unit_id)
            day = row.get("day") or event.day
            for side, n in (("to", 1), ("from", -1)):
                for skill, level in row.get(side, {}).items():
                    self.rungs[(*home, skill, level, row.get("age_band"), day)] += n

    def covered(self, day: date) -> Counter[Any]:
        found: Counter[Any] = Counter()
        for (kind, unit, skill, level, band, since), n in self.rungs.items():
            for below in LEVELS[: LEVELS.index(level) + 1] if since <= day else ():
                found[kind, unit, skill, below, band] += n
        return _without_zeros(found)

    def reached(self, first: date, last: date) -> Counter[Any]:
        found: Counter[Any] = Counter()
        for (kind, unit, day, previous), n in self.links.items():
            if first <= day <= last and (previous is None or previous < first):
                found[kind, unit] += n
        return _without_zeros(found)


def _without_zeros(counts: Counter[Any]) -> Counter[Any]:
    return Counter({key: n for key, n in counts.items() if n})


# --- both at once ----------------------------------------------------------------------------------------------------


class World:
    def __init__(self) -> None:
        self.states: dict[str, Any] = {}
        self.reader, self.naive = Reader(), Naive()
        self.seen: dict[int, Seen] = {}
        self.streams: dict[int, UUID] = {}

    def send(self, command: Any) -> bool:
        """Decides, as the handler does it: with further looks; whether anything was decided."""
        for _ in range(5):
            streams = PLACES.streams(command)
            states = {s: self.states.get(s, PLACES.initial(s)) for s in streams}
            try:
                decided = PLACES.decide(command, states)
                break
            except LookFurther as look:
                object.__setattr__(command, "also", tuple({*command.also, *look.streams}))
            except Rejected:
                return False
        for stream, event in decided:
            self.states[stream] = PLACES.evolve(self.states.get(stream, PLACES.initial(stream)), event)
            if hasattr(event, "reach"):
                self.reader.add(event)
        return bool(decided)

    def do(self, what: str, *said: Any) -> None:
        getattr(self, what)(*said)

    def record(self, n: int, place: UUID, day: date, lesson: Lessons) -> None:
        if n in self.seen:
            return  # a repeat or a conflict: the log knows the id, nothing is decided
        kind, unit = KINDS[place.int % 2], UNITS[place.int % 2]
        content = _content(day, lesson)
        fields = {name: getattr(content, name) for name in ("day", "team_id", "member_ids", "learners")}
        command = RecordVisit(
            visit_id=UUID(int=100 + n),
            place_id=place,
            place_kind=kind,
            unit_id=unit,
            latest=by(day),
            cleared=UNITS,
            **fields,
        )
        assert self.send(command)
        self.naive.houses.setdefault(place, House(kind, unit))
        self.naive.visits[n] = (place, day, lesson)
        self.seen[n], self.streams[n] = Seen(unit, 1, content), place

    def correct(self, n: int, day: date, lesson: Lessons) -> None:
        if n not in self.seen:
            return
        seen = self.seen[n]
        content = _content(day, lesson)
        command = CorrectVisit(
            visit_id=UUID(int=100 + n),
            content=content,
            reason=Mistake.TYPO,
            place_id=self.streams[n],
            seen=seen,
            latest=by(day),
        )
        done = self.send(command)
        assert done == (n in self.naive.visits and content != seen.content)
        if done:
            self.naive.visits[n] = (self.streams[n], day, lesson)
            self.seen[n] = Seen(seen.unit_id, seen.revision + 1, content)

    def void(self, n: int) -> None:
        if n not in self.seen:
            return
        seen = self.seen[n]
        command = VoidVisit(
            visit_id=UUID(int=100 + n), reason=Mistake.RECORDED_TWICE, place_id=self.streams[n], seen=seen
        )
        done = self.send(command)
        assert done == (n in self.naive.visits)
        if done:
            del self.naive.visits[n]
            self.seen[n] = Seen(seen.unit_id, seen.revision + 1, seen.content)

    def move(self, place: UUID, day: date, unit: str) -> None:
        if self.send(MovePlace(place, unit, day)):
            self.naive.houses[place].moves[day] = unit

    def close(self, place: UUID, day: date) -> None:
        if self.send(ClosePlace(place, day, Closing.MOVED_AWAY)):
            self.naive.houses[place].doors[day] = False

    def reopen(self, place: UUID, day: date) -> None:
        if self.send(ReopenPlace(place, day, Closing.RETURNED)):
            self.naive.houses[place].doors[day] = True

    def kind(self, place: UUID, kind: PlaceKind, unit: str) -> None:
        if self.send(CorrectPlace(place, Mistake.TYPO, kind, unit)):
            self.naive.houses[place].kind, self.naive.houses[place].unit = kind, unit

    def merge(self, place: UUID, kept: UUID) -> None:
        if self.send(MergePlaces(place, kept)):
            self.naive.houses[place].into = kept

    def separate(self, place: UUID, kept: UUID) -> None:
        if self.send(SeparatePlaces(place, kept)):
            self.naive.houses[place].into = None


def _content(day: date, lesson: Lessons) -> Content:
    learners = tuple(
        Learner(ref, band, tuple(SkillLevel(skill, level) for skill, level in taught)) for ref, band, taught in lesson
    )
    return Content(day=day, team_id=UUID(int=7), member_ids=(UUID(int=70),), learners=learners)


@settings(deadline=None, max_examples=200)
@given(st.lists(steps, max_size=14))
def test_any_history_of_places_adds_up_to_a_recount(history: list[Any]) -> None:
    world = World()
    for step in history:
        world.do(*step)
    for n, day in enumerate(DAYS):
        assert world.reader.covered(day) == world.naive.covered(day)
        for last in DAYS[n:]:
            assert world.reader.reached(day, last) == world.naive.reached(day, last)


@settings(deadline=None, max_examples=50)
@given(st.lists(steps, max_size=10), st.tuples(a_place, a_place))
def test_separating_takes_back_all_of_a_merger(history: list[Any], pair: tuple[UUID, UUID]) -> None:
    world = World()
    for step in history:
        world.do(*step)
    before = {place_stream(place): world.states.get(place_stream(place)) for place in pair}
    covered, reached = world.reader.covered(DAYS[-1]), world.reader.reached(DAYS[0], DAYS[-1])
    if world.send(MergePlaces(*pair)):
        assert world.send(SeparatePlaces(*pair))
    assert {stream: world.states.get(stream) for stream in before} == before
    assert world.reader.covered(DAYS[-1]) == covered
    assert world.reader.reached(DAYS[0], DAYS[-1]) == reached

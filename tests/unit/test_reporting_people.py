"""People with a seat, once each whatever ids they have, and who of them was trained by a day."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reporting_kit import Counted
from tests.unit.test_reporting_stories import D1, D2, D3, D4, Event, established, fact, seat

DAYS = (D1, D2, D3, D4)
SERVING = ("people", "serving_trained")


def attendance(day: str, session: str = "s") -> dict[str, Any]:
    about = {"session_id": session, "course_id": "c", "unit_id": "elsewhere", "day": day, "part": "day"}
    return about | {"mode": "online", "organiser": None}


def came(person: str, day: str, session: str = "s") -> Event:
    return "AttendanceRecorded", attendance(day, session) | {"person_id": person, "reach": []}


def voided(day: str, *people: str) -> Event:
    said = {"person_id": people[0], "reason": "mistake", "before": attendance(day), "reach": [], "people": list(people)}
    return "AttendanceVoided", said


def corrected(before: str, after: str, *people: str) -> Event:
    return "AttendanceCorrected", voided(before, *people)[1] | {"after": attendance(after)}


def joined(kept: str, duplicate: str) -> Event:
    return "PeopleJoined", {"person_id": kept, "duplicate_id": duplicate, "reason": "x", "document_id": None}


def separated(kept: str, duplicate: str) -> Event:
    return "PeopleSeparated", {"person_id": kept, "duplicate_id": duplicate, "reason": "x", "document_id": None}


def records_separated(kept: str, duplicate: str, *added: dict[str, Any]) -> Event:
    said = {"person_id": kept, "duplicate_id": duplicate, "people": [duplicate], "reach": []}
    return "RecordsSeparated", said | {"added": list(added)}


def both(told: Counted, unit: str = "u", day: str = D4) -> tuple[int, int]:
    found = told.as_of(unit, day, *SERVING)
    return found.get("people", 0), found.get("serving_trained", 0)


def test_trained_from_the_day_on_wherever_the_person_serves_then() -> None:
    told = Counted().add(
        established("a", "u", D1, seat("s1", "p1"), seat("s2", "p2")),
        came("p1", D2),
        came("p1", D3, "t"),
        fact("TeamReassigned", D3, unit="v"),
        fact("SeatReleased", D4, unit="v", seat_id="s1"),
    )
    assert [both(told, "u", day) for day in DAYS] == [(2, 0), (2, 1), (0, 0), (0, 0)]
    assert [both(told, "v", day) for day in DAYS] == [(0, 0), (0, 0), (2, 1), (1, 0)]


def test_whoever_was_trained_before_counts_from_the_first_day_in_a_seat_and_without_one_never() -> None:
    told = Counted().add(came("p1", D1), came("stranger", D1), established("a", "u", D2, seat("s1", "p1")))
    assert [both(told, "u", day) for day in DAYS] == [(0, 0), (1, 1), (1, 1), (1, 1)]
    assert both(told, "elsewhere") == (0, 0)


def test_what_is_voided_or_corrected_counts_as_it_is_now() -> None:
    told = Counted().add(established("a", "u", D1, seat("s1", "p1")), came("p1", D2))
    told.add(corrected(D2, D3, "p1"))
    assert [both(told, "u", day) for day in DAYS] == [(1, 0), (1, 0), (1, 1), (1, 1)]
    told.add(came("p1", D4, "t"), voided(D3, "p1"))
    assert [both(told, "u", day) for day in DAYS] == [(1, 0), (1, 0), (1, 0), (1, 1)]


def test_joined_ids_are_one_human_being_and_two_again_when_they_are_separated() -> None:
    told = Counted().add(established("a", "u", D1, seat("s1", "p1")), established("b", "v", D2, seat("s2", "p2")))
    told.add(came("p2", D3))
    assert (both(told, "u"), both(told, "v")) == ((1, 0), (1, 1))
    told.add(joined("p1", "p2"))
    assert (both(told, "u"), both(told, "v")) == ((1, 1), (0, 0)), "where the seat taken first is"
    assert both(told, "u", D2) == (1, 0)
    told.add(came("p2", D2, "t"))
    assert both(told, "u", D2) == (1, 1), "whatever id was sent"
    told.add(separated("p1", "p2"))
    assert (both(told, "u"), both(told, "v")) == ((1, 0), (1, 1))


def test_what_was_attended_under_two_ids_is_known_of_both_after_a_separation() -> None:
    told = Counted().add(established("a", "u", D1, seat("s1", "p1"), seat("s2", "p2")), joined("p1", "p2"))
    told.add(came("p1", D2), separated("p1", "p2"))
    assert both(told) == (2, 1)
    told.add(records_separated("p1", "p2", attendance(D2)))
    assert both(told) == (2, 2)


def test_a_reminder_of_what_is_overdue_counts_on_the_day_it_was_due() -> None:
    said = {"person_id": "p1", "rule_id": "r", "unit_id": "u", "due": D2}
    told = Counted().add(("ReminderDue", said | {"kind": "upcoming"}), ("ReminderDue", said | {"kind": "overdue"}))
    assert told.on("u", D2) == {"obligations_overdue": 1, "facts": 1}


# --- in general --------------------------------------------------------------------------------------------------


def story(rng: random.Random) -> tuple[list[Event], list[Event]]:
    """What the registry tells and what training tells, of four ids with a seat each."""
    people = [f"p{n}" for n in range(4)]
    seats = [established(f"t{n}", rng.choice("uv"), rng.choice(DAYS), seat(f"s{n}", f"p{n}")) for n in range(4)]
    into: dict[str, str] = {}
    registry = []
    for _ in range(rng.randrange(8)):
        kept, duplicate = rng.sample(people, 2)
        if duplicate not in into and kept not in into and rng.random() < 0.7:
            into[duplicate] = kept
            registry.append(joined(kept, duplicate))
        elif into:
            duplicate = rng.choice(sorted(into))
            registry.append(separated(into.pop(duplicate), duplicate))
    training = []
    stands: dict[str, str] = {}
    for n in range(rng.randrange(6)):
        person, day = rng.choice(people), rng.choice(DAYS)
        training.append(came(person, day, f"x{n}"))
        stands[f"x{n}"] = person
        if rng.random() < 0.3:
            said = voided(day, person)[1]
            said["before"]["session_id"] = f"x{n}"
            training.append(("AttendanceVoided", said))
    return [*seats, *registry], training


def recount(registry: Sequence[Event], training: Sequence[Event], day: str) -> tuple[int, int]:
    """In both units together."""
    into: dict[str, str] = {}
    serving, learnt, void = set(), [], set()
    for type_, data in [*registry, *training]:
        match type_:
            case "TeamEstablished" if data["effective"] <= day:
                serving.add(data["seats"][0]["person_id"])
            case "PeopleJoined":
                into[data["duplicate_id"]] = data["person_id"]
            case "PeopleSeparated":
                del into[data["duplicate_id"]]
            case "AttendanceRecorded" if data["day"] <= day:
                learnt.append((data["person_id"], data["session_id"]))
            case "AttendanceVoided":
                void.add(data["before"]["session_id"])

    def human(person: str) -> str:
        return human(into[person]) if person in into else person

    people = {human(person) for person in serving}
    return len(people), len(people & {human(person) for person, session in learnt if session not in void})


@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 20), max_size=4))
@settings(max_examples=150, deadline=None)
def test_any_order_and_any_batches_come_to_a_naive_recount(seed: int, cuts: list[int]) -> None:
    rng = random.Random(seed)
    registry, training = story(rng)
    mixed: list[Event] = []
    lists = [list(registry), list(training)]
    while any(lists):
        mixed.append(rng.choice([each for each in lists if each]).pop(0))
    told = Counted()
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(mixed)], strict=True):
        told.add(*mixed[start:end])
    for day in DAYS:
        people, trained = (sum(both(told, unit, day)[n] for unit in "uv") for n in (0, 1))
        assert (people, trained) == recount(registry, training, day)

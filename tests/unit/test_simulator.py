"""What is simulated is the same for a seed, and what is wrong with it is a share of it."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

from ops.simulator import CHANGED, EVENING, HANOI, LEVELS, SKEWED, VOIDED, Crew, changes, deliveries, visits
from services.visits.domain.doubts import latest_of, of_time
from services.visits.domain.vocabulary import Flag
from services.visits.schemas.visits import CorrectVisitSchema, VoidVisitSchema

SUNDAY = date(2026, 11, 15)
CREWS = [
    Crew(
        "1d2f3a4b-0000-4000-8000-000000000002",
        "thon-1",
        tuple(f"1d2f3a4b-0000-4000-8000-00000000000{n}" for n in range(3, 8)),
        90,
    )
]
TOWNS = [
    Crew(f"1d2f3a4b-0000-4000-8000-{n:012}", f"thon-{n}", tuple(f"phone-{n}-{m}" for m in range(5)), 90)
    for n in range(300)
]
SENT = [body for _, body in visits(CREWS, 4_000, SUNDAY, 7)]


def test_the_same_seed_makes_the_same_day_and_the_same_mistakes() -> None:
    assert deliveries(CREWS, 300, SUNDAY, 7) == deliveries(CREWS, 300, SUNDAY, 7)
    found = list(changes(SENT, 7))
    assert found == list(changes(SENT, 7)) != list(changes(SENT, 8))
    some = [change for change in found if change.visit in SENT[:1_000]]
    assert some == list(changes(SENT[:1_000], 7)), "whatever else was sent"
    assert len({change.command_id for change in found}) == len(found)


def test_only_phones_whose_clocks_are_astray_write_another_day_than_they_rang() -> None:
    told, by_their_clocks = list(visits(TOWNS, 10_000, SUNDAY, 7)), list(visits(TOWNS, 10_000, SUNDAY, 7, astray=0.5))
    assert {body["day"] for _, body in told} == {SUNDAY.isoformat()}
    otherwise = {phone for (phone, body), (_, other) in zip(told, by_their_clocks, strict=True) if body != other}
    assert 0.2 * SKEWED < len(otherwise) / len({phone for phone, _ in told}) < SKEWED
    for (phone, body), (_, other) in zip(told, by_their_clocks, strict=True):
        assert other["started_at"].startswith(other["day"]), "day and time are of one clock"
        own = body | {"day": other["day"], "started_at": other["started_at"]}
        assert other == own and (body == other or phone in otherwise)


def test_clocks_astray_are_what_the_server_flags() -> None:
    """As it decides about each upload at the moment of its arrival, the first evening and the next morning."""
    flags: Counter[Flag] = Counter()
    evening = datetime.combine(SUNDAY, EVENING, HANOI)
    sent = deliveries(TOWNS, 10_000, SUNDAY, 7)
    for delivery in sent:
        latest = latest_of(evening + timedelta(seconds=delivery.at))
        for row in delivery.rows:
            began = datetime.fromisoformat(row["started_at"])
            flags.update(of_time(date.fromisoformat(row["day"]), began, latest))
    rows = sum(len(delivery.rows) for delivery in sent)
    assert flags.keys() == {Flag.DAY_IN_FUTURE, Flag.TIME_IN_FUTURE}
    assert 0.001 < flags[Flag.DAY_IN_FUTURE] / rows < 0.01, flags
    days = {row["day"] for delivery in sent for row in delivery.rows}
    assert days == {(SUNDAY + timedelta(days=n)).isoformat() for n in (-1, 0, 1)}


def test_a_small_share_is_corrected_and_a_smaller_one_voided() -> None:
    found = list(changes(SENT, 7))
    voided = sum(change.voids for change in found)
    assert 0.5 * CHANGED < len(found) / len(SENT) < 2 * CHANGED
    assert 0.3 * VOIDED < voided / len(found) < 2 * VOIDED
    assert {change.path.rpartition("/")[2] for change in found} == {"correct", "void"}


def test_a_correction_says_the_whole_content_and_something_else() -> None:
    reasons: Counter[str] = Counter()
    for change in changes(SENT, 7):
        reasons[change.body["reason"]] += 1
        if change.voids:
            VoidVisitSchema().load(change.body)
            continue
        CorrectVisitSchema().load(change.body)
        before = {name: change.visit[name] for name in change.body if name != "reason"}
        after = {name: value for name, value in change.body.items() if name != "reason"}
        assert before != after and {"learners", "platforms", "member_ids"} <= after.keys()
        assert after["started_at"].startswith(after["day"]), "on the day that it says"
        if change.body["reason"] == "wrong_person":
            assert {skill["level"] for skill in after["learners"][0]["skills"]} <= {LEVELS[0]}
    assert len(reasons) == 5, reasons

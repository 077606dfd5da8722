"""What follows from the whole story of a subject: teams by state, people, active teams, opinions, declarations, …"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reporting_kit import Counted

Event = tuple[str, dict[str, Any]]
D1, D2, D3, D4 = "2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"


def seat(name: str, person: str, role: str = "member", affiliation: str | None = None) -> dict[str, Any]:
    return {"seat_id": name, "person_id": person, "role": role, "affiliation": affiliation}


def fact(type_: str, day: str, team: str = "a", unit: str = "u", **more: Any) -> Event:
    said = {"team_id": team, "unit_id": unit, "effective": day, "kind": "village", "from_unit_id": unit, "seats": 0}
    return type_, said | {"seats_before": 0, "seats_after": 0, "counts": []} | more


def established(
    team: str, unit: str, day: str, *seats: dict[str, Any], kind: str = "village", pilot: bool = False
) -> Event:
    return fact("TeamEstablished", day, team, unit, kind=kind, pilot=pilot, seats=list(seats))


LEADER, MEMBER = seat("s1", "p1", "leader", "youth_union"), seat("s2", "p2", "member", "youth_union")
TEAMS = ("teams_village_", "teams_commune_", "leaders", "deputies", "members", "people")
"""What follows from the story; teams and seats are what events say (``test_reporting_domain``)."""


def visited(team: str, day: str, unit: str = "u") -> Event:
    data = {"unit_id": unit, "day": day, "team_id": team, "place_kind": "household", "people_taught": 0, "ages": {}}
    return "VisitRecorded", data | {
        "platforms": [],
        "outcomes": [],
        "obstacle": None,
        "flags": [],
        "reach": [],
        "covered": [],
    }


# --- teams -------------------------------------------------------------------------------------------------------


def test_a_pilot_becomes_permanent_is_suspended_resumed_and_dissolved() -> None:
    told = Counted().add(
        established("a", "u", D1, LEADER, MEMBER, pilot=True),
        fact("PilotEnded", D2, converted=True),
        fact("TeamSuspended", D3),
        fact("TeamResumed", D4),
        fact("TeamDissolved", "2026-05-01"),
    )
    seats = {"leaders": 1, "members": 1, "people": 2}
    assert told.as_of("u", D1, *TEAMS) == {"teams_village_pilot": 1} | seats
    assert told.as_of("u", D2, *TEAMS) == seats
    assert told.as_of("u", D3, *TEAMS) == {"teams_village_suspended": 1} | seats
    assert told.as_of("u", D4, *TEAMS) == seats
    assert told.as_of("u", "2026-05-01", *TEAMS) == {}
    assert told.keyed("u", "seats_affiliation", D4) == {"youth_union": 2}
    assert told.keyed("u", "seats_affiliation") == {}


def test_seats_come_go_and_change_and_a_reconstitution_counts_in_its_period() -> None:
    told = Counted().add(
        established("a", "u", D1, LEADER, MEMBER, kind="commune"),
        fact("TeamReconstituted", D2, released=["s2"], appointed=[seat("s3", "p3", "deputy"), seat("s4", "p4")]),
        fact("SeatChanged", D3, seat=seat("s4", "p4", "leader")),
        fact("SeatReleased", D3, seat_id="s1"),
        fact("SeatAppointed", D4, seat=seat("s5", "p1")),
        fact("TeamRenamed", D4),
    )
    assert told.as_of("u", D2, *TEAMS) == {
        "leaders": 1,
        "deputies": 1,
        "members": 1,
        "people": 3,
    }
    assert told.as_of("u", D3, *TEAMS) == {"leaders": 1, "deputies": 1, "people": 2}
    assert told.as_of("u", D4, *TEAMS)["people"] == 3
    assert (told.on("u", D2, "teams_reco"), told.on("u", D4, "teams_ren")) == (
        {"teams_reconstituted": 1},
        {"teams_renamed": 1},
    )
    assert [told.as_of("u", day, "once") for day in (D1, D2, D4)] == [
        {},
        {"once_reconstituted": 1},
        {"once_reconstituted": 1, "once_renamed": 1},
    ]
    told.add(fact("TeamReconstituted", D4, released=[], appointed=[]), fact("TeamDissolved", "2026-05-01"))
    assert told.as_of("u", D4, "once") == {"once_reconstituted": 1, "once_renamed": 1}
    assert told.as_of("u", "2026-05-01", "once") == {}


def test_a_team_that_serves_another_unit_takes_seats_and_people_along() -> None:
    told = Counted().add(established("a", "u", D1, LEADER), fact("TeamReassigned", D2, unit="v"))
    assert told.as_of("u", D1, *TEAMS) == told.as_of("v", D2, *TEAMS)
    assert told.as_of("u", D2, *TEAMS) == {}


def test_in_a_merger_seats_are_carried_joined_or_released() -> None:
    a, b = seat("s1", "p1"), seat("s2", "p2")
    twice, gone = seat("s3", "p1"), seat("s4", "p4")
    merger = {
        "teams": [{"team_id": "a", "exists": True}, {"team_id": "b", "exists": False}],
        "carried": [
            {"seat": a, "from_team_id": "a", "to_team_id": "a"},
            {"seat": b, "from_team_id": "b", "to_team_id": "a"},
        ],
        "joined": [{"seat": twice, "from_team_id": "b", "with_seat_id": "s1"}],
        "released": [{"seat": gone, "from_team_id": "b"}],
        "restored": [],
        "counts": [],
    }
    told = Counted().add(established("a", "u", D1, a), established("b", "v", D1, b, twice, gone))
    assert told.as_of("u", D1, "people") | {"v": told.as_of("v", D1, "people")["people"]} == {"people": 1, "v": 2}
    told.add(("TeamsRearranged", {"unit_id": "u", "effective": D2} | merger))
    assert told.as_of("u", D2, *TEAMS) == {"members": 2, "people": 2}
    assert told.as_of("v", D2, *TEAMS) == {}


def test_whoever_has_two_seats_counts_once_where_the_first_was_taken() -> None:
    told = Counted().add(
        established("village", "v", D1, seat("s1", "p")),
        established("commune", "c", D2, seat("s2", "p"), kind="commune"),
        fact("SeatReleased", D3, "village", "v", seat_id="s1"),
    )
    assert (told.as_of("v", D2, "people"), told.as_of("c", D2, "people")) == ({"people": 1}, {})
    assert (told.as_of("v", D3, "people"), told.as_of("c", D3, "people")) == ({}, {"people": 1})


def test_facts_are_corrected_struck_out_and_added_by_their_numbers() -> None:
    told = Counted().add(established("a", "u", D1, LEADER), fact("SeatAppointed", D2, seat=MEMBER))
    struck = {"fact": 2, "type": "SeatAppointed", "how": "voided", "appointed": None}
    moved = {"fact": 1, "type": "TeamEstablished", "how": "corrected"}
    moved["established"] = established("a", "v", D2, LEADER)[1]
    new = {"fact": 3, "type": "TeamSuspended", "how": "added", "suspended": {"effective": D3}}
    told.add(fact("TeamCorrected", D1, facts=[struck, moved, new], counts=[]))
    assert told.as_of("u", D4, *TEAMS) == {}
    state = {"leaders": 1, "people": 1}
    assert told.as_of("v", D2) == state
    assert told.as_of("v", D3) == state | {"teams_village_suspended": 1}


def test_a_team_whose_beginning_is_not_known_counts_nowhere_until_it_is() -> None:
    told = Counted().add(fact("SeatAppointed", D2, seat=MEMBER))
    assert told.as_of("u", D4, *TEAMS) == {}
    never = {"fact": 1, "type": "TeamEstablished", "how": "voided", "established": None}
    told = Counted().add(established("a", "u", D1, LEADER), fact("TeamCorrected", D1, facts=[never]))
    assert told.as_of("u", D4, *TEAMS) == {}


# --- active teams ------------------------------------------------------------------------------------------------


def test_a_team_is_active_once_in_a_period_at_the_unit_it_serves() -> None:
    told = Counted().add(visited("a", D2), visited("a", D2), visited("a", D4, unit="elsewhere"))
    assert told.met("a", "team", D1, D4) == 1, "for the nation only, as long as nobody knows where"
    told.add(established("a", "u", D1))
    assert (told.met("a", "team", D1, D4), told.met("u", "team", D1, D4)) == (0, 1)
    assert (told.met("u", "team", D1, D1), told.met("u", "team", D4, D4)) == (0, 1)
    told.add(fact("TeamReassigned", D3, unit="w"))
    assert (told.met("u", "team", D1, D4), told.met("w", "team", D3, D4), told.met("w", "team", D1, D4)) == (1, 1, 0)


def test_a_day_counts_as_long_as_a_visit_of_it_stands() -> None:
    told = Counted().add(established("a", "u", D1), visited("a", D2), visited("a", D2))
    _, said = visited("a", D2)
    void = "VisitVoided", said | {"before": said}
    assert told.add(void).met("u", "team", D1, D4) == 1
    assert told.add(void).met("u", "team", D1, D4) == 0
    moved = "VisitCorrected", said | {"before": said, "after": said | {"day": D3, "team_id": "b"}}
    told.add(visited("a", D2), established("b", "v", D1)).add(moved)
    assert (told.met("u", "team", D1, D4), told.met("v", "team", D3, D3)) == (0, 1)


# --- others ------------------------------------------------------------------------------------------------------


def opinion(step: str, day: str, name: str = "o") -> Event:
    return f"Opinion{step}", {"opinion_id": name, "unit_id": "u", "topic": "fees", "pillar": "government", "day": day}


def test_an_opinion_is_open_until_it_is_answered_and_again_if_the_answer_does_not_do() -> None:
    told = Counted().add(opinion("Recorded", D1), opinion("Forwarded", D1)).add(opinion("Answered", D2))
    assert (told.as_of("u", D1, "opin"), told.as_of("u", D2, "opin")) == ({"opinions_open": 1}, {})
    assert told.on("u", D2, "opinions_answered", "answer_days") == {"opinions_answered": 1, "answer_days": 31}
    told.add(opinion("Forwarded", D3), opinion("Answered", D4))
    assert told.on("u", D3, "opin") == {"opinions_open": 1}
    assert told.on("u", D4) == {"opinions_open": -1, "facts": 1}, "the first answer counts"
    assert told.keyed("u", "opinions_topic") == {"fees": 1}
    assert told.keyed("u", "opinions_pillar") == {"government": 1}


def test_a_withdrawn_opinion_is_not_open_and_a_closed_one_counts_as_closed() -> None:
    told = Counted().add(opinion("Recorded", D1), opinion("Withdrawn", D2), opinion("Recorded", D1, "p"))
    told.add(opinion("Closed", D3, "p"))
    assert (told.as_of("u", D2, "opin"), told.as_of("u", D3, "opin")) == ({"opinions_open": 1}, {})
    assert (told.on("u", D2)["opinions_withdrawn"], told.on("u", D3)["opinions_closed"]) == (1, 1)


def declared(day: str, total: int | None, unit: str = "u") -> Event:
    type_ = "HouseholdsWithdrawn" if total is None else "HouseholdsDeclared"
    return type_, {"unit_id": unit, "day": day, "total": total}


def test_the_latest_declaration_counts_until_the_unit_exists_no_more() -> None:
    told = Counted().add(declared(D3, 120), declared(D1, 100))
    assert told.as_of("u", D2) == {"households_total": 100, "households_declared": 1}
    assert told.as_of("u", D3) == {"households_total": 120, "households_declared": 1}
    told.add(declared(D3, None), declared(D1, 90))
    assert told.as_of("u", D4) == {"households_total": 90, "households_declared": 1}
    told.add(("UnitAbolished", {"unit_id": "u", "effective": D4}))
    assert (told.as_of("u", D3)["households_total"], told.as_of("u", D4)) == (90, {})
    told.add(("UnitCorrected", {"unit_id": "u", "effective": D4, "ended": None}))
    assert told.as_of("u", D4)["households_total"] == 90


def warned(day: str, holds: bool, code: str = "size_below") -> Event:
    return fact("CompositionWarned" if holds else "CompositionWarningCleared", day, code=code)


def test_a_warning_is_open_until_it_is_cleared_and_the_latest_entry_of_a_day_counts() -> None:
    told = Counted().add(warned(D1, True), warned(D3, False), warned(D2, True), warned(D1, True, "surplus_leaders"))
    assert told.as_of("u", D2) == {"warnings": 2}
    assert told.keyed("u", "warnings_code", D2) == {"size_below": 1, "surplus_leaders": 1}
    assert told.as_of("u", D3) == {"warnings": 1}
    assert told.add(warned(D1, False)).as_of("u", D1) == {"warnings": 1}
    assert told.as_of("u", D2) == {"warnings": 2}


def affair(type_: str, number: int, day: str, corrects: int | None = None, **more: Any) -> Event:
    return type_, {"unit_id": "u", "effective": day, "fact": number, "corrects": corrects} | more


def test_a_regulation_is_in_force_until_it_is_replaced_or_repealed() -> None:
    told = Counted().add(affair("RegulationIssued", 1, D1, regulation_id="r"))
    told.add(affair("RegulationReplaced", 2, D3, regulation_id="r"))
    assert (told.as_of("u", D2), told.as_of("u", D3)) == ({"regulations": 1}, {})
    told.add(affair("RegulationReplaced", 3, D4, 2, regulation_id="r"))
    assert told.as_of("u", D3) == {"regulations": 1}
    told.add(affair("EntryVoided", 4, D4, 2, affair="regulation", record_id="r"))
    assert told.as_of("u", D4) == {"regulations": 1}
    told.add(affair("EntryVoided", 5, D4, affair="regulation", record_id="r"))
    assert told.as_of("u", D4, *TEAMS) == {}


def test_a_plan_counts_by_its_year_until_it_is_withdrawn() -> None:
    told = Counted().add(affair("PlanAdopted", 1, D1, plan_id="p", year=2026))
    assert (told.as_of("u", D1), told.keyed("u", "plans_year")) == ({"plans": 1}, {"2026": 1})
    told.add(affair("PlanAdopted", 2, D2, 1, plan_id="p", year=2027), affair("PlanWithdrawn", 3, D4, plan_id="p"))
    assert (told.as_of("u", D1), told.as_of("u", D2)) == ({}, {"plans": 1})
    assert (told.keyed("u", "plans_year", D2), told.keyed("u", "plans_year")) == ({"2027": 1}, {})


def outreach(**more: Any) -> dict[str, Any]:
    session = {
        "unit_id": "u",
        "day": D1,
        "occasion": "meeting",
        "heads": {"16_24": 30, "60_plus": 12},
        "topics": ["vneid"],
    }
    return session | more


def test_outreach_counts_heads_and_follows_corrections() -> None:
    told = Counted().add(("OutreachRecorded", outreach()))
    assert told.on("u", D1, "outreach", "heads") == {
        "outreach_sessions": 1,
        "outreach_heads": 42,
        "heads_16_24": 30,
        "heads_60_plus": 12,
    }
    after = outreach(unit_id="v", day=D2, heads={"60_plus": 5}, topics=[])
    told.add(("OutreachCorrected", {"unit_id": "v", "day": D2, "before": outreach(), "after": after}))
    assert told.on("u", D1, "outreach", "heads") == {}
    assert told.on("v", D2, "outreach", "heads") == {"outreach_sessions": 1, "outreach_heads": 5, "heads_60_plus": 5}
    assert (told.keyed("u", "outreach_topic"), told.keyed("v", "outreach_occasion")) == ({}, {"meeting": 1})
    told.add(("OutreachVoided", {"unit_id": "v", "day": D2, "before": after}))
    assert told.on("v", D2, "outreach", "heads") == {}


def test_sessions_that_were_held_and_certificates_that_are_valid() -> None:
    plan = {"session_id": "s", "course_id": "c", "mode": "online", "organiser": "ministry"}
    told = Counted().add(("SessionScheduled", plan), ("SessionHeld", plan | {"unit_id": "u", "day": D1}))
    assert told.on("u", D1, "sessions") == {"sessions_held": 1}
    assert told.keyed("u", "sessions_organiser") == {"ministry": 1}
    issued = {"number": "n", "unit_id": "u", "day": D1, "expires": D3}
    told.add(("CertificateIssued", issued), ("CertificateIssued", issued | {"number": "m", "expires": None}))
    assert [told.as_of("u", day).get("certificates_valid") for day in (D1, D2, D3)] == [2, 2, 1]
    told.add(("CertificateRevoked", {"number": "m", "unit_id": "u", "day": D1}))
    assert [told.as_of("u", day).get("certificates_valid") for day in (D1, D2, D3)] == [1, 1, None]
    assert told.add(("SessionCancelled", plan)).on("u", D1, "sessions") == {}


def test_codes_of_open_lists_are_counted_as_they_come() -> None:
    _, said = visited("a", D1)
    told = Counted().add(("VisitRecorded", said | {"platforms": ["vneid", "vssid"], "obstacle": "no_internet"}))
    told.add(("VisitRecorded", said | {"platforms": ["vneid"], "outcomes": ["account"], "flags": ["day_long_past"]}))
    assert told.keyed("u", "platforms") == {"vneid": 2, "vssid": 1}
    assert told.keyed("u", "outcomes") == {"account": 1}
    assert (told.keyed("u", "obstacles"), told.keyed("u", "flags")) == ({"no_internet": 1}, {"day_long_past": 1})


# --- in general --------------------------------------------------------------------------------------------------


def story(rng: random.Random) -> list[Event]:
    """Facts of two teams and people in both, in any order of their days, and visits before and after."""
    days = [D1, D2, D3, D4]
    events = []
    for team, unit in (("a", "u"), ("b", "v")):
        told = [established(team, unit, rng.choice(days), seat(f"{team}1", "p1"), seat(f"{team}2", f"{team}p"))]
        for _ in range(rng.randrange(6)):
            day = rng.choice(days)
            told.append(
                rng.choice(
                    [
                        fact("TeamSuspended", day, team, unit),
                        fact("TeamReassigned", day, team, rng.choice("uvw")),
                        fact("SeatReleased", day, team, unit, seat_id=f"{team}1"),
                        fact("SeatAppointed", day, team, unit, seat=seat(f"{team}3", "p1", "deputy")),
                        fact("TeamDissolved", day, team, unit),
                    ]
                )
            )
        events.append(told)
    visits = [visited(rng.choice("ab"), rng.choice(days)) for _ in range(6)]
    mixed: list[Event] = []
    lists = [*events, visits]
    while any(lists):
        mixed.append(rng.choice([each for each in lists if each]).pop(0))
    return mixed


@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 20), max_size=4))
@settings(max_examples=80, deadline=None)
def test_batches_do_not_matter_and_stocks_add_up(seed: int, cuts: list[int]) -> None:
    events = story(random.Random(seed))
    whole, parts = Counted().add(*events), Counted()
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(events)], strict=True):
        parts.add(*events[start:end])
    assert parts.everything() == whole.everything()
    for day in (D1, D2, D3, D4):
        sums = {name: sum(whole.as_of(unit, day).get(name, 0) for unit in "uvw") for name in TEAMS}
        seats = sums["leaders"] + sums["deputies"] + sums["members"]
        assert 0 <= sums["people"] <= min(3, seats)
    active = {data["team_id"] for type_, data in events if type_ == "VisitRecorded"}
    assert sum(whole.met(unit, "team", D1, D4) for unit in ("u", "v", "w")) == len(active)

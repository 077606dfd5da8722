"""Regulations, plans, tasks, channels, partners, bodies: given – when – then, and what holds of every record."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.teams.domain import DECIDER, affairs
from services.teams.domain.affairs import AFFAIRS, COMMANDS, EVENTS
from services.teams.domain.affairs.bodies import (
    AssignRole,
    BodyRegistered,
    BodyRenamed,
    EndBody,
    EndRole,
    RegisterBody,
    RenameBody,
    responsible,
)
from services.teams.domain.affairs.channels import CloseChannel, OpenChannel
from services.teams.domain.affairs.entries import Entry, EntryVoided, VoidEntry
from services.teams.domain.affairs.partners import EndEngagement, EngagePartner, RegisterPartner
from services.teams.domain.affairs.plans import AdoptPlan, ReportTarget, RevisePlan, Target, WithdrawPlan, targets
from services.teams.domain.affairs.policies import EndPolicy, ReplacePolicy, Rules, SetPolicy
from services.teams.domain.affairs.records import Record, numbered
from services.teams.domain.affairs.regulations import (
    IssueRegulation,
    RegulationIssued,
    RegulationRepealed,
    RepealRegulation,
    ReplaceRegulation,
)
from services.teams.domain.affairs.tasks import GiveTask, ReportTask, TaskDone, TaskGiven, WithdrawTask, overdue_on
from services.teams.domain.documents import DocumentKind, DocumentRegistered
from services.teams.domain.team.events import TeamDissolved, TeamEstablished, TeamKind
from services.teams.domain.units import UnitEstablished
from services.teams.messages.affairs import AFFAIRS as TEXTS
from shared.decider import Personal
from shared.problem_texts import GENERIC
from shared.problems import rejection_codes
from shared.testing import Spec

START, DAY = date(2022, 1, 1), date(2024, 3, 1)
COMMUNE, VILLAGE = TeamKind.COMMUNE, TeamKind.VILLAGE


def unit(unit_id: str, level: str, parent: str | None) -> tuple[str, Any]:
    return f"unit:{unit_id}", UnitEstablished(unit_id, level, "xã", unit_id, parent, None, START, None, True)


DOCUMENT = DocumentRegistered("d", DocumentKind.DECISION, "UBND xã", "1/QĐ", 2024, DAY, DAY, None, "")
TEAM = TeamEstablished("t", VILLAGE, "v", "Tổ", False, START, "d", (), True)


def registry(*history: tuple[str, Any]) -> Spec[Any, Any, Any]:
    units = (
        unit("vn", "nation", None),
        unit("p", "province", "vn"),
        unit("c", "commune", "p"),
        unit("v", "village", "c"),
    )
    return Spec(DECIDER).given(*units, ("document:d", DOCUMENT), ("team:t", TEAM)).given(*history)


def days(n: int) -> date:
    return DAY + timedelta(n)


def issue(regulation_id: str = "r", **other: Any) -> IssueRegulation:
    fields = {"unit_id": "c", "title": "Quy chế hoạt động", "effective": DAY, "document_id": "d", **other}
    return IssueRegulation(regulation_id=regulation_id, **fields)


def repeal(n: int, **other: Any) -> RepealRegulation:
    return RepealRegulation(regulation_id="r", effective=days(n), document_id="d", **other)


# --- what all records have in common ------------------------------------------------------------------------------


def test_a_record_is_opened_closed_and_says_what_it_was_on_each_day() -> None:
    spec = registry().when(issue())
    issued = RegulationIssued(
        regulation_id="r", unit_id="c", title="Quy chế hoạt động", effective=DAY, document_id="d", fact=1, team_id=None
    )
    spec.then(("regulation:r", issued)).when(issue()).then()
    spec.when(repeal(10))
    repealed = RegulationRepealed(
        regulation_id="r", effective=days(10), document_id="d", fact=2, unit_id="c", team_id=None
    )
    spec.then(("regulation:r", repealed)).when(repeal(10)).then()
    record = spec.state("regulation:r")
    assert [record.state_on(days(n)) for n in (-1, 0, 9, 10)] == ["not_yet", "in_force", "in_force", "repealed"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (issue(title="Khác"), "affair-exists"),
        (issue(unit_id="p"), "affair-exists"),
        (issue(title="Khác", corrects=1), "affair-reason-missing"),
        (issue(unit_id="p", corrects=1, reason="typo"), "affair-moved"),
        (issue(title="Khác", corrects=3, reason="typo"), "affair-fact-unknown"),
        (issue(effective=days(30), corrects=1, reason="typo"), "affair-not-yet"),
        (issue("s", unit_id="x"), "unknown-unit"),
        (issue("s", unit_id=None, team_id="t"), "affair-owner"),
        (issue("s", team_id="t"), "affair-owner"),
        (issue("s", document_id="none"), "document-unknown"),
        (issue("s", effective=date(2021, 1, 1)), "unit-not-yet"),
        (repeal(20), "affair-closed"),
        (repeal(-1), "affair-not-yet"),
        (repeal(20, corrects=1, reason="typo"), "affair-fact-differs"),
        (ReplaceRegulation(regulation_id="r", by_regulation_id="q", effective=DAY, document_id="d"), "affair-unknown"),
        (
            ReplaceRegulation(regulation_id="r", by_regulation_id="r", effective=DAY, document_id="d"),
            "regulation-replaces-itself",
        ),
        (RepealRegulation(regulation_id="q", effective=DAY, document_id="d"), "affair-unknown"),
        (VoidEntry(affair="regulation", record_id="q", effective=DAY, reason="error"), "affair-unknown"),
        (VoidEntry(affair="regulation", record_id="r", effective=DAY), "affair-reason-missing"),
        (VoidEntry(affair="regulation", record_id="r", effective=DAY, corrects=7, reason="e"), "affair-fact-unknown"),
    ],
)
def test_what_no_record_can_say_is_refused(command: Any, code: str) -> None:
    registry().when(issue()).when(repeal(10)).when(command).then_rejected(code)


def test_a_correction_replaces_a_fact_under_its_number_and_nothing_is_rewritten() -> None:
    spec = registry().when(issue()).when(repeal(10)).when(repeal(5, corrects=2, reason="wrong_day"))
    record = spec.state("regulation:r")
    assert [record.state_on(days(n)) for n in (4, 5)] == ["in_force", "repealed"]
    assert [fact.fact for fact in record.facts] == [1, 2, 3]
    assert spec.when(repeal(5, corrects=2, reason="wrong_day")).events == []
    assert spec.when(repeal(7, corrects=2, reason="wrong_again")).events[0][1].fact == 4
    spec.when(VoidEntry(affair="regulation", record_id="r", effective=DAY, corrects=2, reason="error"))
    assert spec.state("regulation:r").state_on(days(99)) == "in_force"
    spec.when(VoidEntry(affair="regulation", record_id="r", effective=DAY, corrects=2, reason="error")).then()
    assert spec.when(repeal(20)).events


def test_a_record_taken_back_never_held() -> None:
    void = VoidEntry(affair="regulation", record_id="r", effective=days(3), corrects=1, reason="twice")
    spec = registry().when(issue()).when(void)
    [(_, event)] = spec.events
    assert (event.corrects, event.unit_id, event.effective) == (None, "c", days(3))
    assert spec.state("regulation:r").state_on(DAY) == "void"
    spec.when(void).then()
    spec.when(repeal(5)).then_rejected("affair-void")
    spec.when(issue()).then_rejected("affair-void")


def test_what_comes_late_must_not_contradict_what_is_known() -> None:
    spec = registry().when(issue()).when(issue("q"))
    spec.when(repeal(10)).when(repeal(4)).then_rejected("affair-closed", fact=2)
    replaced = ReplaceRegulation(regulation_id="q", by_regulation_id="r", effective=days(2), document_id="d")
    assert spec.when(replaced).events
    assert spec.state("regulation:q").state_on(days(2)) == "replaced"


# --- each kind ----------------------------------------------------------------------------------------------------


def test_a_plan_has_targets_and_what_was_achieved_by_day() -> None:
    goal, more = Target("households", 120, "household"), Target("vneid", 90.5, "percent")
    adopt = AdoptPlan(
        plan_id="p", team_id="t", year=2024, title="Kế hoạch", targets=(goal,), effective=DAY, document_id="d"
    )
    spec = registry().when(adopt)
    assert spec.events[0][1].unit_id == "v"
    report = {"plan_id": "p", "indicator": "vneid", "value": 55.0}
    spec.when(ReportTarget(effective=days(5), **report)).then_rejected("plan-indicator-unknown")
    assert spec.when(RevisePlan(plan_id="p", targets=(goal, more), effective=days(3), document_id="d")).events
    assert spec.when(ReportTarget(effective=days(5), **report)).events
    spec.when(ReportTarget(effective=days(2), **report)).then_rejected("plan-indicator-unknown")
    void = VoidEntry(affair="plan", record_id="p", corrects=2, reason="error", effective=DAY)
    spec.when(void).then_rejected("plan-indicator-unknown", fact=3)
    record = spec.state("plan:p")
    assert [len(targets(record.told(days(n)))) for n in (-1, 0, 3)] == [0, 1, 2]
    assert spec.when(WithdrawPlan(plan_id="p", effective=days(9), document_id="d")).events
    spec.when(ReportTarget(effective=days(9), **report)).then_rejected("affair-closed")
    twice = AdoptPlan(
        plan_id="q", unit_id="c", year=2024, title="K", targets=(goal, goal), effective=DAY, document_id="d"
    )
    spec.when(twice).then_rejected("plan-indicator-twice")


def test_a_task_is_overdue_by_the_day_that_is_asked_for() -> None:
    body = RegisterBody(body_id="b", unit_id="c", kind="police", name="Công an xã", effective=START, document_id="d")
    give = GiveTask(task_id="k", team_id="t", topic="project_06", due=days(10), body_id="b", effective=DAY)
    spec = registry().when(give).then_rejected("affair-unknown").when(body).when(give)
    given = TaskGiven(**vars(give) | {"unit_id": "v"}, fact=1)
    spec.then(("task:k", given))
    assert [overdue_on(spec.state("task:k"), days(n)) for n in (10, 11)] == [False, True]
    spec.when(ReportTask(task_id="k", count=40, effective=days(20)))
    spec.then(("task:k", TaskDone(task_id="k", count=40, effective=days(20), fact=2, unit_id="v", team_id="t")))
    assert [overdue_on(spec.state("task:k"), days(n)) for n in (-1, 19, 20)] == [False, True, False]
    spec.when(WithdrawTask(task_id="k", effective=days(21))).then_rejected("affair-closed", fact=2)
    early = GiveTask(task_id="l", team_id="t", topic="project_06", due=days(-1), effective=DAY)
    spec.when(early).then_rejected("task-due-before-given")


def test_nothing_is_given_to_a_team_that_is_not_there() -> None:
    give = GiveTask(task_id="k", team_id="t", topic="project_06", due=days(10), effective=DAY)
    gone = TeamDissolved("t", "v", DAY, 0, "d")
    registry(("team:t", gone)).when(give).then_rejected("team-ended")
    registry(("team:t", gone)).when(GiveTask(**vars(give) | {"team_id": "x"})).then_rejected("team-unknown")


def test_a_channel_keeps_its_link_to_itself() -> None:
    link = Personal("https://zalo.me/g/abcdef")
    common = OpenChannel(
        channel_id="g", unit_id="c", platform="zalo", participants=("leaders", "post"), link=link, effective=DAY
    )
    spec = registry().when(common)
    assert "zalo.me" not in repr(spec.events)
    assert spec.when(CloseChannel(channel_id="g", effective=days(9))).events
    assert spec.state("channel:g").state_on(days(9)) == "closed"
    account = OpenChannel(**vars(common) | {"channel_id": "h", "link": Personal("https://zalo.me/0912345678")})
    spec.when(account).then_rejected("channel-link-personal")


def test_a_partner_is_engaged_from_a_day_to_a_day() -> None:
    engage = EngagePartner(engagement_id="e", partner_id="b", team_id="t", effective=DAY)
    spec = registry().when(engage).then_rejected("affair-unknown")
    register = RegisterPartner(partner_id="b", unit_id="vn", kind="post", name="Bưu điện Việt Nam", effective=START)
    assert spec.when(register).when(engage).when(EndEngagement(engagement_id="e", effective=days(9))).events
    record = spec.state("engagement:e")
    assert [record.state_on(days(n)) for n in (-1, 0, 9)] == ["not_yet", "engaged", "ended"]


REFORM, MINISTRY_MERGED = date(2025, 7, 1), date(2025, 3, 1)
ABOVE = ("v", "c", "x", "p", "vn")
BODIES = {"committee": "c", "district": "x", "dic": "p", "dst": "p", "police": "p", "mic": "vn"}
HELD = [("committee", "manages"), ("district", "coordinates"), ("dic", "guides"), ("police", "guides")]
HELD += [("mic", "guides"), ("mic", "leads_nationally")]


def roles() -> Spec[Any, Any, Any]:
    spec = registry(unit("x", "district", "p"))
    given = {"effective": START, "document_id": "d"}
    for body, where in (
        ("committee", "c"),
        ("district", "x"),
        ("dic", "p"),
        ("dst", "p"),
        ("police", "p"),
        ("mic", "vn"),
    ):
        spec.when(RegisterBody(body_id=body, unit_id=where, kind="body", name=body, **given))
    held = (
        ("committee", "manages", "c"),
        ("district", "coordinates", "x"),
        ("dic", "guides", "p"),
        ("police", "guides", "p"),
    )
    for body, role, where in (*held, ("mic", "guides", "vn"), ("mic", "leads_nationally", "vn")):
        role_id = f"{body}/{role}"
        assert spec.when(AssignRole(role_id=role_id, body_id=body, role=role, unit_id=where, **given)).events
    spec.when(EndRole(role_id="district/coordinates", effective=REFORM, document_id="d"))
    spec.when(EndBody(body_id="dic", effective=MINISTRY_MERGED, document_id="d"))
    follow = AssignRole(
        role_id="dst/guides", body_id="dst", role="guides", unit_id="p", effective=MINISTRY_MERGED, document_id="d"
    )
    assert spec.when(follow).events
    return spec


def asked(spec: Spec[Any, Any, Any], day: date, kind: str = "village") -> dict[str, list[str]]:
    records = [
        f"{b}/{r}" for b, r in (("committee", "manages"), ("district", "coordinates"), ("mic", "leads_nationally"))
    ]
    records += [f"{body}/guides" for body in ("dic", "police", "mic", "dst")]
    bodies = {b: spec.state(f"body:{b}") for b in ("committee", "district", "dic", "dst", "police", "mic")}
    found: dict[str, list[str]] = {}
    for held in responsible(ABOVE, kind, day, [spec.state(f"role:{r}") for r in records], bodies):
        found.setdefault(held.role, []).append(held.body_id)
    return found


def test_who_is_responsible_for_a_team_depends_on_the_day_and_the_nearest_area() -> None:
    spec = roles()
    always = {"manages": ["committee"], "leads_nationally": ["mic"]}
    assert asked(spec, MINISTRY_MERGED - timedelta(1)) == always | {
        "coordinates": ["district"],
        "guides": ["dic", "police"],
    }
    assert asked(spec, MINISTRY_MERGED) == always | {"coordinates": ["district"], "guides": ["dst", "police"]}
    assert asked(spec, REFORM) == always | {"guides": ["dst", "police"]}
    assert asked(spec, START - timedelta(1)) == {}


def test_a_role_may_be_towards_one_kind_of_team_only() -> None:
    spec = roles()
    only = AssignRole(
        role_id="committee/manages",
        body_id="committee",
        role="manages",
        unit_id="c",
        team_kind=COMMUNE,
        corrects=1,
        reason="kind_missing",
        effective=START,
        document_id="d",
    )
    assert spec.when(only).events
    assert "manages" not in asked(spec, DAY)
    assert asked(spec, DAY, "commune")["manages"] == ["committee"]


def test_a_body_is_renamed_and_stays_itself() -> None:
    register = RegisterBody(body_id="b", unit_id="p", kind="department", name="Sở A", effective=START, document_id="d")
    spec = registry().when(register).when(RenameBody(body_id="b", name="Sở B", effective=DAY, document_id="d"))
    names = [[f.name for f in spec.state("body:b").told(day)][-1] for day in (days(-1), DAY)]
    assert names == ["Sở A", "Sở B"]
    assert [type(fact) for fact in spec.state("body:b").facts] == [BodyRegistered, BodyRenamed]


def test_a_policy_says_where_it_comes_from() -> None:
    rules = Rules(5, 7)
    setting = {"policy_id": "y", "unit_id": "p", "team_kind": VILLAGE, "effective": DAY}
    spec = registry().when(SetPolicy(rules=rules, **setting)).then_rejected("policy-source-missing")
    spec.when(SetPolicy(rules=Rules(7, 5), source="Kế hoạch", **setting)).then_rejected("policy-sizes-reversed")
    assert spec.when(SetPolicy(rules=rules, source="Kế hoạch 100/KH", **setting)).events
    assert spec.when(ReplacePolicy(policy_id="y", rules=Rules(3), document_id="d", effective=days(5))).events
    assert spec.when(EndPolicy(policy_id="y", effective=days(9))).events


# --- rules for all of them ----------------------------------------------------------------------------------------


def test_commands_and_events_are_of_one_affair_each() -> None:
    commands = [command for affair in AFFAIRS.values() for command in affair.commands]
    assert len({*commands, VoidEntry}) == len(COMMANDS)
    assert len(set(EVENTS)) == len(EVENTS)
    assert all(issubclass(command, Entry) for command in COMMANDS)
    assert all(issubclass(event, command) for a in AFFAIRS.values() for command, event in a.commands.items())


def test_every_rejection_has_its_texts() -> None:
    folder = Path(affairs.__file__).parent
    codes = rejection_codes(*folder.glob("*.py"))
    assert codes - {"document-unknown"} == TEXTS.keys() - GENERIC.keys()


CHANGES = st.lists(
    st.tuples(st.sampled_from(("revise", "report", "withdraw", "adopt", "void")), st.integers(0, 6), st.integers(1, 5)),
    max_size=14,
)


def change(what: str, day: int, number: int, corrects: int | None) -> Any:
    said = {"effective": days(day), "corrects": corrects, "reason": "r" if corrects else None, "document_id": "d"}
    match what:
        case "revise":
            return RevisePlan(plan_id="p", targets=(Target(f"i{number % 2}", number, "x"),), **said)
        case "report":
            return ReportTarget(plan_id="p", indicator=f"i{number % 2}", value=number, **said)
        case "withdraw":
            return WithdrawPlan(plan_id="p", **said)
        case "adopt":
            goal = (Target("i0", number, "x"), Target("i1", number, "x"))
            return AdoptPlan(plan_id="p", unit_id="c", year=2024, title="K", targets=goal, **said)
    return VoidEntry(affair="plan", record_id="p", **said | {"corrects": number, "reason": "r"})


@given(CHANGES, st.lists(st.booleans(), min_size=14, max_size=14))
@settings(max_examples=150, deadline=None)
def test_whatever_was_accepted_in_whatever_order_makes_sense_in_the_order_of_its_days(
    changes: list[tuple[str, int, int]], correcting: list[bool]
) -> None:
    spec = registry().when(change("adopt", 0, 1, None))
    for (what, day, number), corrects in zip(changes, correcting, strict=False):
        spec.when(change(what, day, number, number if corrects else None))
    record: Record = spec.state("plan:p")
    assert [fact.fact for fact in record.facts] == list(range(1, len(record.facts) + 1))
    holding = record.holding()
    assert record.facts[-1] == EntryVoided(**vars(record.facts[-1])) if not holding else holding[0].becomes == "adopted"
    assert [fact.becomes for fact in holding[:-1]].count("withdrawn") == 0
    for n, fact in enumerate(holding):
        if isinstance(fact, ReportTarget):
            assert fact.indicator in {target.indicator for target in targets(holding[:n])}
    voided = [fact.corrects for fact in record.facts if isinstance(fact, EntryVoided)]
    assert not set(voided) & set(numbered(record.facts))

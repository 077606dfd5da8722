"""The stream of a reform: prepared, applied and undone, by one job at a time."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.teams.domain import DECIDER
from services.teams.domain.reforms import (
    BeginReform,
    BeginUndo,
    FinishReform,
    FinishUndo,
    HaltReform,
    PrepareReform,
    ReformTotals,
    Stage,
)
from shared.testing import Spec

DAY = date(2025, 7, 1)
TOTALS = ReformTotals(1, 0, 1, 2, 2, 1, 6, 6, 0, 0)


def reform() -> Spec[Any, Any, Any]:
    return Spec(DECIDER).when(PrepareReform("r", DAY, (DAY,), ("d",), TOTALS))


def stage(spec: Spec[Any, Any, Any]) -> Stage:
    found: Stage = spec.state("reform:r").stage
    return found


def test_a_reform_is_applied_and_undone_by_one_job_at_a_time() -> None:
    spec = reform().when(BeginReform("r", "job"))
    assert stage(spec) is Stage.APPLYING
    spec.when(BeginReform("r", "job")).then()
    spec.when(BeginReform("r", "another")).then_rejected("reform-stage")
    spec.when(BeginUndo("r", "another", "d2")).then_rejected("reform-stage")
    spec.when(FinishReform("r", TOTALS)).when(BeginUndo("r", "undo", "d2"))
    assert stage(spec) is Stage.UNDOING
    [(_, undone)] = spec.when(FinishUndo("r")).events
    assert (undone.document_ids, stage(spec)) == (("d2",), Stage.UNDONE)


def test_another_job_goes_on_where_one_has_ended_without_an_end() -> None:
    spec = reform().when(BeginReform("r", "job"))
    spec.when(BeginReform("r", "next", "somebody")).then_rejected("reform-stage")
    spec.when(BeginReform("r", "next", "job"))
    assert spec.state("reform:r").job == "next"
    spec.when(HaltReform("r", "reform-refused", False))
    assert stage(spec) is Stage.READY


def test_what_stopped_before_anything_was_stored_is_as_it_was() -> None:
    spec = reform().when(BeginReform("r", "job")).when(HaltReform("r", "reform-outdated", False))
    assert stage(spec) is Stage.READY
    spec.when(BeginReform("r", "job2")).when(HaltReform("r", "reform-broken-off", True))
    assert stage(spec) is Stage.FAILED
    spec.when(BeginUndo("r", "job3", "d")).when(HaltReform("r", "reform-refused", False))
    assert stage(spec) is Stage.FAILED


def test_only_what_was_undone_is_applied_again() -> None:
    again = PrepareReform("s", DAY, (DAY,), ("d",), TOTALS, "r")
    spec = reform()
    spec.when(again).then_rejected("reform-not-undone")
    for command in (BeginReform("r", "j"), FinishReform("r", TOTALS), BeginUndo("r", "k", "d"), FinishUndo("r")):
        spec.when(command)
    spec.when(again)
    assert spec.state("reform:s").prepared.repeats == "r"
    spec.when(BeginReform("none", "j")).then_rejected("reform-unknown")

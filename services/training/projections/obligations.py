"""Own events → rules in their times, exemptions, what each session teaches, plans, and reminders that were issued."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, text

from shared.log import Recorded

_SINCE = text(
    """INSERT INTO read.rules (rule_id, unit_id, first, since, terms, document_id, source)
       SELECT x.rule_id, x.unit_id, coalesce(min(r.first), x.effective), x.effective, x.terms, x.document_id, x.source
         FROM json_to_record(cast(:rule AS json)) AS x (rule_id uuid, unit_id text, effective date, terms jsonb,
              document_id uuid, source text)
         LEFT JOIN read.rules r ON r.rule_id = x.rule_id
        GROUP BY x.rule_id, x.unit_id, x.effective, x.terms, x.document_id, x.source"""
)
_UNTIL = text("UPDATE read.rules SET until = :effective WHERE rule_id = :rule_id AND until IS NULL")
_EXEMPT = text(
    """INSERT INTO read.exemptions (exemption_id, person_id, rule_id, since, until, reason)
       VALUES (:exemption_id, :person_id, :rule_id, :since, :until, :reason)"""
)
_EXEMPT_UNTIL = text("UPDATE read.exemptions SET until = :effective WHERE exemption_id = :exemption_id")
_CONTENTS = text(
    """INSERT INTO read.contents (course_id, topics) VALUES (:course_id, :topics)
       ON CONFLICT (course_id) DO UPDATE SET topics = excluded.topics"""
)
_LESSON = text(
    """INSERT INTO read.lessons (session_id, course_id, topics)
       SELECT cast(:session_id AS uuid), c.course_id, c.topics FROM read.contents c WHERE c.course_id = :course_id"""
)
_PLAN = text(
    """INSERT INTO read.plans (plan_id, unit_id, first_day, last_day)
       VALUES (:plan_id, :unit_id, :first_day, :last_day)"""
)
_NO_PLAN = text("DELETE FROM read.plans WHERE plan_id = :plan_id")
_REMINDED = text(
    """INSERT INTO read.reminders (person_id, rule_id, due, kind)
       VALUES (:person_id, :rule_id, :due, :kind) ON CONFLICT DO NOTHING"""
)


def _replaced(tx: Connection, data: dict[str, Any]) -> None:
    tx.execute(_UNTIL, data)
    tx.execute(_SINCE, {"rule": orjson.dumps(data).decode()})


_TAKE: Mapping[str, Callable[[Connection, dict[str, Any]], object]] = {
    "RuleSet": lambda tx, data: tx.execute(_SINCE, {"rule": orjson.dumps(data).decode()}),
    "RuleReplaced": _replaced,
    "RuleEnded": lambda tx, data: tx.execute(_UNTIL, data),
    "PersonExempted": lambda tx, data: tx.execute(_EXEMPT, data),
    "ExemptionEnded": lambda tx, data: tx.execute(_EXEMPT_UNTIL, data),
    "CourseOffered": lambda tx, data: tx.execute(_CONTENTS, data),
    "CourseRevised": lambda tx, data: tx.execute(_CONTENTS, data),
    "SessionScheduled": lambda tx, data: tx.execute(_LESSON, data),
    "TrainingPlanSet": lambda tx, data: tx.execute(_PLAN, data),
    "TrainingPlanWithdrawn": lambda tx, data: tx.execute(_NO_PLAN, data),
    "ReminderDue": lambda tx, data: tx.execute(_REMINDED, data),
}


class Obligations:
    """``obligations@1``."""

    name = "obligations@1"
    sources: Mapping[str, Collection[int]] = {"": (0,)}
    types = frozenset(_TAKE)

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        for _, event in batch:
            if event.type in self.types:
                _TAKE[event.type](tx, event.data)

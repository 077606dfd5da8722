"""Walks round everybody who serves, some units at a time, and issues the reminders that are due today.

A round begins when something is new or another day has come, ten minutes after the last one at the earliest. It waits
until the tables have read all that is known, so that nobody is reminded of what is on its way. One worker walks; if it
is lost, another begins anew. Should two walk at once all the same, the same reminder is the same command.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from uuid import uuid4

from sqlalchemy import Connection, Engine, text

from services.training.domain.dues import State
from services.training.domain.reminders import IssueReminder, ReminderKind
from services.training.projections.obligations import Obligations
from services.training.projections.register import Register
from services.training.queries.obligations import InForce, Looked, Obligation, begun
from services.training.queries.places import Path, Stop, stops
from shared.decider import Rejected
from shared.handler import Envelope
from shared.handling import Decides, handle_many
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree
from shared.vietnamese import hanoi_day

ROUND_SECONDS = 600.0
LEASE_SECONDS = 60.0
CHUNK = 50
"""Units looked at in one step."""
MOST = 100
"""Reminders issued in one step; the next one goes on with the same units."""

_BEHIND = text(
    """SELECT NOT EXISTS (SELECT FROM bus.sources s WHERE s.source = 'teams' AND s.heads ? '0')
           OR EXISTS (SELECT FROM bus.cursors c JOIN bus.sources s ON s.source = c.source
                       WHERE c.position < coalesce((s.heads ->> '0')::bigint, 0))
           OR EXISTS (SELECT FROM bus.cursors c JOIN log.heads h ON h.partition = c.partition
                       WHERE c.source = '' AND c.subscription = ANY(:own) AND c.position < h.position)"""
)
_ISSUED = text(
    """SELECT person_id::text, rule_id::text, due, kind FROM read.reminders
        WHERE person_id = ANY(cast(:people AS uuid[]))"""
)
_CLAIM = text(
    """INSERT INTO read.reminder_round AS r (walker, walks_until, begun)
       VALUES (:walker, now() + make_interval(secs => :lease), now())
       ON CONFLICT (one) DO UPDATE
          SET walker = excluded.walker, walks_until = excluded.walks_until, begun = excluded.begun
        WHERE r.walks_until < now() AND r.begun <= now() - make_interval(secs => :every)
          AND r.walked IS DISTINCT FROM :news
    RETURNING one"""
)
_HOLD = text(
    """UPDATE read.reminder_round SET walks_until = now() + make_interval(secs => :lease)
        WHERE walker = :walker RETURNING one"""
)
_WALKED = text("UPDATE read.reminder_round SET walks_until = now(), walked = :news WHERE walker = :walker")
OWN = [Register.name, Obligations.name]


class Reminding:
    def __init__(
        self,
        lookups: Engine,
        directory: UnitDirectory,
        handler: Decides,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        every: float = ROUND_SECONDS,
    ) -> None:
        self._lookups, self._directory, self._handler = lookups, directory, handler
        self._now, self._every = now, every
        self._walker = uuid4()
        self._at: tuple[str, Path] | None = None
        """Root, and the last unit looked at, while this worker is on its round."""
        self._news = ""
        """Day and positions of this round: what there is to tell on it."""
        self._looks_at = self._renews_at = float("-inf")

    def step(self) -> int:
        """Looks at some units. The answer is always 0, so a pause follows: a nation's round is spread over minutes."""
        day = hanoi_day(self._now())
        with self._lookups.connect() as tx:
            if not (self._begin(tx, day) if self._at is None else self._hold(tx)):
                return 0
            tree = self._directory.tree()
            assert self._at is not None
            root, after = self._at
            chunk = list(islice(stops(tree, root, day, after), CHUNK))
            due = self._due(tx, tree, root, day, chunk)
        self._issue(due[:MOST])
        if len(due) <= MOST:
            self._at = (root, chunk[-1].path) if len(chunk) == CHUNK and chunk[-1].path != after else self._next(root)
            if self._at is None:
                with self._lookups.connect() as tx:
                    tx.execute(_WALKED, {"walker": self._walker, "news": self._news})
        return 0

    def _begin(self, tx: Connection, day: date) -> bool:
        now = time.monotonic()
        if now < self._looks_at or tx.execute(_BEHIND, {"own": OWN}).scalar():
            return False
        self._looks_at = now + self._every / 60
        page, rules = begun(tx, day, None)
        first, news = self._next(""), f"{day} {page.position} {page.registry_position}"
        if not rules or first is None:
            return False
        asked = {"walker": self._walker, "lease": LEASE_SECONDS, "every": self._every, "news": news}
        if tx.execute(_CLAIM, asked).one_or_none() is None:
            return False
        self._at, self._news, self._renews_at = first, news, now + LEASE_SECONDS / 3
        return True

    def _hold(self, tx: Connection) -> bool:
        """Whether the round is still this worker's, who may have been away for long."""
        now = time.monotonic()
        if now >= self._renews_at:
            self._renews_at = now + LEASE_SECONDS / 3
            if tx.execute(_HOLD, {"walker": self._walker, "lease": LEASE_SECONDS}).one_or_none() is None:
                self._at = None
        return self._at is not None

    def _next(self, root: str) -> tuple[str, Path] | None:
        """The next tree: there is one nation, or none yet."""
        day = hanoi_day(self._now())
        roots = sorted(self._directory.tree().existing(day, "nation"))
        following = [each for each in roots if each > root]
        return (following[0], ()) if following else None

    def _due(self, tx: Connection, tree: UnitTree, root: str, day: date, chunk: Sequence[Stop]) -> list[IssueReminder]:
        _, rules = begun(tx, day, None)
        terms = {rule.rule_id: rule for rule in rules}
        found = [
            IssueReminder(one.person_id, one.rule_id, one.unit_id, one.due, kind)
            for _, one in Looked(tx, tree, root, day, rules).at(chunk)
            if (kind := kind_of(one, terms[one.rule_id], day)) is not None
        ]
        people = list({one.person_id for one in found})
        issued = {tuple(row) for row in tx.execute(_ISSUED, {"people": people})} if people else set()
        return [one for one in found if (one.person_id, one.rule_id, one.due, one.kind.value) not in issued]

    def _issue(self, reminders: Sequence[IssueReminder]) -> None:
        now = self._now()
        answers = handle_many(
            self._handler, [Envelope(one.command_id, one, "training-worker", now) for one in reminders]
        )
        for answer in answers:
            if isinstance(answer, Rejected):
                raise answer


def kind_of(one: Obligation, rule: InForce, day: date) -> ReminderKind | None:
    if one.state is State.OVERDUE:
        return ReminderKind.OVERDUE
    soon = one.due - timedelta(rule.terms.remind_days) <= day <= one.due
    if soon and (one.state is State.DUE or (one.state is State.DONE and rule.terms.due.every_months is not None)):
        return ReminderKind.UPCOMING
    return None

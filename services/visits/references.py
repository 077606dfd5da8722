"""Whether visits has heard of what a visit refers to. No reason to refuse: what is unknown today may come later."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Engine, text

from shared.reader import GroupQuestions

KEPT = 200_000
"""Ids of a kind remembered as known; about 150 bytes each."""
UNKNOWN_SECONDS = 1.0
"""So long an unknown id is not asked for again."""

_KNOWN = text(
    """SELECT 'team' AS kind, team_id AS id FROM read.known_teams WHERE team_id = ANY(cast(:teams AS text[]))
       UNION ALL
       SELECT 'member', person_id FROM read.known_people WHERE person_id = ANY(cast(:members AS text[]))"""
)

_Ids = tuple[set[UUID], set[UUID]]
"""Teams and members."""


class References:
    """Teams and people by what teams has published (``network@2``). Those known are remembered, for nobody is ever
    forgotten there; the others only for a moment."""

    def __init__(self, engine: Engine) -> None:
        """``engine``: connections outside any transaction."""
        self._engine = engine
        self._teams, self._members = _Remembered(), _Remembered()
        self._asked: GroupQuestions[_Ids, set[UUID]] = GroupQuestions(self._ask_for_all)

    def unknown(self, teams: Iterable[UUID], members: Iterable[UUID]) -> set[UUID]:
        """Those that were never heard of. At most one query, shared with whoever asks meanwhile; none if all are
        remembered."""
        asked = self._teams.not_known(teams), self._members.not_known(members)
        if self._teams.doubtful(asked[0]) or self._members.doubtful(asked[1]):
            return self._asked.ask(asked)
        return asked[0] | asked[1]

    def _ask_for_all(self, questions: Sequence[_Ids]) -> list[set[UUID]]:
        teams, members = (set[UUID]().union(*ids) for ids in zip(*questions, strict=True))
        self._ask(self._teams.doubtful(teams), self._members.doubtful(members))
        return [self._teams.not_known(of) | self._members.not_known(who) for of, who in questions]

    def _ask(self, teams: set[UUID], members: set[UUID]) -> None:
        asked = {"teams": [str(team) for team in teams], "members": [str(member) for member in members]}
        found: dict[str, set[UUID]] = {"team": set(), "member": set()}
        with self._engine.connect() as connection:
            for kind, identity in connection.execute(_KNOWN, asked):
                found[kind].add(UUID(identity))
        self._teams.remember(teams, found["team"])
        self._members.remember(members, found["member"])


class _Remembered:
    """Two generations: when the younger one is full, the older one is forgotten."""

    def __init__(self) -> None:
        self._known: set[UUID] = set()
        self._older: set[UUID] = set()
        self._unknown: set[UUID] = set()
        self._since = float("-inf")

    def not_known(self, ids: Iterable[UUID]) -> set[UUID]:
        left = set(ids) - self._known
        return left - self._older if left else left

    def doubtful(self, ids: set[UUID]) -> set[UUID]:
        """Those that were not asked for just now."""
        now = time.monotonic()
        if now - self._since > UNKNOWN_SECONDS:
            self._unknown, self._since = set(), now
        return ids - self._unknown

    def remember(self, asked: set[UUID], known: set[UUID]) -> None:
        self._unknown |= asked - known
        self._known |= known
        if len(self._known) > KEPT // 2:
            self._known, self._older = set(), self._known

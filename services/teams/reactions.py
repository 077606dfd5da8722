"""Composition warnings follow what happens: teams change, policies change, units move under other units.

The projection ``Unjudged`` notes which teams and areas an event concerns; ``Judge`` looks at those, in chunks that may
be stopped anywhere: a team stays noted until its warnings are on record. Commands are sent only where something
changes, and their ids follow from what they say.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from sqlalchemy import Connection, Engine, text

from services.teams.domain import DECIDER
from services.teams.domain.affairs.policies import POLICY
from services.teams.domain.affairs.records import Record
from services.teams.domain.nearest import Policies, chains
from services.teams.domain.policy import Raised, Settled, SettleWarnings, judged, unsettled, warnings_stream
from services.teams.domain.team.life import team_stream
from services.teams.domain.team.state import Team
from services.teams.projections.affairs import Affairs
from services.teams.queries.affairs import record_of
from shared.codec import Codec, NothingChanged
from shared.handler import Envelope, Handler
from shared.log import Log
from shared.unit_directory import UnitDirectory, Units
from shared.units import LEVELS

_log = logging.getLogger(__name__)

CHUNK = 500
NAMESPACE = uuid5(NAMESPACE_URL, "https://tungnha.vn/composition-warnings")

# One worker judges at a time: another one might not see yet which units a team has come to.
_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtext('composition warnings'))")
# What was noted at a position is looked at once the tables that are needed for it have come as far.
_READY = text("SELECT min(position) FROM bus.cursors WHERE subscription = ANY(:names) AND source = ''")
_ANYTHING = text(
    """SELECT EXISTS (SELECT FROM read.judged_teams WHERE due <= :ready)
           OR EXISTS (SELECT FROM read.unjudged_areas WHERE due <= :ready)"""
)
_AREAS = text("SELECT unit_id, by_policy, due FROM read.unjudged_areas WHERE due <= :ready FOR UPDATE")
_AREAS_DONE = text(
    """DELETE FROM read.unjudged_areas a
        USING unnest(cast(:units AS text[]), cast(:by_policy AS bool[])) AS x (unit_id, by_policy)
        WHERE a.unit_id = x.unit_id AND a.by_policy = x.by_policy"""
)
_UNITS = text("SELECT DISTINCT unnest(units) FROM read.judged_teams")
_NOTE_ALL = text("UPDATE read.judged_teams SET due = greatest(due, :due)")
_NOTE_BELOW = text(
    """UPDATE read.judged_teams t SET due = greatest(t.due, :due)
         FROM (SELECT DISTINCT j.team_id FROM read.judged_teams j, unnest(j.units) AS served (unit_id)
                WHERE served.unit_id = ANY(:units)) x
        WHERE t.team_id = x.team_id"""
)
_TEAMS = text("""SELECT team_id FROM read.judged_teams WHERE due <= :ready ORDER BY due LIMIT :chunk FOR UPDATE""")
_TEAMS_DONE = text(
    """UPDATE read.judged_teams t SET due = NULL, units = x.units
         FROM json_to_recordset(cast(:rows AS json)) AS x (team_id text, units text[]) WHERE t.team_id = x.team_id"""
)
_POLICIES_AT = text("SELECT count(*), sum(jsonb_array_length(facts)) FROM read.affairs WHERE affair = :affair")
_POLICIES = text("SELECT record_id, facts FROM read.affairs WHERE affair = :affair")


class Judge:
    """``step`` is a loop of the worker. Several workers may run it; they take turns.

    ``moves_every``: in a reform units move by the thousand, and each time all teams are looked through for those below
    them, so this is done once in so many seconds.
    """

    def __init__(
        self,
        engine: Engine,
        log: Log,
        codec: Codec,
        handler: Handler[Any, Any, Any],
        directory: UnitDirectory,
        *,
        moves_every: float = 10.0,
    ) -> None:
        self._engine, self._log, self._codec = engine, log, codec
        self._handler, self._directory = handler, directory
        self._moves_every, self._moved_at = moves_every, float("-inf")
        self._policies_at: tuple[Any, ...] = ()
        self._policies = Policies(())

    def step(self) -> int:
        """Look at some noted areas or teams; how many there were."""
        with self._engine.begin() as tx:
            ready = tx.execute(_READY, {"names": [Units.name, Affairs.name]}).scalar() or 0
            if not tx.execute(_ANYTHING, {"ready": ready}).scalar():
                return 0
        # Outside the transaction: the first time it reads every unit there is.
        self._directory.refresh()
        with self._engine.begin() as tx:
            if not tx.execute(_ALONE).scalar():
                return 0
            return self._areas(tx, ready) or self._teams(tx, ready)

    # --- areas ----------------------------------------------------------------------------------------------------

    def _areas(self, tx: Connection, ready: int) -> int:
        """Note the teams of the areas that are noted."""
        areas = tx.execute(_AREAS, {"ready": ready}).all()
        if not areas:
            return 0
        tree, policies = self._directory.tree(), self._known_policies(tx)
        moves_matter = policies and not policies.everywhere(tree)
        if moves_matter and not any(row.by_policy for row in areas):
            if time.monotonic() - self._moved_at < self._moves_every:
                return 0
            self._moved_at = time.monotonic()
        wanted = {row.unit_id for row in areas if row.by_policy or moves_matter}
        due = max(row.due for row in areas)
        if any(tree.level(unit_id) == LEVELS[0] for unit_id in wanted):
            tx.execute(_NOTE_ALL, {"due": due})
        elif wanted:
            served = tx.execute(_UNITS).scalars().all()
            tx.execute(_NOTE_BELOW, {"due": due, "units": [u for u in served if wanted & self._above(u)]})
        keys = {"units": [row.unit_id for row in areas], "by_policy": [row.by_policy for row in areas]}
        tx.execute(_AREAS_DONE, keys)
        return len(areas)

    def _above(self, unit_id: str) -> set[str]:
        """Every unit that it ever stood under."""
        tree = self._directory.tree()
        since, _ = tree.life(unit_id)
        return {unit_id}.union(*(chain for _, chain in chains(tree, unit_id, since or date.max)))

    # --- teams ----------------------------------------------------------------------------------------------------

    def _teams(self, tx: Connection, ready: int) -> int:
        """Judge a chunk of noted teams."""
        teams: Sequence[str] = tx.execute(_TEAMS, {"ready": ready, "chunk": CHUNK}).scalars().all()
        if not teams:
            return 0
        policies = self._known_policies(tx)
        states = self._fold([*map(team_stream, teams), *map(warnings_stream, teams)])
        envelopes, done = [], []
        now = datetime.now(UTC)
        for team_id in teams:
            team, _ = states[team_stream(team_id)]
            raised, version = states[warnings_stream(team_id)]
            done.append({"team_id": team_id, "units": [unit_id for _, unit_id in team.units] if team else []})
            settle = self._unsettled(team, raised, policies) if team else ()
            if settle:
                command = SettleWarnings(team_id, settle)
                envelopes.append(Envelope(_command_id(command, version), command, "composition", now))
        for answer in self._handler.handle_many(envelopes) if envelopes else ():
            if isinstance(answer, Exception):
                raise answer
        tx.execute(_TEAMS_DONE, {"rows": msgspec.json.encode(done).decode()})
        return len(teams)

    def _unsettled(self, team: Team, raised: Raised | None, policies: Policies) -> tuple[Settled, ...]:
        try:
            return unsettled(raised, judged(team, policies.of_team(self._directory.tree(), team)))
        except Exception:
            # One team must not keep the others from being judged; it is looked at again when it changes.
            _log.exception("team %s cannot be judged", team.birth.team_id)
            return ()

    def _fold(self, streams: Collection[str]) -> dict[str, tuple[Any, int]]:
        """State and version of each stream by everything committed so far."""
        found: dict[str, tuple[Any, int]] = {}
        for stream, events in self._log.load(dict.fromkeys(streams, 0)).items():
            state = DECIDER.initial(stream)
            for stored in events:
                event = self._codec.decode(stored)
                state = state if isinstance(event, NothingChanged) else DECIDER.evolve(state, event)
            found[stream] = state, len(events)
        return found

    def _known_policies(self, tx: Connection) -> Policies:
        at = tuple(tx.execute(_POLICIES_AT, {"affair": POLICY.word}).one())
        if at != self._policies_at:
            self._policies = Policies(_policies(tx.execute(_POLICIES, {"affair": POLICY.word})))
            self._policies_at = at
        return self._policies


def _policies(rows: Iterable[Any]) -> Iterable[tuple[str, Record]]:
    for row in rows:
        if (record := record_of(row.facts, None)) is not None:
            yield row.record_id, record


def _command_id(command: SettleWarnings, version: int) -> UUID:
    """The same warnings settled on the same record are the same command, whoever sends it and however often."""
    said = msgspec.json.encode([command.team_id, version, command.settle]).decode()
    return uuid5(NAMESPACE, said)

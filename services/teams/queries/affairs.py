"""Affairs as of a day and as known at a moment: the domain's own fold over the facts recorded by then."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, text

from services.teams.domain import DECIDER
from services.teams.domain.affairs import AFFAIR_OF_EVENT
from services.teams.domain.affairs.bodies import BODY, ROLE, BodyRegistered, BodyRenamed, responsible
from services.teams.domain.affairs.entries import EntryVoided
from services.teams.domain.affairs.plans import PlanAdopted, TargetReported
from services.teams.domain.affairs.records import NOT_YET, VOID, Affair, Record
from services.teams.domain.affairs.tasks import TASK, overdue_on
from services.teams.projections.affairs import Affairs as AffairTables
from services.teams.queries.below import UnitsBelow
from shared.codec import Codec, NothingChanged
from shared.log import Log
from shared.unit_directory import UnitDirectory, Units

EVENT_TYPES: Mapping[str, type] = {event.__name__: event for event in (*AFFAIR_OF_EVENT, EntryVoided)}
BOOKKEEPING = frozenset({"fact", "corrects", "reason", "effective", "document_id", "link", "unit_id", "team_id"})
OVERDUE = "overdue"
MOST_ROWS = 10_000
"""Rows looked at for one page; a page may be short, or empty, and still have a ``next``."""
CHUNK = 250

_POSITION = text("SELECT min(position) FROM bus.cursors WHERE subscription = ANY(:names) AND source = ''")
_NEW_UNITS = text("SELECT position, unit_id FROM read.affairs WHERE position > :position ORDER BY position")
_PAGE = text(
    """SELECT record_id, facts FROM read.affairs
        WHERE affair = :affair AND record_id > :after
          AND CASE WHEN cast(:team AS text) IS NULL THEN unit_id = ANY(:units) ELSE team_id = :team END
        ORDER BY record_id LIMIT :limit"""
)
_AT_UNITS = text("SELECT record_id, facts FROM read.affairs WHERE affair = :affair AND unit_id = ANY(:units)")
_BY_ID = text("SELECT record_id, facts FROM read.affairs WHERE affair = :affair AND record_id = ANY(:ids)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page of records: below the roots, or of a team, as of a day, as known at a moment (None: now)."""

    affair: Affair
    roots: Collection[str]
    day: date
    known_at: datetime | None = None
    team: str | None = None
    state: str | None = None
    after: str = ""
    limit: int = 100


class AffairQueries:
    def __init__(self, engine: Engine, directory: UnitDirectory, log: Log, codec: Codec) -> None:
        self._engine, self._directory, self._log, self._codec = engine, directory, log, codec
        self._below = UnitsBelow(directory)
        self._seen = 0

    def state(self, stream: str, known_at: datetime | None) -> tuple[Any, int, list[datetime]]:
        """The stream as folded from what was recorded by then, its version now, and when each fact was recorded."""
        events = self._log.load({stream: 0})[stream]
        self._codec.unlock(events)
        state, when = DECIDER.initial(stream), list[datetime]()
        for stored in events:
            if known_at is not None and stored.recorded_at > known_at:
                break
            event = self._codec.decode(stored)
            if not isinstance(event, NothingChanged):
                state = DECIDER.evolve(state, event)
                when.append(stored.recorded_at)
        return state, events[-1].version if events else 0, when

    def page(self, wanted: Wanted) -> tuple[list[dict[str, Any]], str | None, str]:
        """Records by id, ``after`` of the next page, and the position of the log that the table has come to."""
        with self._engine.begin() as tx:
            position = tx.execute(_POSITION, {"names": [AffairTables.name, Units.name]}).scalar() or 0
            self._learn(tx)
            units = self._below.of(wanted.roots, wanted.day, wanted.known_at)
            found: list[dict[str, Any]] = []
            after, looked = wanted.after, 0
            while looked < MOST_ROWS:
                asked = {"affair": wanted.affair.word, "after": after, "units": units, "team": wanted.team}
                rows = tx.execute(_PAGE, {**asked, "limit": CHUNK}).all()
                for row in rows:
                    if (one := _matching(row.facts, wanted)) is not None:
                        found.append(one)
                    after, looked = row.record_id, looked + 1
                    if len(found) == wanted.limit:
                        return found, after, f"0:{position}"
                if len(rows) < CHUNK:
                    return found, None, f"0:{position}"
            return found, after, f"0:{position}"

    def bodies(self, above: list[str], kind: str, day: date, known_at: datetime | None) -> list[dict[str, Any]]:
        """Which bodies have which roles towards a team of this kind below these units, the nearest first."""
        with self._engine.begin() as tx:
            roles = _records(tx.execute(_AT_UNITS, {"affair": ROLE.word, "units": above}), known_at)
            named = {fact.body_id for role in roles.values() for fact in role.told(day) if hasattr(fact, "body_id")}
            bodies = _records(tx.execute(_BY_ID, {"affair": BODY.word, "ids": list(named)}), known_at)
        held = responsible(above, kind, day, roles.values(), bodies)
        return [
            {
                "role": role.role,
                "role_id": role.role_id,
                "since": role.effective,
                "unit_id": role.unit_id,
                "team_kind": role.team_kind,
                "document_id": role.document_id,
                "body_id": role.body_id,
                **_body_on(bodies[role.body_id], day),
            }
            for role in held
        ]

    def _learn(self, tx: Connection) -> None:
        rows = tx.execute(_NEW_UNITS, {"position": self._seen}).all()
        if rows:
            self._below.add(row.unit_id for row in rows)
            self._seen = rows[-1].position


def _records(rows: Iterable[Any], known_at: datetime | None) -> dict[str, Record]:
    folded = ((row.record_id, record_of(row.facts, known_at)) for row in rows)
    return {record_id: record for record_id, record in folded if record is not None}


def record_of(facts: list[dict[str, Any]], known_at: datetime | None) -> Record | None:
    """The record by what was recorded by then; None if nothing was."""
    told = facts
    if known_at is not None:
        told = [fact for fact in facts if datetime.fromisoformat(fact["recorded_at"]) <= known_at]
    return Record(tuple(msgspec.convert(f["data"], EVENT_TYPES[f["type"]]) for f in told)) if told else None


def _matching(facts: list[dict[str, Any]], wanted: Wanted) -> dict[str, Any] | None:
    record = record_of(facts, wanted.known_at)
    if record is None:
        return None
    one = shown(wanted.affair, record, wanted.day)
    if wanted.state is None:
        return None if one["state"] in (NOT_YET, VOID) else one
    return one if wanted.state in (one["state"], OVERDUE if one.get("overdue") else None) else None


# --- as JSON ------------------------------------------------------------------------------------------------------


def shown(affair: Affair, record: Record, day: date) -> dict[str, Any]:
    """The record as it was on that day: what its facts say, later ones over earlier ones."""
    told = record.told(day)
    one: dict[str, Any] = {
        affair.key: getattr(record.facts[0], affair.key),
        "unit_id": record.unit_id,
        "team_id": record.team_id,
        "state": record.state_on(day),
        "since": told[0].effective if told else None,
        "document_id": getattr(told[0], "document_id", None) if told else None,
        "as_of": day,
    }
    for fact in told:
        if not isinstance(fact, TargetReported):
            said = {name: value for name, value in vars(fact).items() if name not in BOOKKEEPING and value is not None}
            one |= msgspec.to_builtins(said)
    if told and isinstance(told[0], PlanAdopted):
        reports = [fact for fact in told if isinstance(fact, TargetReported)]
        one["achieved"] = {r.indicator: {"value": r.value, "day": r.effective} for r in reports}
    if affair is TASK:
        one["overdue"] = overdue_on(record, day)
    return one


def history(record: Record, when: Collection[datetime]) -> list[dict[str, Any]]:
    """Every fact as it was recorded, with its number; corrections name what they correct."""
    return [
        {
            "fact": fact.fact,
            "type": type(fact).__name__,
            "effective": fact.effective,
            "document_id": fact.document_id,
            "corrects": fact.corrects,
            "reason": fact.reason,
            "recorded_at": recorded_at,
        }
        for fact, recorded_at in zip(record.facts, when, strict=True)
    ]


def _body_on(body: Record, day: date) -> dict[str, Any]:
    told = body.told(day)
    named = [fact for fact in told if isinstance(fact, BodyRegistered | BodyRenamed)]
    return {"kind": next(f.kind for f in told if isinstance(f, BodyRegistered)), "name": named[-1].name}

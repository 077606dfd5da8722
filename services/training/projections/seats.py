"""Teams' events → who serves where on which days, and which ids are one human being (migrations/versions/0002)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby

import msgspec
import orjson
from sqlalchemy import Connection, text

from services.training.domain import seats
from services.training.domain.seats import Facts, Stay, linked, stays, tell, told
from shared.log import Recorded

JOINS = frozenset({"PeopleJoined", "PeopleSeparated"})
EVENTS = seats.EVENTS | JOINS

_FACTS = text("SELECT team_id, facts::text AS facts FROM read.team_facts WHERE team_id = ANY(:teams)")
_PUT_FACTS = text(
    """INSERT INTO read.team_facts (team_id, facts)
       SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (team_id text, facts json)
           ON CONFLICT (team_id) DO UPDATE SET facts = excluded.facts"""
)
_ELSEWHERE = text(
    """SELECT seat_id, cast(person_id AS text), role, team_id, kind, unit_id, since, until, appointed, in_role
         FROM read.seats WHERE seat_id = ANY(:seats) AND team_id <> ALL(:teams)"""
)
_CLEAR = text("DELETE FROM read.seats WHERE seat_id = ANY(:seats)")
_PUT = text(
    """INSERT INTO read.seats (seat_id, person_id, role, team_id, kind, unit_id, since, until, appointed, in_role)
       SELECT seat_id, person_id, role, team_id, kind, unit_id, since, until, appointed, in_role
         FROM json_to_recordset(cast(:rows AS json)) AS x (seat_id text, person_id uuid, role text, team_id text,
              kind text, unit_id text, since date, until date, appointed date, in_role date)"""
)
_JOIN = text(
    """INSERT INTO read.joins (duplicate_id, person_id, kept_id)
       SELECT x.duplicate_id, x.person_id,
              coalesce((SELECT j.kept_id FROM read.joins j WHERE j.duplicate_id = x.person_id), x.person_id)
         FROM (VALUES (cast(:duplicate_id AS uuid), cast(:person_id AS uuid))) x (duplicate_id, person_id)
           ON CONFLICT (duplicate_id) DO UPDATE SET person_id = excluded.person_id, kept_id = excluded.kept_id"""
)
_KEEP_FOR_ALL = text(
    """UPDATE read.joins SET kept_id = (SELECT kept_id FROM read.joins WHERE duplicate_id = :duplicate_id)
        WHERE kept_id = :duplicate_id"""
)
_SEPARATE = text("DELETE FROM read.joins WHERE duplicate_id = :duplicate_id")
_KEEP_AGAIN = text(
    """WITH RECURSIVE below (id) AS (
           SELECT duplicate_id FROM read.joins WHERE person_id = :duplicate_id
           UNION SELECT j.duplicate_id FROM read.joins j JOIN below b ON j.person_id = b.id
       )
       UPDATE read.joins SET kept_id = :duplicate_id WHERE duplicate_id IN (SELECT id FROM below)"""
)


class Seats:
    """``seats@1``. Facts of a team are kept as they are told, because a late one or a correction may change any day."""

    name = "seats@1"
    sources: Mapping[str, Collection[int]] = {"teams": (0,)}

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        changed = Changed(tx)
        for _, event in batch:
            if event.type in seats.EVENTS:
                changed.take(event)
            elif event.type in JOINS:
                _joins(tx, event)
        changed.write()


class Changed:
    """The teams of a batch: one that begins in it needs nothing that was known before."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self._told: dict[str, list[seats.Told]] = {}

    def take(self, event: Recorded) -> None:
        for one in told(event.type, event.data):
            self._told.setdefault(one.team_id, []).append(one)

    def write(self) -> None:
        if not self._told:
            return
        begun = {team_id for team_id, told in self._told.items() if told[0].fact and told[0].fact.kind}
        known = self._known(self._told.keys() - begun)
        facts = {team_id: known.get(team_id, ()) for team_id in self._told}
        for team_id, new in self._told.items():
            for one in new:
                facts[team_id] = tell(facts[team_id], one)
        found = [stay for team_id, all_ in facts.items() for stay in stays(team_id, all_)]
        # Whoever only sits in a team that has just begun was nowhere else with this seat.
        gone_on = {team_id for team_id, new in self._told.items() if team_id in known or len(new) > 1}
        moved = {seat_id for all_ in known.values() for seat_id in _named(all_)}
        moved |= {seat_id for team_id in gone_on for seat_id in _named(facts[team_id])}
        if moved:
            still = [stay for stay in found if stay.seat_id not in moved]
            found = [*still, *self._linked(moved, [stay for stay in found if stay.seat_id in moved])]
        rows = [
            {"team_id": team_id, "facts": orjson.Fragment(msgspec.json.encode(all_))} for team_id, all_ in facts.items()
        ]
        self._tx.execute(_PUT_FACTS, {"rows": orjson.dumps(rows).decode()})
        if found:
            self._tx.execute(_PUT, {"rows": orjson.dumps(found).decode()})

    def _known(self, teams: Collection[str]) -> dict[str, Facts]:
        if not teams:
            return {}
        rows = self._tx.execute(_FACTS, {"teams": list(teams)})
        kept = {row.team_id: msgspec.json.decode(row.facts, type=Facts) for row in rows}
        return {team_id: kept.get(team_id, ()) for team_id in teams}

    def _linked(self, moved: set[str], found: Iterable[Stay]) -> list[Stay]:
        """All rows of these seats, those in other teams too, which are replaced."""
        asked = {"seats": list(moved), "teams": list(self._told)}
        others = [Stay(*row) for row in self._tx.execute(_ELSEWHERE, asked)]
        self._tx.execute(_CLEAR, {"seats": list(moved)})
        ordered = sorted([*found, *others], key=lambda stay: stay.seat_id)
        return [stay for _, one in groupby(ordered, lambda stay: stay.seat_id) for stay in linked(one)]


def _named(facts: Facts) -> list[str]:
    return [seat_id for fact in facts if fact is not None for seat_id, _, _ in fact.came]


def _joins(tx: Connection, event: Recorded) -> None:
    pair = {"person_id": event.data["person_id"], "duplicate_id": event.data["duplicate_id"]}
    if event.type == "PeopleJoined":
        tx.execute(_JOIN, pair)
        tx.execute(_KEEP_FOR_ALL, pair)
    else:
        tx.execute(_SEPARATE, pair)
        tx.execute(_KEEP_AGAIN, pair)

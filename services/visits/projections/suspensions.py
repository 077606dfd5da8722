"""Which teams are suspended since when: ``read.team_suspensions``, by the numbers of their facts.

Unlike where teams stand this follows no sum, and corrections name facts by number: so every fact of a team is counted
(docs/architecture.md), and those that concern suspension are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, text

Data = Mapping[str, Any]

_COUNTED = text("SELECT team_id, facts FROM read.team_facts WHERE team_id = ANY(cast(:teams AS text[]))")
_COUNT = text(
    """INSERT INTO read.team_facts (team_id, facts)
       SELECT * FROM unnest(cast(:teams AS text[]), cast(:facts AS int[]))
       ON CONFLICT (team_id) DO UPDATE SET facts = excluded.facts"""
)
_FORGET = text(
    """DELETE FROM read.team_suspensions s
        USING json_to_recordset(cast(:rows AS json)) x (team_id text, fact int)
        WHERE (s.team_id, s.fact) = (x.team_id, x.fact)"""
)
_STORE = text(
    """INSERT INTO read.team_suspensions (team_id, fact, day, suspended)
       SELECT x.team_id, x.fact, x.day, x.suspended
         FROM json_to_recordset(cast(:rows AS json)) x (team_id text, fact int, day date, suspended boolean)
        WHERE x.day IS NOT NULL"""
)

OF_ONE_TEAM = frozenset(
    {
        "TeamEstablished",
        "TeamRenamed",
        "TeamReassigned",
        "TeamSuspended",
        "TeamResumed",
        "PilotEnded",
        "TeamDissolved",
        "TeamReconstituted",
        "SeatAppointed",
        "SeatReleased",
        "SeatChanged",
    }
)
_CONCERNED = frozenset({"TeamSuspended", "TeamResumed", "TeamDissolved", "PilotEnded"})
FACTS = OF_ONE_TEAM | {"TeamsRearranged", "TeamCorrected"}


class Told(NamedTuple):
    """A fact of a team, the next one if it has no ``number``. ``day``: from which on the team is ``suspended`` or not;
    None if the fact says nothing of that, or never was so."""

    team_id: str
    number: int | None = None
    day: str | None = None
    suspended: bool = False


def told(type_: str, data: Data) -> Iterator[Told]:
    if type_ == "TeamsRearranged":
        for team in data["teams"]:
            yield Told(team["team_id"], day=None if team["exists"] else data["effective"])
    elif type_ == "TeamCorrected":
        for fact in data["facts"]:
            now = next((value for name, value in fact.items() if name not in ("fact", "type", "how") and value), None)
            yield _told(data["team_id"], fact["type"], now, fact["fact"])
    elif type_ in OF_ONE_TEAM:
        yield _told(data["team_id"], type_, data)


def _told(team_id: str, type_: str, data: Data | None, number: int | None = None) -> Told:
    """A team that has ended is not suspended, should it begin again."""
    if data is None or type_ not in _CONCERNED or data.get("converted"):
        return Told(team_id, number)
    return Told(team_id, number, data["effective"], type_ == "TeamSuspended")


def store(tx: Connection, events: Sequence[tuple[str, Data]]) -> None:
    """``events``: (type, data), in the order of the log."""
    facts = [fact for type_, data in events for fact in told(type_, data)]
    if not facts:
        return
    teams = sorted({fact.team_id for fact in facts})
    before = {row.team_id: row.facts for row in tx.execute(_COUNTED, {"teams": teams})}
    counted = {team_id: before.get(team_id, 0) for team_id in teams}
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for fact in facts:
        number = fact.number or counted[fact.team_id] + 1
        counted[fact.team_id] = max(counted[fact.team_id], number)
        if fact.day is not None or fact.number is not None:
            now = {"day": fact.day, "suspended": fact.suspended}
            rows[fact.team_id, number] = {"team_id": fact.team_id, "fact": number, **now}
    tx.execute(_COUNT, {"teams": teams, "facts": [counted[team_id] for team_id in teams]})
    if rows:
        told_anew = {"rows": orjson.dumps([row for _, row in sorted(rows.items())]).decode()}
        tx.execute(_FORGET, told_anew)
        tx.execute(_STORE, told_anew)

"""Teams, seats and people as the read tables have them, set by set: no question here is about a single team."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import Engine, text

from services.teams.domain.team.life import team_stream
from services.teams.domain.units import unit_stream
from services.teams.projections.registry import Registry
from services.teams.reform.moves import Serving
from services.teams.reform.preview import NATION, Counted
from shared.unit_directory import Units

_POSITION = text(
    """SELECT count(*) AS found, coalesce(min(position), 0) AS position FROM bus.cursors
        WHERE subscription = ANY(:names) AND source = ''"""
)
_SERVED = text("SELECT DISTINCT unit_id FROM read.team_spans WHERE since <= :day AND (until IS NULL OR until > :day)")
_SERVING = text(
    """SELECT t.team_id, t.kind, t.unit_id, count(s.seat_id) AS seats,
              count(s.seat_id) FILTER (WHERE s.role = 'leader') AS leaders
         FROM read.team_spans t
         LEFT JOIN read.seats s ON s.team_id = t.team_id AND s.since <= :day AND (s.until IS NULL OR s.until > :day)
        WHERE t.unit_id = ANY(:units) AND t.since <= :day AND (t.until IS NULL OR t.until > :day)
        GROUP BY t.team_id, t.kind, t.unit_id ORDER BY t.unit_id, t.kind, t.team_id"""
)
_COUNTED = text(
    """WITH placed (unit_id, area) AS MATERIALIZED (
                SELECT * FROM unnest(cast(:units AS text[]), cast(:areas AS text[]))),
            standing AS MATERIALIZED (
                SELECT t.team_id, coalesce(p.area, '') AS area FROM read.team_spans t LEFT JOIN placed p USING (unit_id)
                 WHERE t.since <= :day AND (t.until IS NULL OR t.until > :day)),
            seated AS MATERIALIZED (
                SELECT t.area, s.person_id FROM standing t JOIN read.seats s USING (team_id)
                 WHERE s.since <= :day AND (s.until IS NULL OR s.until > :day))
       SELECT area, teams, seats, people
         FROM (SELECT area, count(*) AS teams FROM standing GROUP BY ROLLUP (area)) t
         LEFT JOIN (SELECT area AS of, count(*) AS seats, count(DISTINCT person_id) AS people
                      FROM seated GROUP BY ROLLUP (area)) s ON s.of IS NOT DISTINCT FROM t.area"""
)
# A seat's row ends also where only its role changed: it is still there if another row of it goes on.
_LOST = text(
    """SELECT e.seat_id, e.team_id FROM read.seats e
        WHERE e.since <= :eve AND (e.until IS NULL OR e.until > :eve)
          AND NOT EXISTS (SELECT FROM read.seats d WHERE d.seat_id = e.seat_id AND d.since <= :day
                              AND (d.until IS NULL OR d.until > :day))"""
)
_NEW = text(
    """SELECT count(*) FROM read.seats d
        WHERE d.since > :eve AND d.since <= :day AND (d.until IS NULL OR d.until > :day)
          AND NOT EXISTS (SELECT FROM read.seats e WHERE e.seat_id = d.seat_id AND e.since <= :eve
                              AND (e.until IS NULL OR e.until > :eve))"""
)

_EVER = text(
    "SELECT DISTINCT team_id, unit_id FROM read.team_spans WHERE unit_id = ANY(:units) ORDER BY unit_id, team_id"
)
_UNITS_OF = text(
    """SELECT team_id, unit_id FROM read.team_spans
        WHERE team_id = ANY(:teams) AND since <= :day AND (until IS NULL OR until > :day)"""
)
# What released it is in its team's stream, effective in between; a team that ended released all of its seats.
_RELEASED = text(
    """SELECT DISTINCT s.seat_id FROM read.seats s JOIN log.events e ON e.stream_id = 'team:' || s.team_id
        WHERE s.seat_id = ANY(:seats) AND s.until > :eve AND s.until <= :day
          AND (e.data->>'effective')::date = s.until AND e.type <> 'TeamReassigned'"""
)
_SHARED = text(
    """SELECT unit_id, kind, array_agg(team_id ORDER BY team_id) AS teams FROM read.team_spans
        WHERE since <= :day AND (until IS NULL OR until > :day)
        GROUP BY unit_id, kind HAVING count(*) > 1 OR unit_id = ANY(:also) ORDER BY unit_id, kind"""
)
_CHANGED = text(
    """SELECT DISTINCT stream_id FROM log.events
        WHERE stream_id = ANY(:streams) AND recorded_at >= :since AND type <> 'NothingChanged' ORDER BY stream_id"""
)
# Days as ISO texts are in order.
_LATER = text(
    """SELECT DISTINCT stream_id FROM log.events
        WHERE stream_id = ANY(:streams) AND data->>'effective' >= :day AND type <> 'NothingChanged'"""
)
_TOUCHED = text(
    """SELECT count(*) FROM log.events
        WHERE partition = 0 AND position > :position AND type <> 'NothingChanged'
          AND (stream_id LIKE 'unit:%' OR stream_id = ANY(:streams)
               OR type = ANY(:moving) AND data->>'unit_id' = ANY(:units))"""
)
MOVING = ("TeamEstablished", "TeamReassigned", "TeamCorrected")


class Census:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def position(self) -> int:
        """The position of the log that the tables have come to."""
        names = [Registry.name, Units.name]
        with self._engine.begin() as tx:
            row = tx.execute(_POSITION, {"names": names}).one()
        return int(row.position) if row.found == len(names) else 0

    def wait_for(self, position: int, seconds: float) -> bool:
        """Whether the tables come to the position within that time."""
        deadline = time.monotonic() + seconds
        while self.position() < position:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def served(self, day: date) -> list[str]:
        """Every unit that has a team on that day."""
        with self._engine.begin() as tx:
            return list(tx.execute(_SERVED, {"day": day}).scalars())

    def serving(self, units: Collection[str], day: date) -> list[Serving]:
        """The teams that serve these units on that day."""
        with self._engine.begin() as tx:
            rows = tx.execute(_SERVING, {"units": list(units), "day": day}).all()
        return [Serving(row.team_id, row.kind, row.unit_id, row.seats, row.leaders) for row in rows]

    def counted(self, areas: Mapping[str, str], day: date) -> dict[str, Counted]:
        """By area (unit → area), and of all under ``NATION``; a person counts once per area."""
        with self._engine.begin() as tx:
            values = {"units": list(areas), "areas": list(areas.values()), "day": day}
            rows = tx.execute(_COUNTED, values).all()
        found = {row.area: Counted(row.teams, row.seats or 0, row.people or 0) for row in rows if row.area}
        nation = next((row for row in rows if row.area is None), None)
        found[NATION] = Counted(nation.teams, nation.seats or 0, nation.people or 0) if nation else Counted()
        return found

    def lost(self, eve: date, day: date) -> dict[str, str]:
        """Seats filled on the eve that nobody has on the day: seat → the team it was in."""
        with self._engine.begin() as tx:
            return {row.seat_id: row.team_id for row in tx.execute(_LOST, {"eve": eve, "day": day})}

    def new(self, eve: date, day: date) -> int:
        """Seats filled on the day that were not on the eve."""
        with self._engine.begin() as tx:
            return int(tx.execute(_NEW, {"eve": eve, "day": day}).scalar_one())

    def changed_since(self, units: Collection[str], since: datetime) -> list[str]:
        """Those of the units of which anything was recorded since."""
        with self._engine.begin() as tx:
            values = {"streams": [unit_stream(unit) for unit in units], "since": since}
            return [stream.removeprefix("unit:") for stream in tx.execute(_CHANGED, values).scalars()]

    def later(self, streams: Collection[str], day: date) -> set[str]:
        """Those of the streams that hold anything effective on that day or later."""
        with self._engine.begin() as tx:
            return set(tx.execute(_LATER, {"streams": list(streams), "day": day.isoformat()}).scalars())

    def touched(self, position: int, units: Collection[str], teams: Collection[str]) -> bool:
        """Whether anything that a plan rests on was recorded after that position: units, these teams, teams there."""
        values = {"position": position, "streams": [team_stream(team) for team in teams]}
        with self._engine.begin() as tx:
            found = tx.execute(_TOUCHED, {**values, "moving": list(MOVING), "units": list(units)})
            return bool(found.scalar_one())

    def ever_serving(self, units: Collection[str]) -> list[tuple[str, str]]:
        """Teams that serve any of these units on any day, with the unit."""
        with self._engine.begin() as tx:
            rows = tx.execute(_EVER, {"units": list(units)})
            return [(row.team_id, row.unit_id) for row in rows]

    def units_of(self, teams: Collection[str], day: date) -> dict[str, str]:
        """Team → the unit it serves on that day; those that do not exist then are left out."""
        with self._engine.begin() as tx:
            return {row.team_id: row.unit_id for row in tx.execute(_UNITS_OF, {"teams": list(teams), "day": day})}

    def released(self, seats: Collection[str], eve: date, day: date) -> set[str]:
        """Those of the seats that ended between eve and day because a recorded decision says so."""
        with self._engine.begin() as tx:
            values = {"seats": list(seats), "eve": eve, "day": day}
            return set(tx.execute(_RELEASED, values).scalars())

    def shared(self, also: Collection[str], day: date) -> list[tuple[str, str, list[str]]]:
        """Units that several teams of one kind serve on that day: unit, kind, teams; ``also`` those with one."""
        with self._engine.begin() as tx:
            found = tx.execute(_SHARED, {"day": day, "also": list(also)})
            return [(row.unit_id, row.kind, row.teams) for row in found]

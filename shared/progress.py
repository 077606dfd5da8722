"""How far a service's subscriptions, relay and mirrors are: for ``/readyz``, ``/metrics`` and operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from prometheus_client import Gauge
from sqlalchemy import Engine, text

from shared.relay import RELAY
from shared.repair import Repair

if TYPE_CHECKING:
    from shared.worker import Definition

LAG = Gauge("tungnha_lag_events", "Positions between a subscription's cursors and the heads", ["subscription"])
PARKED = Gauge("tungnha_parked_events", "Events parked by a subscription", ["subscription"])
HOLES = Gauge("tungnha_mirror_holes", "Positions missing in the mirror when last looked", ["source"])
REPAIRED = Gauge("tungnha_mirror_repaired", "Positions read from the feed since the start", ["source"])
ALARMS = Gauge("tungnha_alarms", "Alarms raised and not cleared", ["source"])

_LAG = text(
    """SELECT c.subscription,
              sum(greatest(0, coalesce(CASE WHEN c.source = '' THEN h.position
                                            ELSE (s.heads ->> c.partition::text)::bigint END, 0) - c.position)) AS lag
         FROM bus.cursors c
         LEFT JOIN log.heads h ON c.source = '' AND h.partition = c.partition
         LEFT JOIN bus.sources s ON s.source = c.source
        WHERE c.subscription = ANY(:names) GROUP BY 1"""
)
_PARKED = text("SELECT subscription, count(*) AS n FROM bus.parked WHERE subscription = ANY(:names) GROUP BY 1")
_ALARMS = text("SELECT source, count(*) AS n FROM bus.alarms GROUP BY 1")


class Progress:
    """Figures of the last ``refresh``. Lag counts positions; for a mirror, against the heads its source last named."""

    def __init__(self, engine: Engine, definition: Definition, repairs: Sequence[Repair]) -> None:
        self._engine, self._repairs, self._max_lag = engine, repairs, definition.max_lag
        names = [runner.name for runner in (*definition.projections, *definition.reactions)]
        self._names = [*names, RELAY] if definition.publish else names
        self._lag: dict[str, int] = {}
        self._parked: dict[str, int] = {}

    def refresh(self) -> None:
        with self._engine.connect() as connection:
            lag = {row.subscription: int(row.lag) for row in connection.execute(_LAG, {"names": self._names})}
            parked = {row.subscription: row.n for row in connection.execute(_PARKED, {"names": self._names})}
            alarms = {row.source: row.n for row in connection.execute(_ALARMS)}
        self._lag = {name: lag.get(name, 0) for name in self._names}
        self._parked = {name: parked.get(name, 0) for name in self._names}
        for name in self._names:
            LAG.labels(name).set(self._lag[name])
            PARKED.labels(name).set(self._parked[name])
        for repair in self._repairs:
            HOLES.labels(repair.source).set(repair.holes)
            REPAIRED.labels(repair.source).set(repair.repaired)
            ALARMS.labels(repair.source).set(alarms.get(repair.source, 0))

    def lag(self) -> dict[str, int]:
        return self._lag

    def parked(self) -> dict[str, int]:
        return self._parked

    def holes(self) -> dict[str, int]:
        return {repair.source: repair.holes for repair in self._repairs}

    def too_far_behind(self) -> str | None:
        """For /readyz: which subscriptions are further behind than the service allows."""
        if not self._lag:
            return "not measured yet" if self._names else None
        late = [f"{name} is {lag} events behind" for name, lag in self._lag.items() if lag > self._max_lag]
        return "; ".join(late) or None

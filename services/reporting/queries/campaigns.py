"""Campaigns as visits tells of them: what they are, and which concern a unit.

They lie among the records of the figures, so a board and its figures are of one state.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from services.reporting.pace import Span
from services.reporting.queries.below import Behind, Row, page
from services.reporting.queries.standing import Area
from services.reporting.store import Slot
from shared.units import UnitTree

STATES = ("scheduled", "open", "closed", "cancelled")
Targets = Mapping[str, int]
"""Indicator → how much of it was to be reached."""
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Campaign:
    """``unit_ids`` are roots of subtrees. The days alone say what counts; ``state`` is what its organisers did."""

    campaign_id: UUID
    name: str
    state: str
    span: Span
    unit_ids: tuple[str, ...]
    targets: Targets
    unit_targets: Mapping[str, Targets]

    def document(self) -> Document:
        return {
            "campaign_id": self.campaign_id,
            "name": self.name,
            "state": self.state,
            "first_day": self.span.first,
            "last_day": self.span.last,
            "unit_ids": self.unit_ids,
            "targets": self.targets,
        }

    def standing_day(self, today: date) -> date:
        """Its units are those of today, or of its day nearest to it."""
        return min(max(today, self.span.first), self.span.last)

    def concerns(self, tree: UnitTree, units: Collection[str], today: date) -> bool:
        """Whether one of the units is one of its own, above it or below it, on its first day or today."""
        return any(
            any(tree.covers(units, root, day) for root in self.unit_ids)
            or any(tree.covers(self.unit_ids, unit, day) for unit in units)
            for day in (self.span.first, today)
        )


def campaign_of(tx: Connection, slot: Slot, campaign_id: UUID) -> Campaign | None:
    statement = f"SELECT known FROM {slot.table('record')} WHERE kind = 'campaign' AND id = :id AND known ? 'plan'"
    known = tx.execute(text(statement), {"id": str(campaign_id)}).scalar()
    return None if known is None else _campaign(str(campaign_id), known)


class CampaignQueries:
    def __init__(self, area: Area) -> None:
        self._area = area

    def listed(
        self, units: Collection[str], state: str | None, day: date | None, behind: Behind | None, limit: int
    ) -> Document:
        """Those that concern one of the units, the latest first."""
        with self._area.snapshot(()) as snap:

            def read(behind: Behind | None, limit: int) -> list[Row]:
                before, identity = behind or (None, None)
                asked = {"state": state, "on": day, "day": before, "id": identity, "limit": limit}
                return [dict(row) for row in snap.tx.execute(text(_listing(snap.slot)), asked).mappings()]

            def concerns(row: Row) -> bool:
                return _campaign(row["id"], row["known"]).concerns(tree, units, today)

            tree, today = self._area.tree, self._area.today()
            found, following = page(read, concerns, behind, limit, "id")
            campaigns = [_campaign(row["id"], row["known"]).document() for row in found]
            return {"campaigns": campaigns, "next": following} | snap.progress.document()


def _listing(slot: Slot) -> str:
    return f"""
        SELECT id, day, known FROM (
            SELECT id, known, state, (known #>> '{{plan,first_day}}')::date AS day,
                   (known #>> '{{plan,last_day}}')::date AS last_day
              FROM {slot.table("record")} r, LATERAL (SELECT {_STATE} AS state) s
             WHERE kind = 'campaign' AND known ? 'plan') c
         WHERE (cast(:state AS text) IS NULL OR state = :state)
           AND (cast(:on AS date) IS NULL OR :on BETWEEN day AND last_day)
           AND (cast(:day AS date) IS NULL OR (day, id) < (:day, cast(:id AS text)))
         ORDER BY day DESC, id DESC LIMIT :limit"""


_STATE = """CASE WHEN known ? 'cancelled' THEN 'cancelled' WHEN known ? 'closed' THEN 'closed'
                 WHEN known ? 'opened' THEN 'open' ELSE 'scheduled' END"""


def _campaign(campaign_id: str, known: Mapping[str, Any]) -> Campaign:
    plan = known["plan"]
    steps = (("cancelled", "cancelled"), ("closed", "closed"), ("opened", "open"))
    return Campaign(
        UUID(campaign_id),
        plan["name"],
        next((state for step, state in steps if step in known), "scheduled"),
        Span(date.fromisoformat(plan["first_day"]), date.fromisoformat(plan["last_day"])),
        tuple(plan["unit_ids"]),
        _targets(plan["targets"]),
        {each["unit_id"]: _targets(each["targets"]) for each in plan["unit_targets"]},
    )


def _targets(told: Mapping[str, Any]) -> Targets:
    """By the indicators that say how much of them is done."""
    found = {"visits": told["visits"], "households_reached": told["households"]}
    found |= {f"gained_{each['skill']}": each["households"] for each in told["covered"]}
    return {name: n for name, n in found.items() if n is not None}

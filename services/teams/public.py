"""The published contract of teams (version 1, docs/architecture.md): stored event → public form, or nothing.

Names and phone numbers of people never leave: ``PersonRegistered`` is private as a whole, as are the reservations. The
rest is published as it is stored.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from services.teams.domain import affairs, policy
from shared.bus import Public
from shared.log import Recorded
from shared.unit_directory import UNIT_EVENTS, UnitDirectory

VERSION = 1
OF_TEAMS = frozenset(
    {
        "TeamEstablished",
        "TeamRenamed",
        "TeamReconstituted",
        "SeatAppointed",
        "SeatReleased",
        "TeamsRearranged",
        "TeamReassigned",
        "TeamSuspended",
        "TeamResumed",
        "SeatChanged",
        "TeamDissolved",
        "TeamCorrected",
        "PilotEnded",
    }
)
OF_AFFAIRS = frozenset(event.__name__ for event in (*affairs.EVENTS, *policy.EVENTS))
OF_A_UNIT = OF_TEAMS | OF_AFFAIRS | UNIT_EVENTS
OF_REORGANISATIONS = frozenset({"UnitsReorganised", "ReorganisationUndone", "ReorganisationRedone"})
OF_REFORMS = frozenset({"ReformPrepared", "ReformApplied", "ReformUndone"})
OF_NO_UNIT = (
    OF_REORGANISATIONS
    | OF_REFORMS
    | frozenset({"DocumentRegistered", "SubjectErased", "PeopleJoined", "PeopleSeparated"})
)


class Publisher:
    """``publish`` of relay and feed. Routing keys carry province and commune of the fact's unit on its day."""

    def __init__(self, directory: UnitDirectory) -> None:
        self._directory = directory

    def __call__(self, event: Recorded) -> Public | None:
        if event.type in OF_NO_UNIT:
            return Public(event.type, VERSION, event.data)
        if event.type not in OF_A_UNIT:
            return None
        data = event.data
        if event.type == "ChannelOpened":
            # Whoever has the link can join.
            data = {name: value for name, value in data.items() if name != "link"}
        province, commune = self._where(event.type, data)
        return Public(event.type, VERSION, data, province, commune)

    def _where(self, type_: str, data: dict[str, Any]) -> tuple[str | None, str | None]:
        tree, unit_id, day = self._directory.tree(), data["unit_id"], date.fromisoformat(data["effective"])
        if type_ == "UnitAbolished":
            day -= timedelta(1)
        if unit_id not in tree and type_ == "UnitEstablished" and data["parent_id"] is not None:
            # Our own projection may not have taken this very event yet.
            unit_id = data["parent_id"]
        placed = tree.place(unit_id, day)
        above = tree.ancestors(placed.unit_id, day) if placed else ()
        levels = {tree.level(unit): unit for unit in above}
        return levels.get("province"), levels.get("commune")

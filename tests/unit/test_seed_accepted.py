"""The teams service accepts every row of the seed, in the order in which it is sent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import Any

from ops.units.seed import Row, load
from services.teams.domain import units as teams
from services.teams.domain.units import rules, single
from shared.decider import LookFurther

COMMANDS: dict[str, Any] = {
    "establish": teams.EstablishUnit,
    "rename": teams.RenameUnit,
    "change_kind": teams.ChangeUnitKind,
    "assign_code": teams.AssignUnitCode,
    "reparent": teams.ReparentUnit,
    "abolish": teams.AbolishUnit,
}


def command(row: Row) -> Any:
    fields = {key: value for key, value in row.items() if key not in ("id", "do")}
    fields["effective"] = date.fromisoformat(row["effective"])
    if "successors" in fields:
        fields["successors"] = tuple(teams.Successor(**link) for link in row["successors"])
    return COMMANDS[row["do"]](**fields)


def decide(row: Row, states: dict[str, Any]) -> rules.Changes:
    """As the service does: what a decision misses is read, and it is made again."""
    wanted = command(row)
    while True:
        try:
            return single.decide(wanted, {stream: states[stream] for stream in single.streams(wanted)})
        except LookFurther as look:
            wanted = replace(wanted, also=look.streams)


def test_teams_accepts_every_row_and_each_has_an_effect() -> None:
    states: dict[str, Any] = defaultdict(lambda: None)
    for row in load().rows:
        changes = decide(row, states)
        assert changes, row
        for stream, event in changes:
            states[stream] = single.evolve(states[stream], event)

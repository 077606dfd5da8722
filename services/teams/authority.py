"""Whether a caller's units cover the units that a command is about, on the command's effective day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.teams.authority_units import (
    UnitKnowledge,
    concerns_units,
    named_units,
    require_admin,
    unit_claims,
    unit_knowledge,
)
from services.teams.domain import affairs
from services.teams.domain.affairs.entries import Entry, Owned
from services.teams.domain.affairs.records import Record
from services.teams.domain.team.corrections import CorrectTeam
from services.teams.domain.team.life import EstablishTeam, ReassignTeam, team_stream
from services.teams.domain.team.merge import MergeTeams
from services.teams.domain.team.rearrange import NewTeam, Rearrangement, rearrangement_stream
from services.teams.domain.team.split import SplitTeam
from services.teams.domain.team.state import Team
from services.teams.domain.team.undo import UndoRearrangement
from services.teams.domain.units import Unit, unit_stream
from shared.access import Actor
from shared.handler import Handler
from shared.problems import Problem
from shared.unit_directory import UnitDirectory
from shared.units import LEVELS

Target = tuple[str, str]
"""A unit id, and the pointer of the field that leads to it."""

Owner = tuple[str | None, str | None]
"""A unit, or a team."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a batch of commands needs to know, read at once: it must not cost a round trip per row."""

    unit_of: Mapping[str, str] = field(default_factory=dict)
    """Team → unit, also of teams that the batch establishes."""
    units: Mapping[str, Unit | None] = field(default_factory=dict)
    """States of the units that the tree has not heard of."""
    coming: Mapping[str, str | None] = field(default_factory=dict)
    """Unit that the batch establishes → its parent."""
    teams: Mapping[str, Team] = field(default_factory=dict)
    """The teams that exist already."""
    rearranged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Rearrangement that is to be undone → its teams."""
    owners: Mapping[str, Owner] = field(default_factory=dict)
    """Stream of a regulation, plan, task… → whose it is, also of those that the batch opens."""
    of_units: UnitKnowledge = field(default_factory=UnitKnowledge)


NOTHING = Knowledge()


class Authority:
    """Asks the tree of units; for units it has not heard of yet (it follows the log by a moment), the log."""

    def __init__(self, directory: UnitDirectory, handler: Handler[Any, Any, Any]) -> None:
        self._directory, self._handler = directory, handler

    def knowledge(self, commands: Iterable[Any]) -> Knowledge:
        commands = list(commands)
        rearranged = self._rearranged(commands)
        owners = self._owners(commands)
        named = {t for c in commands for t in _teams(c)}.union(*rearranged.values())
        named |= {team for _, team in owners.values() if team is not None}
        teams = self._handler.states(map(team_stream, named))
        unit_of = dict(new for c in commands for new in _begun(c))
        known = {team.birth.team_id: team for team in teams.values() if isinstance(team, Team)}
        unit_of |= {team_id: team.unit_id for team_id, team in known.items()}
        of_units = unit_knowledge(commands, self._handler.states)
        coming = {unit_id: command.parent_id for unit_id, command in of_units.coming.items()}
        tree = self._directory.tree()
        named = {unit for c in commands for unit in (*_units(c), *named_units(c))} | set(unit_of.values())
        states = self._handler.states(unit_stream(unit) for unit in named if unit not in tree)
        found = {stream.removeprefix("unit:"): unit for stream, unit in states.items()}
        return Knowledge(unit_of, found, coming, known, rearranged, owners, of_units)

    def _owners(self, commands: Iterable[Any]) -> dict[str, Owner]:
        entries = [(affairs.stream_of(c), c) for c in commands if isinstance(c, Entry)]
        states = self._handler.states(stream for stream, _ in entries) if entries else {}
        opened = {stream: (c.unit_id, c.team_id) for stream, c in entries if isinstance(c, Owned)}
        known = {s: _owner(record) for s, record in states.items() if isinstance(record, Record)}
        return opened | known

    def _rearranged(self, commands: Iterable[Any]) -> dict[str, tuple[str, ...]]:
        undone = {rearrangement_stream(c.undoes): c.undoes for c in commands if isinstance(c, UndoRearrangement)}
        states = self._handler.states(undone) if undone else {}
        return {
            undone[stream]: tuple(part.team_id for part in state.event.teams)
            for stream, state in states.items()
            if isinstance(state, Rearrangement)
        }

    def check(self, actor: Actor, command: Any, knowledge: Knowledge) -> None:
        """Raises ``Problem`` unless every unit that the command is about is the caller's."""
        if concerns_units(command):
            self._check_units(actor, command, knowledge)
            return
        if isinstance(command, CorrectTeam):
            for unit_id, at, day in _corrected(command, knowledge):
                self.require(actor, unit_id, day, at, knowledge)
            return
        for unit_id, at in _targets(command, knowledge):
            self.require(actor, unit_id, command.effective, at, knowledge)

    def _check_units(self, actor: Actor, command: Any, knowledge: Knowledge) -> None:
        tree = self._directory.tree()
        for unit_id, day, at in unit_claims(command, knowledge.of_units):
            self.require(actor, unit_id, day, at, knowledge)

        def level(unit_id: str) -> str | None:
            state = knowledge.units.get(unit_id)
            return state.level if state else tree.level(unit_id)

        require_admin(actor, command, knowledge.of_units, level)

    def require(self, actor: Actor, unit_id: str, day: date, at: str, knowledge: Knowledge = NOTHING) -> None:
        covered = self.covers(actor, unit_id, day, knowledge)
        if covered is None:
            raise Problem("unknown-unit", at, day=day.isoformat())
        if not covered:
            raise Problem("forbidden-unit", at, day=day.isoformat())

    def covers(self, actor: Actor, unit_id: str, day: date, knowledge: Knowledge = NOTHING) -> bool | None:
        """None if there is no such unit."""
        tree, here = self._directory.tree(), unit_id
        for _ in LEVELS:
            if here in tree:
                return tree.covers(actor.units, here, day)
            if here in actor.units:
                return True
            unit = knowledge.units[here] if here in knowledge.units else self._state(here)
            above = unit.parent(day) if unit else knowledge.coming.get(here)
            if above is None:
                return False if unit or here in knowledge.coming else None
            here = above
        return False

    def _state(self, unit_id: str) -> Unit | None:
        stream = unit_stream(unit_id)
        unit: Unit | None = self._handler.states([stream])[stream]
        return unit

    def holds_all(self, actor: Actor) -> bool:
        """Whether the caller's units are the whole nation."""
        tree = self._directory.tree()
        for unit_id in actor.units:
            state = None if unit_id in tree else self._state(unit_id)
            if (state.level if state else tree.level(unit_id)) == LEVELS[0]:
                return True
        return False


def _targets(command: Any, knowledge: Knowledge) -> Iterable[Target]:
    match command:
        case MergeTeams(new=new):
            places = {f"/from_team_ids/{n}": team for n, team in enumerate(command.from_team_ids)}
            places |= {} if new else {"/into_team_id": command.into_team_id}
            begun = [(new.unit_id, "/new/unit_id")] if new else []
            return [*begun, *((_unit_of(team, at, knowledge), at) for at, team in places.items())]
        case SplitTeam(into=into):
            places = {f"/into/{n}/team_id": part.team_id for n, part in enumerate(into) if not part.new}
            places["/team_id"] = command.team_id
            begun = [(part.new.unit_id, f"/into/{n}/new/unit_id") for n, part in enumerate(into) if part.new]
            return [*begun, *((_unit_of(team, at, knowledge), at) for at, team in places.items())]
        case UndoRearrangement():
            teams = knowledge.rearranged.get(command.undoes)
            if teams is None:
                raise Problem("rearrangement-unknown", "/undoes", rearrangement=command.undoes)
            return [(_unit_of(team, "/undoes", knowledge), "/undoes") for team in teams]
        case Entry():
            return _of_entry(command, knowledge)
        case ReassignTeam():
            served = _unit_of(command.team_id, "/team_id", knowledge, command.effective)
            return [(served, "/team_id"), (command.unit_id, "/unit_id")]
        case _ if hasattr(command, "unit_id"):
            return [(command.unit_id, "/unit_id")]
        case _:
            return [(_unit_of(command.team_id, "/team_id", knowledge, command.effective), "/team_id")]


def _corrected(command: CorrectTeam, knowledge: Knowledge) -> Iterable[tuple[str, str, date]]:
    """The unit that the team served on the day of every fact concerned, as told before and as told now."""
    team = knowledge.teams.get(command.team_id)
    if team is None:
        raise Problem("team-unknown", "/team_id", team=command.team_id)
    days = {late.effective: "/team_id" for late in command.added}
    for n, correction in enumerate(command.corrections):
        told = [team.facts[correction.fact - 1].effective] if 1 <= correction.fact <= len(team.facts) else []
        days |= dict.fromkeys([*told, correction.anew.get("effective", team.established)], "/team_id")
        if "unit_id" in correction.anew:
            yield correction.anew["unit_id"], f"/corrections/{n}/unit_id", max([*told, team.established])
    for n, late in enumerate(command.added):
        if isinstance(late, ReassignTeam):
            yield late.unit_id, f"/added/{n}/unit_id", late.effective
    for day, at in days.items():
        yield team.unit_on(day), at, max(day, team.established)


def _of_entry(command: Entry, knowledge: Knowledge) -> Iterable[Target]:
    stream, key = affairs.stream_of(command), affairs.key_of(command)
    if stream not in knowledge.owners:
        affair, _, record_id = stream.partition(":")
        raise Problem("affair-unknown", f"/{key}", affair=affair, id=record_id)
    unit_id, team_id = knowledge.owners[stream]
    new = isinstance(command, Owned)
    if team_id is not None:
        at = "/team_id" if new else f"/{key}"
        return [(_unit_of(team_id, at, knowledge), at)]
    # Without any owner it is refused by its own rule.
    return [(unit_id, "/unit_id" if new else f"/{key}")] if unit_id is not None else []


def _owner(record: Record) -> Owner:
    return (None, record.team_id) if record.team_id is not None else (record.unit_id, None)


def _unit_of(team_id: str, at: str, knowledge: Knowledge, day: date | None = None) -> str:
    """The unit that the team serves on that day, or by its latest fact."""
    if day is not None and team_id in knowledge.teams:
        return knowledge.teams[team_id].unit_on(day)
    unit = knowledge.unit_of.get(team_id)
    if unit is None:
        raise Problem("team-unknown", at, team=team_id)
    return unit


def _begun(command: Any) -> Iterable[tuple[str, str]]:
    """Teams that the command establishes, and their units."""
    match command:
        case EstablishTeam():
            return [(command.team_id, command.unit_id)]
        case MergeTeams(new=NewTeam() as new):
            return [(command.into_team_id, new.unit_id)]
        case SplitTeam():
            return [(part.team_id, part.new.unit_id) for part in command.into if part.new]
    return ()


def _teams(command: Any) -> tuple[str, ...]:
    if isinstance(command, MergeTeams):
        return (command.into_team_id, *command.from_team_ids)
    if isinstance(command, SplitTeam):
        return (command.team_id, *(part.team_id for part in command.into))
    team_id = getattr(command, "team_id", None)
    return (team_id,) if team_id is not None else ()


def _units(command: Any) -> tuple[str, ...]:
    named = [getattr(command, "unit_id", None), getattr(command, "parent_id", None)]
    return tuple(unit for unit in named if unit is not None)

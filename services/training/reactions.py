"""The registry's joins and separations → those of training records."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from services.training.domain.joining import JoinRecords, SeparateRecords
from shared.handler import Envelope
from shared.log import Recorded
from shared.subscription import Reaction, reaction_id

NAME = "joined-records@1"
ACTOR = "training"
_COMMANDS = {"PeopleJoined": JoinRecords, "PeopleSeparated": SeparateRecords}


def joins(handle: Callable[[Sequence[Envelope]], Sequence[object]]) -> Reaction:
    return Reaction(NAME, {"teams": (0,)}, react, handle)


def react(source: str, event: Recorded) -> Sequence[Envelope]:
    command = _COMMANDS.get(event.type)
    if command is None:
        return ()
    about = command(event.data["person_id"], event.data["duplicate_id"])
    return (Envelope(reaction_id(event, NAME), about, ACTOR, event.recorded_at),)

"""A decider: the pure state machine behind every command.

``decide`` says what happens, ``evolve`` says what that means. Neither reads a clock, makes an id or does I/O, so a
rule can be read, tested and replayed on its own (Chassaing, *Functional Event Sourcing: Decider*).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")


class Rejected(Exception):
    """A command that a rule refuses.

    ``code`` is stable and kebab-case; the edge turns it into problem+json with the texts of the service's
    ``messages.py``, filled from ``params``. ``pointer`` is the JSON pointer of the offending field, if one is.
    """

    def __init__(self, code: str, pointer: str = "", **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.pointer = pointer
        self.params = params


class Erased(Enum):
    """What a sealed field decodes to once its subject's key is destroyed."""

    ERASED = "erased"


Personal = str | Erased
"""A personal text: readable while its key exists. ``evolve`` must accept both."""


def sealed(*, by: str, default: Any = ...) -> Any:
    """Declare a ``Personal`` dataclass field that is stored encrypted under the key of the subject named in field ``by``."""
    if default is ...:
        return field(metadata={"sealed_by": by})
    return field(default=default, metadata={"sealed_by": by})


@dataclass(frozen=True)
class Decider(Generic[C, S, E]):
    """The rules of one aggregate; a command may read and change several of its streams at once.

    ``streams(command)`` names every stream that ``decide`` needs, the principal one first; ``decide`` returns
    ``(stream, event)`` pairs over those streams (all stored or none) or raises ``Rejected``; an empty list means
    "nothing to change". ``initial(stream)`` is the state of a stream without events. ``evolve`` never fails.
    """

    initial: Callable[[str], S]
    streams: Callable[[C], tuple[str, ...]]
    decide: Callable[[C, Mapping[str, S]], Sequence[tuple[str, E]]]
    evolve: Callable[[S, E], S]

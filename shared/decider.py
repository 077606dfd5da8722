"""A decider: the pure state machine behind every command.

``decide`` says what happens, ``evolve`` says what that means. Neither reads a clock, makes an id or does I/O, so a
rule can be read, tested and replayed on its own (Chassaing, *Functional Event Sourcing: Decider*).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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


class LookFurther(Rejected):
    """Not a refusal yet: the decision needs streams that only other streams name.

    Such a command has an ambient field ``also``, a tuple of streams beside those it names itself; it is decided again
    with these in it (``shared.handling``). Nothing is ever looked up in a projection.
    """

    def __init__(self, streams: Iterable[str]) -> None:
        self.streams = tuple(sorted(set(streams)))
        super().__init__("look-further", streams=self.streams)


def need(states: Mapping[str, Any], streams: Iterable[str]) -> None:
    """Raises ``LookFurther`` unless all of these were read."""
    missing = [stream for stream in streams if stream not in states]
    if missing:
        raise LookFurther(missing)


@dataclass(frozen=True, slots=True)
class Personal:
    """A personal text. ``text`` is None once its subject's key is destroyed; ``evolve`` must accept both."""

    text: str | None = field(repr=False)


def sealed(*, by: str, default: Any = ...) -> Any:
    """Declare a ``Personal`` (or ``Personal | None``) field, encrypted under the key of the subject in field ``by``."""
    if default is ...:
        return field(metadata={"sealed_by": by})
    return field(default=default, metadata={"sealed_by": by})


def ambient(*, default: Any = ...) -> Any:
    """Declare a command field that the edge fills in (today's date, who asks).

    It is no part of what the client said, so a repeat that arrives a day later is still the same command.
    """
    if default is ...:
        return field(metadata={"ambient": True})
    return field(default=default, metadata={"ambient": True})


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

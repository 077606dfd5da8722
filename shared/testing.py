"""For tests: given–when–then for decisions, and the contract every log must keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

from shared.decider import Decider, LookFurther, Rejected

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")


class Spec(Generic[C, S, E]):
    """``Spec(decider).given(("team:1", TeamEstablished(…))).when(RenameTeam(…)).then(("team:1", TeamRenamed(…)))``."""

    def __init__(self, decider: Decider[C, S, E]) -> None:
        self._decider = decider
        self._states: dict[str, S] = {}
        self._outcome: Sequence[tuple[str, E]] | Rejected = []

    def given(self, *history: tuple[str, E]) -> Spec[C, S, E]:
        for stream, event in history:
            self._states[stream] = self._decider.evolve(self._state(stream), event)
        return self

    def when(self, command: C) -> Spec[C, S, E]:
        """Decide, with the further looks that the decision asks for, and go on with what it decided."""
        states = {stream: self._state(stream) for stream in self._decider.streams(command)}
        try:
            self._outcome = list(self._decider.decide(command, states))
            self.given(*self._outcome)
        except LookFurther as look:
            also = tuple(sorted({*command.also, *look.streams}))  # type: ignore[attr-defined]  # such commands have it
            return self.when(replace(command, also=also))  # type: ignore[type-var]  # they are dataclasses
        except Rejected as rejection:
            self._outcome = rejection
        return self

    def then(self, *expected: tuple[str, E]) -> Spec[C, S, E]:
        if isinstance(self._outcome, Rejected):
            raise AssertionError(f"rejected: {self._outcome.code} {self._outcome.params}")
        assert list(self._outcome) == list(expected), f"\n got      {list(self._outcome)}\n expected {list(expected)}"
        return self

    def then_rejected(self, code: str, **params: Any) -> Spec[C, S, E]:
        assert isinstance(self._outcome, Rejected), f"not rejected: {list(self._outcome)}"
        assert self._outcome.code == code, self._outcome.code
        assert params.items() <= self._outcome.params.items(), self._outcome.params
        return self

    @property
    def events(self) -> Sequence[tuple[str, E]]:
        """What the last command decided."""
        if isinstance(self._outcome, Rejected):
            raise AssertionError(f"rejected: {self._outcome.code} {self._outcome.params}")
        return self._outcome

    @property
    def rejection(self) -> Rejected | None:
        """Why the last command was refused, if it was."""
        return self._outcome if isinstance(self._outcome, Rejected) else None

    def state(self, stream: str) -> S:
        return self._state(stream)

    def _state(self, stream: str) -> S:
        return self._states.get(stream, self._decider.initial(stream))

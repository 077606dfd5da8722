"""Several read models fed by one reading of the log: for each by itself, reading it would cost more than the model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from sqlalchemy import Connection

from shared.log import Recorded


class Part(Protocol):
    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None: ...


class Together:
    def __init__(self, name: str, parts: Sequence[Part], partitions: int) -> None:
        self.name = name
        self.sources: Mapping[str, Collection[int]] = {"": range(partitions)}
        self._parts = parts

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        for part in self._parts:
            part.apply(tx, batch)

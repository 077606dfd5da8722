"""Events to and from JSON: literal type name + schema number ↔ frozen dataclass.

Type names are literals, so that a class may be renamed or moved without touching history. Upcasters turn the data of an
older schema into the next one, so ``evolve`` knows only today's shape. Personal fields (``shared.decider.sealed``) are
stored encrypted under their subject's key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import msgspec

from shared.log import Recorded, canonical
from shared.vault import Vault

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


_encoder = msgspec.json.Encoder(order="sorted")


def canonical_of(value: Any) -> bytes:
    """``canonical`` of dataclasses too, in a fraction of the time: the same bytes (for fractions below 10^16)."""
    return _encoder.encode(value)


@dataclass(frozen=True)
class NothingChanged:
    """A command that changed nothing: stored, so that its late duplicate cannot act after a newer command. Private."""


@dataclass(frozen=True)
class EventType:
    """``schema`` is the current number; ``upcasters[n]`` turns data of schema ``n`` into that of ``n + 1``."""

    name: str
    cls: type
    schema: int = 1
    upcasters: Mapping[int, Upcaster] = field(default_factory=dict)


class UnknownEvent(Exception):
    """No registered type of this name, or a schema newer than this program."""


class Codec:
    """A service's event types: dataclasses stored under their own name, or ``EventType`` where that has a history."""

    def __init__(self, *types: type | EventType, vault: Vault | None = None) -> None:
        described = [t if isinstance(t, EventType) else EventType(t.__name__, t) for t in (*types, NothingChanged)]
        self._by_name = {t.name: t for t in described}
        self._by_class = {t.cls: t for t in described}
        if len(self._by_name) != len(described):
            raise ValueError("two event types share a name")
        self._sealed: dict[type, list[tuple[str, str]]] = {
            t.cls: [(f.name, f.metadata["sealed_by"]) for f in fields(t.cls) if "sealed_by" in f.metadata]
            for t in described
        }
        self._vault = vault
        if vault is None and any(self._sealed.values()):
            raise ValueError("sealed fields need a vault")

    def prepare(self, events: Iterable[Any]) -> None:
        """Make the keys of all subjects sealed in these events in one round trip, committed before any append."""
        subjects = {
            str(getattr(event, by))
            for event in events
            for name, by in self._sealed[type(event)]
            if getattr(event, name) is not None
        }
        if subjects and self._vault:
            self._vault.ensure(subjects)

    def encode(self, event: Any, event_id: str) -> tuple[str, int, bytes]:
        """(type, schema, canonical JSON) of an event; sealed fields are encrypted, bound to subject and event id."""
        kind = self._by_class[type(event)]
        personal = [(name, by) for name, by in self._sealed[kind.cls] if getattr(event, name) is not None]
        if not personal or self._vault is None:
            return kind.name, kind.schema, canonical_of(event)
        data: dict[str, Any] = msgspec.to_builtins(event)
        for name, by in personal:
            data[name] = self._vault.seal(str(data[by]), event_id, getattr(event, name).text)
        return kind.name, kind.schema, canonical(data)

    def unlock(self, stored: Iterable[Recorded]) -> None:
        """Fetch the keys of all subjects sealed in these events in one round trip, before they are decoded."""
        subjects = {
            str(event.data[by])
            for event in stored
            if event.type in self._by_name
            for name, by in self._sealed[self._by_name[event.type].cls]
            if event.data.get(name) is not None
        }
        if subjects and self._vault:
            self._vault.load(subjects)

    def decode(self, stored: Recorded) -> Any:
        """The event as today's dataclass. Raises ``UnknownEvent``."""
        kind = self._by_name.get(stored.type)
        if kind is None or stored.schema > kind.schema:
            raise UnknownEvent(f"{stored.type} schema {stored.schema}")
        data = stored.data
        for schema in range(stored.schema, kind.schema):
            data = kind.upcasters[schema](data)
        sealed = self._sealed[kind.cls]
        if sealed and self._vault:
            data, event_id = dict(data), stored.id
            for name, by in sealed:
                if data.get(name) is not None:
                    data[name] = {"text": self._vault.open(str(data[by]), event_id, data[name])}
        return msgspec.convert(data, kind.cls)

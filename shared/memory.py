"""The event log in memory: as strict as the real one, held to it by the same contract suite."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import orjson

from shared.log import Append, Appended, Outcome, Recorded, Selected, Unstorable, summarise, wire


class MemoryLog:
    def __init__(self, partitions: int = 1) -> None:
        self._id = uuid4()
        self._lock = threading.Lock()
        self._partitions: dict[int, list[Recorded]] = {p: [] for p in range(partitions)}
        self._streams: dict[str, list[Recorded]] = {}
        self._commands: dict[UUID, tuple[bytes, Appended]] = {}

    @property
    def log_id(self) -> UUID:
        return self._id

    def append(self, commands: Sequence[Append]) -> list[Appended]:
        if b"\\u0000" in wire(commands):
            raise Unstorable("22P05")  # jsonb has no U+0000
        with self._lock:
            return [self._append(command) for command in commands]

    def _append(self, command: Append) -> Appended:
        known = self._commands.get(command.command_id)
        if known:
            repeated = known[0] == command.fingerprint
            return Appended(command.command_id, Outcome.REPEATED if repeated else Outcome.CONFLICT)
        first_versions = {stream: version + 1 for stream, version, _ in command.reads}
        for event in command.events:
            first_versions.setdefault(event.stream_id, event.version)
        if any(len(self._streams.get(s, ())) != v - 1 for s, v in first_versions.items()):
            return Appended(command.command_id, Outcome.STALE)
        answer = summarise(command, len(self._partitions[command.partition]) + 1)
        for ordinal, event in enumerate(command.events, 1):
            partition = self._partitions[event.partition]
            stored = Recorded(
                event.partition,
                len(partition) + 1,
                event.stream_id,
                event.version,
                event.type,
                event.schema,
                orjson.loads(event.data),
                orjson.loads(orjson.dumps(command.metadata)),
                command.command_id,
                ordinal,
                event.hash,
                max([datetime.now(UTC), *(e.recorded_at for e in partition[-1:])]),
            )
            partition.append(stored)
            self._streams.setdefault(event.stream_id, []).append(stored)
        repeat = Appended(
            command.command_id, Outcome.REPEATED, answer.partition, answer.position, answer.version, answer.stream_id
        )
        self._commands[command.command_id] = (command.fingerprint, repeat)
        return answer

    def find(self, command_ids: Collection[UUID]) -> dict[UUID, tuple[bytes, Appended]]:
        with self._lock:
            return {i: self._commands[i] for i in command_ids if i in self._commands}

    def load(self, after: Mapping[str, int]) -> dict[str, list[Recorded]]:
        with self._lock:
            return {stream: self._streams.get(stream, [])[version:] for stream, version in after.items()}

    def read(self, partition: int, after: int, limit: int) -> list[Recorded]:
        with self._lock:
            return self._partitions[partition][after : after + limit]

    def select(self, partition: int, after: int, limit: int, types: Collection[str], most: int) -> Selected:
        run = self.read(partition, after, limit)
        return Selected(after + len(run), len(run), [event for event in run if event.type in types][:most])

    def heads(self) -> dict[int, int]:
        with self._lock:
            return {p: len(events) for p, events in self._partitions.items()}

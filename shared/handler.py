"""Commands: repeat? → load → fold → decide → append; a conflict is retried on fresh state.

Decided on state cached from earlier commands; the log refuses what was decided on old state, so the cache can only cost
a retry, never a wrong decision.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from shared.codec import Codec, NothingChanged, canonical_of
from shared.decider import Decider, Rejected
from shared.line import Line
from shared.log import (
    Append,
    Appended,
    LogUnavailable,
    NewEvent,
    Outcome,
    Recorded,
    Unstorable,
    content_hash,
)
from shared.recent import Recent
from shared.vault import SubjectErased
from shared.writer import GroupWriter

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")

MAX_TRIES = 100
PATIENT_TRIES = 5


@dataclass(frozen=True, slots=True)
class Envelope:
    """A command, what its sender cannot choose (actor, time), and its id: one id means one command, for ever.

    ``expected_version`` (HTTP If-Match) is the version that the principal stream must have.
    """

    command_id: UUID
    command: Any
    actor: str
    at: datetime
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Where the command's last event lies, and the version that its principal stream had after it; in a conflict those
    of the command that took the id before. ``events``: what was stored just now, so nothing for a repeat.
    """

    outcome: Outcome
    stream_id: str
    version: int
    partition: int
    position: int
    events: tuple[Any, ...] = ()

    @property
    def token(self) -> str:
        """``partition:position``: ask a reader to have come at least this far."""
        return f"{self.partition}:{self.position}"

    @property
    def place(self) -> dict[str, Any]:
        """For answers: where it is stored."""
        return {"version": self.version, "position": self.token}


class Reads(Protocol):
    """What a handler reads: a ``Log``, or a ``GroupReader`` over one."""

    def load(self, after: Mapping[str, int]) -> dict[str, list[Recorded]]: ...
    def find(self, command_ids: Collection[UUID]) -> dict[UUID, tuple[bytes, Appended]]: ...


class Busy(Exception):
    """Others kept changing the same streams; nothing was stored, try again."""


@dataclass(slots=True)
class _Held(Generic[S]):
    state: S
    version: int


@dataclass(slots=True)
class _Decided:
    index: int
    envelope: Envelope
    changes: Sequence[tuple[str, Any]]
    streams: tuple[str, ...]


class Handler(Generic[C, S, E]):
    """Handles the commands of one ``Decider``. ``partition_of(stream)`` chooses the partition of a stream, for ever."""

    def __init__(
        self,
        reads: Reads,
        writer: GroupWriter,
        decider: Decider[C, S, E],
        codec: Codec,
        *,
        hash_key: bytes,
        partition_of: Callable[[str], int] = lambda stream: 0,
        cache_size: int = 20_000,
        guard_reads: bool = False,
        remembered: int = 0,
    ) -> None:
        """The log protects the streams that a command writes from decisions on old state.

        ``guard_reads`` is for rules that read other streams too: it then protects these as well. So many of the last
        commands are ``remembered`` (some 400 bytes each): their repeats are answered without reading or deciding.
        """
        self._reads, self._writer, self._decider, self._codec = reads, writer, decider, codec
        self._hash_key, self._partition_of, self._cache_size = hash_key, partition_of, cache_size
        self._guard_reads = guard_reads
        # A plain dict looks for its first key past all that were removed before.
        self._cache: OrderedDict[str, _Held[S]] = OrderedDict()
        self._recent = Recent(remembered)
        self._said: dict[type, list[str]] = {}
        self._last_metadata: tuple[str, datetime | None, dict[str, str]] = ("", None, {})

    def handle(self, envelope: Envelope) -> Answer:
        """Raises ``Rejected``, ``Busy``, ``LogUnavailable`` or ``Overloaded``."""
        result = self.handle_many([envelope])[0]
        if isinstance(result, Exception):
            raise result
        return result

    def handle_many(self, envelopes: Sequence[Envelope]) -> list[Answer | Rejected]:
        """Handle in order, with few round trips: one load and one append per round.

        A command that needs a stream changed earlier in the list waits for the next round. One command's rejection
        does not concern the others. Raises ``Busy``, ``LogUnavailable`` or ``Overloaded``: some may then be stored, and
        sending all of them again is safe.
        """
        results: dict[int, Answer | Rejected] = {}
        pending, tries = list(range(len(envelopes))), 0
        fresh: set[str] = set()
        while pending := [i for i in pending if not self._recalled(i, envelopes[i], results)]:
            before = len(results)
            pending, fresh = self._round(envelopes, pending, results, fresh)
            tries = 0 if len(results) > before else tries + 1
            if tries > MAX_TRIES:
                raise Busy
            if tries > PATIENT_TRIES:
                time.sleep(random.uniform(0, 0.02))
        return [results[i] for i in range(len(envelopes))]

    def state(self, stream_id: str) -> tuple[S, int]:
        """The stream folded now, and its version."""
        fresh = self._load([stream_id], {stream_id})
        return fresh[stream_id].state, fresh[stream_id].version

    def states(self, stream_ids: Iterable[str]) -> dict[str, S]:
        """The streams folded, in one round trip at most; what is cached may be behind what other processes wrote."""
        return {stream: held.state for stream, held in self._load(stream_ids, set()).items()}

    def fingerprint(self, command: Any) -> bytes:
        """Keyed hash of what the client said: tells a repeat from an altered copy, and tells nobody the content."""
        kind = type(command)
        said = self._said.get(kind)
        if said is None:
            said = self._said[kind] = [f.name for f in fields(kind) if not f.metadata.get("ambient")]
        content = canonical_of([kind.__name__, {name: getattr(command, name) for name in said}])
        return hashlib.blake2b(content, digest_size=16, key=self._hash_key).digest()

    def _round(
        self, envelopes: Sequence[Envelope], pending: list[int], results: dict[int, Answer | Rejected], fresh: set[str]
    ) -> tuple[list[int], set[str]]:
        """Decide and store what can be; returns who must come again, and the streams to read anew before that.

        ``fresh`` comes in as the streams to read anew and is then the set of those read in this round.
        """
        streams = {i: self._decider.streams(envelopes[i].command) for i in pending}
        held = self._load((s for i in pending for s in streams[i]), fresh)
        decided: list[_Decided] = []
        unchanged: list[int] = []
        later: list[int] = []
        refused: dict[int, Rejected] = {}
        line = Line(self._decider, lambda stream: held[stream].state)
        for i in pending:
            if line.holds_up(envelopes[i].command_id, envelopes[i].command, streams[i]):
                later.append(i)
                continue
            try:
                changes = self._decide(envelopes[i], streams[i], held)
            except Rejected as rejection:
                refused[i] = rejection
                continue
            if not line.lets_pass(envelopes[i].command_id, streams[i], changes):
                later.append(i)
            elif changes:
                decided.append(_Decided(i, envelopes[i], changes, streams[i]))
            else:
                unchanged.append(i)

        # What cached state refuses or finds done is looked at again on fresh state, and may be a repeat.
        settled = self._repeats(envelopes, [*refused, *unchanged], results)
        again: set[str] = set()
        for i in [*refused, *unchanged]:
            if i in settled:
                continue
            if not fresh.issuperset(streams[i]):
                again.update(streams[i])
                later.append(i)
            elif i in refused:
                results[i] = refused[i]
            else:
                decided.append(_Decided(i, envelopes[i], [(streams[i][0], NothingChanged())], streams[i]))
        stale = self._store(envelopes, decided, held, results)
        later.extend(d.index for d in decided if d.index in stale)
        return sorted(later), again | {s for i in stale for s in streams[i]}

    def _decide(
        self, envelope: Envelope, streams: tuple[str, ...], held: dict[str, _Held[S]]
    ) -> Sequence[tuple[str, E]]:
        version = held[streams[0]].version
        if envelope.expected_version is not None and envelope.expected_version != version:
            raise Rejected("version-changed", version=version)
        return self._decider.decide(envelope.command, {s: held[s].state for s in streams})

    def _recalled(self, index: int, envelope: Envelope, results: dict[int, Answer | Rejected]) -> bool:
        """Whether it repeats (or contradicts) a command that is remembered; such an id means nothing else for ever."""
        known = self._recent.get(envelope.command_id)
        if known is None:
            return False
        fingerprint, answer = known
        same = fingerprint == self.fingerprint(envelope.command)
        results[index] = _answer(answer, Outcome.REPEATED if same else Outcome.CONFLICT)
        return True

    def _repeats(
        self, envelopes: Sequence[Envelope], indices: list[int], results: dict[int, Answer | Rejected]
    ) -> set[int]:
        if not indices:
            return set()
        known = self._reads.find({envelopes[i].command_id for i in indices})
        settled = {i for i in indices if envelopes[i].command_id in known}
        for i in settled:
            fingerprint, answer = known[envelopes[i].command_id]
            same = fingerprint == self.fingerprint(envelopes[i].command)
            results[i] = _answer(answer, Outcome.REPEATED if same else Outcome.CONFLICT)
            self._recent.add(fingerprint, answer)
        return settled

    def _store(
        self,
        envelopes: Sequence[Envelope],
        decided: list[_Decided],
        held: dict[str, _Held[S]],
        results: dict[int, Answer | Rejected],
    ) -> set[int]:
        self._codec.prepare(event for d in decided for _, event in d.changes)
        encoded: list[tuple[_Decided, Append]] = []
        for d in decided:
            try:
                encoded.append((d, self._encoded(d, held)))
            except SubjectErased:
                results[d.index] = Rejected("subject-erased")
        stale: set[int] = set()
        known: list[int] = []
        stored = self._writer.submit([append for _, append in encoded])
        for (d, append), result in zip(encoded, stored, strict=True):
            if isinstance(result, Unstorable):
                results[d.index] = Rejected("unstorable")
            elif isinstance(result, LogUnavailable):
                raise result
            elif result.outcome is Outcome.STALE:
                stale.add(d.index)
            elif result.outcome is Outcome.STORED:
                results[d.index] = _answer(result, Outcome.STORED, tuple([event for _, event in d.changes]))
                self._recent.add(append.fingerprint, result)
                self._evolve(d.changes, held)
            else:
                known.append(d.index)
                for stream in d.streams:  # it was decided on old state, which would be decided on again
                    self._cache.pop(stream, None)
        self._repeats(envelopes, known, results)
        return stale

    def _encoded(self, d: _Decided, held: dict[str, _Held[S]]) -> Append:
        versions: dict[str, int] = {}
        events = []
        command_id, metadata = d.envelope.command_id, self._metadata(d.envelope)
        for ordinal, (stream, event) in enumerate(d.changes, 1):
            event_id = f"{command_id}:{ordinal}"
            version = versions[stream] = versions.get(stream, held[stream].version) + 1
            kind, schema, data = self._codec.encode(event, event_id)
            digest = content_hash(self._hash_key, event_id, stream, version, kind, schema, data, metadata)
            events.append(NewEvent(stream, version, kind, schema, data, digest, self._partition_of(stream)))
        unwritten = [s for s in d.streams if s not in versions] if self._guard_reads else ()
        reads = tuple((s, held[s].version, self._partition_of(s)) for s in unwritten)
        return Append(command_id, self.fingerprint(d.envelope.command), metadata, tuple(events), reads)

    def _metadata(self, envelope: Envelope) -> dict[str, str]:
        """One object for all rows of a batch, which share both."""
        actor, at, metadata = self._last_metadata
        if actor != envelope.actor or at is not envelope.at:
            metadata = {"actor": envelope.actor, "at": envelope.at.isoformat()}
            self._last_metadata = envelope.actor, envelope.at, metadata
        return metadata

    def _load(self, streams: Iterable[str], fresh: set[str]) -> dict[str, _Held[S]]:
        """Each stream's state: from the cache, or read: unknown ones whole, fresh ones from where it left off."""
        held: dict[str, _Held[S]] = {}
        missing: dict[str, int] = {}
        for stream in set(streams):
            cached = self._cache.get(stream)
            held[stream] = cached or _Held(self._decider.initial(stream), 0)
            if cached is None or stream in fresh:
                missing[stream] = held[stream].version
        if missing:
            loaded = self._reads.load(missing)
            self._codec.unlock(event for events in loaded.values() for event in events)
            for stream, events in loaded.items():
                changes = [(stream, self._codec.decode(event)) for event in events]
                held[stream] = _Held(held[stream].state, held[stream].version)
                self._evolve(changes, held)
            fresh.update(missing)
        return held

    def _evolve(self, changes: Iterable[tuple[str, Any]], held: dict[str, _Held[S]]) -> None:
        for stream, event in changes:
            old = held[stream]
            state = old.state if isinstance(event, NothingChanged) else self._decider.evolve(old.state, event)
            held[stream] = _Held(state, old.version + 1)
            self._cache.pop(stream, None)
            self._cache[stream] = held[stream]
        while len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)


def _answer(appended: Appended, outcome: Outcome, events: tuple[Any, ...] = ()) -> Answer:
    return Answer(outcome, appended.stream_id, appended.version, appended.partition, appended.position, events)

"""Commands decided and not stored: a dry run, a preview.

    rehearsal = Rehearsal(handler)
    rehearsal.handle_many(envelopes)         # the answers that Handler.handle_many would give now; nothing is stored
    rehearsal.states(streams)                # as they would then be

Each command sees the effects of those before it, over all calls. What others store meanwhile is seen too, except in
streams that the rehearsal has changed itself. Answers to what would be stored have position 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar
from uuid import UUID

from shared.decider import Rejected
from shared.handler import Answer, Envelope, Handler, _Held
from shared.log import Outcome

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")


class Rehearsal(Generic[C, S, E]):
    """A friend of ``Handler``: it loads, decides and evolves by the handler's own means."""

    def __init__(self, handler: Handler[C, S, E]) -> None:
        self._handler = handler
        self._changed: dict[str, _Held[S]] = {}
        self._given: dict[UUID, tuple[bytes, Answer]] = {}

    def fork(self) -> Rehearsal[C, S, E]:
        """Another rehearsal that goes on from here and leaves this one as it is."""
        other = Rehearsal(self._handler)
        other._changed, other._given = dict(self._changed), dict(self._given)
        return other

    def handle_many(self, envelopes: Sequence[Envelope]) -> list[Answer | Rejected]:
        handler = self._handler
        streams = [handler._decider.streams(envelope.command) for envelope in envelopes]
        held = self._load({stream for named in streams for stream in named})
        stored = handler._reads.find({envelope.command_id for envelope in envelopes})
        results: list[Answer | Rejected] = []
        for envelope, named in zip(envelopes, streams, strict=True):
            if envelope.command_id in stored:
                fingerprint, appended = stored[envelope.command_id]
                known = Answer(
                    Outcome.REPEATED, appended.stream_id, appended.version, appended.partition, appended.position
                )
                results.append(self._repeated(envelope, fingerprint, known))
            elif envelope.command_id in self._given:
                results.append(self._repeated(envelope, *self._given[envelope.command_id]))
            else:
                results.append(self._decided(envelope, named, held))
        return results

    def states(self, stream_ids: Iterable[str]) -> dict[str, S]:
        return {stream: held.state for stream, held in self._load(set(stream_ids)).items()}

    def _load(self, streams: set[str]) -> dict[str, _Held[S]]:
        unchanged = streams - self._changed.keys()
        loaded = self._handler._load(unchanged, set(unchanged))
        return loaded | {stream: self._changed[stream] for stream in streams & self._changed.keys()}

    def _decided(self, envelope: Envelope, streams: tuple[str, ...], held: dict[str, _Held[S]]) -> Answer | Rejected:
        handler = self._handler
        try:
            changes = handler._decide(envelope, streams, held)
        except Rejected as rejected:
            return rejected
        for stream, event in changes:
            old = held[stream]
            held[stream] = self._changed[stream] = _Held(handler._decider.evolve(old.state, event), old.version + 1)
        principal = streams[0]
        answer = Answer(Outcome.STORED, principal, held[principal].version, handler._partition_of(principal), 0)
        self._given[envelope.command_id] = handler.fingerprint(envelope.command), answer
        return answer

    def _repeated(self, envelope: Envelope, fingerprint: bytes, known: Answer) -> Answer:
        same = fingerprint == self._handler.fingerprint(envelope.command)
        outcome = Outcome.REPEATED if same else Outcome.CONFLICT
        return Answer(outcome, known.stream_id, known.version, known.partition, known.position)

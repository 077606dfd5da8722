"""A service that uses more event types than before reads them again from the source's feed.

What a service did not use when it arrived, its mirror holds as a position with a hash and nothing else. When the set of
used types has grown, all those positions are read once more, and those of types that are used now get their data.
``bus.sources.types`` says which types are complete; projections that need others wait for it (``complete``), and count
from the beginning: the positions lie behind the cursors of those that exist.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from shared.mirror import Uses

AT_ONCE = 5_000
"""Positions looked for at a time."""
NEAR = 200
"""Positions so close together are read in one stretch."""

Position = tuple[int, int]
Stretch = tuple[int, int, int]
"""Partition, first and last position."""

_MISSING = text("SELECT types FROM bus.sources WHERE source = :source")
_COMPLETE = text("UPDATE bus.sources SET types = cast(:types AS text[]) WHERE source = :source")
_UNREAD = text(
    f"""SELECT partition, position FROM bus.mirror
         WHERE source = :source AND log_id = :log_id AND (partition, position) > (:partition, :position)
           AND type IS NULL AND hash IS NOT NULL
         ORDER BY partition, position LIMIT {AT_ONCE}"""
)


def complete(tx: Connection, uses: Uses) -> bool:
    """Whether the mirror holds all events of these types, as far as it has come."""
    held = {source: set(types or ()) for source, types in tx.execute(text("SELECT source, types FROM bus.sources"))}
    return all(set(types) <= held.get(source, set()) for source, types in uses.items())


class Refetch:
    """Of one source; ``step`` by whoever holds the source's lease."""

    def __init__(self, source: str, types: Collection[str], engine: Engine) -> None:
        self._source, self._types, self._engine = source, sorted(types), engine
        self._after: Position = (-1, 0)
        self._done = False

    def step(self, log_id: UUID, fill: Callable[[int, int, int], None]) -> bool:
        """Read some positions again with ``fill(partition, first, last)``; whether there is more to do."""
        if self._done:
            return False
        with self._engine.connect() as tx:
            held = tx.execute(_MISSING, {"source": self._source}).scalar_one()
            if held is not None and set(held) >= set(self._types):
                unread: list[Position] = []
            else:
                unread = self._unread(tx, log_id)
        for stretch in stretches(unread):
            fill(*stretch)
        if unread:
            self._after = unread[-1]
            return True
        with self._engine.begin() as tx:
            tx.execute(_COMPLETE, {"source": self._source, "types": self._types})
        self._done = True
        return False

    def _unread(self, tx: Connection, log_id: UUID) -> list[Position]:
        partition, position = self._after
        key = {"source": self._source, "log_id": log_id, "partition": partition, "position": position}
        return [(row.partition, row.position) for row in tx.execute(_UNREAD, key)]


def stretches(positions: Sequence[Position]) -> Iterator[Stretch]:
    """Sorted positions, joined where they lie near each other."""
    first: Position | None = None
    last: Position | None = None
    for position in positions:
        if first and last and (position[0] != first[0] or position[1] > last[1] + NEAR):
            yield (*first, last[1])
            first = None
        first, last = first or position, position
    if first and last:
        yield (*first, last[1])

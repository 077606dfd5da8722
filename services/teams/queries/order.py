"""The order of lists below units: down the tree of a day, unit by unit, so that a page costs what is on it.

A team stands at the unit it serves; if that is not there on the day, where the unit's facts stand.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

import orjson

from shared.units import UnitTree

_ID = re.compile(r"[A-Za-z0-9:._-]{0,64}")

Path = tuple[str, ...]
"""Unit ids from the root of a list down to a unit."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A unit, and where teams that stand there may be recorded: itself, then former units."""

    path: Path
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A team's place in the order; as a text, the cursor of the page behind it."""

    path: Path
    source: str
    team_id: str

    @property
    def key(self) -> tuple[Path, bool, str, str]:
        return self.path, self.source != self.path[-1], self.source, self.team_id

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(orjson.dumps([self.path, self.source, self.team_id])).decode().rstrip("=")


def place(text: str) -> Place:
    """Raises ``ValueError`` for what is no cursor of ours."""
    try:
        found = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        path, source, team_id = found
        texts = [*path, source, team_id]
    except (binascii.Error, ValueError, TypeError) as error:
        raise ValueError("not a cursor") from error
    if not path or not isinstance(path, list) or not all(isinstance(one, str) and _ID.fullmatch(one) for one in texts):
        raise ValueError("not a cursor")
    return Place(tuple(path), source, team_id)


def stops(tree: UnitTree, roots: Collection[str], day: date, after: Path = ()) -> Iterator[Stop]:
    """All units below the roots and these themselves, in order; from the stop ``after`` on, itself included."""
    for root in apart(tree, roots, day):
        if after and root < after[0]:
            continue
        rest = after[1:] if after and root == after[0] else ()
        if not rest:
            yield Stop((root,), (root, *tree.held(root, day)))
        elif _path(tree, rest[-1], day)[-len(rest) - 1 :] == (root, *rest):
            yield Stop((root, *rest), (rest[-1], *tree.held(rest[-1], day)))
        for path in tree.below(root, day, after=rest):
            yield Stop((root, *path), (path[-1], *tree.held(path[-1], day)))


def apart(tree: UnitTree, roots: Collection[str], day: date) -> list[str]:
    """The roots that neither are nor stand below another one, in order."""
    return [root for root in sorted(set(roots)) if not any(u in roots for u in _above(tree, root, day))]


def _above(tree: UnitTree, root: str, day: date) -> Path:
    if tree.exists(root, day):
        return tree.ancestors(root, day)[1:]
    placed = tree.place(root, day)
    return tree.ancestors(placed.unit_id, day) if placed else ()


def path_of(tree: UnitTree, roots: Collection[str], source: str, day: date) -> Path | None:
    """The path of the stop where a team of that unit stands on that day; None if that is not below the roots, which are
    apart."""
    if source in roots and not tree.exists(source, day):
        return (source,)
    placed = tree.place(source, day)
    path = _path(tree, placed.unit_id, day) if placed else ()
    return next((path[n:] for n, unit_id in enumerate(path) if unit_id in roots), None)


def _path(tree: UnitTree, unit_id: str, day: date) -> Path:
    return tuple(reversed(tree.ancestors(unit_id, day)))

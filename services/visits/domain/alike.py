"""Two ids that may be one place: what makes that probable, and that somebody looked and knows them apart.

What is compared are tokens of a blind index, made of what is sealed; whether two of them are equal is all that can be
known here. A suggestion is never a decision: people merge places (``joining``), or tell them apart.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.visits.domain.state import Begun, Merged, PlaceState, Unknown, place_stream
from shared.decider import Rejected


class Trait(StrEnum):
    """What places may have in common, the strongest first."""

    PHONE = "phone"
    ADDRESS = "address"
    NAME = "name"
    """Of the contact."""


class Token(NamedTuple):
    """Of words without accents and with them (``shared.blind_index.Tokens``); of a phone number both are the same."""

    trait: Trait
    plain: int
    spelled: int

    def agrees(self, other: Token) -> bool:
        """Accents are optional; where both sides write them they must be the same."""
        if (self.trait, self.plain) != (other.trait, other.plain):
            return False
        return self.spelled == other.spelled or self.plain in (self.spelled, other.spelled)


def in_common(one: Collection[Token], other: Collection[Token]) -> tuple[Trait, ...]:
    """Why two places of one kind in one unit are probably one; nothing if they are not.

    A phone number or an address is enough. A name is common to many: it says nothing against a phone number or an
    address, if both places have one and not the same.
    """
    shared = {mine.trait for mine in one for theirs in other if mine.agrees(theirs)}
    both = {token.trait for token in one} & {token.trait for token in other}
    if shared == {Trait.NAME} and both != {Trait.NAME}:
        return ()
    return tuple(trait for trait in Trait if trait in shared)


# --- known apart ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlaceToldApart:
    """In the stream of either place: it is not ``other_id``, by what was known of both. Private."""

    place_id: UUID
    other_id: UUID


@dataclass(frozen=True, slots=True)
class TellPlacesApart:
    """It holds until the address or the contact of one of them changes; so nothing remembers it but the log."""

    place_id: UUID
    other_id: UUID


def tell_apart(command: TellPlacesApart, states: Mapping[str, PlaceState]) -> Sequence[tuple[str, PlaceToldApart]]:
    pair = (command.place_id, ""), (command.other_id, "/other_id")
    if command.place_id == command.other_id:
        raise Rejected("place-itself", "/other_id")
    for place_id, at in pair:
        state = states[place_stream(place_id)]
        if isinstance(state, Unknown | Begun):
            raise Rejected("unknown-place", at)
        if isinstance(state, Merged):
            raise Rejected("place-merged", at, into=str(state.into))
    one, other = command.place_id, command.other_id
    return [
        (place_stream(one), PlaceToldApart(one, other)),
        (place_stream(other), PlaceToldApart(other, one)),
    ]

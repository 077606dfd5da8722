"""What is compared of a place's address and contact: normal forms, and tokens of them. Nothing else of them is kept.

The unit narrows whom a place is compared with, so an address counts without whatever names a commune or something above
it: ``Số 12, ngõ 5, xã Ngọc Hoà`` and ``12 ngõ 5`` are one. A contact is a name, phone numbers or both, as people write
them: ``chị Nguyễn Thị Lan (chủ hộ) - 0912 345 678``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.visits.domain.alike import Token, Trait
from shared.blind_index import BlindIndex
from shared.units import KINDS, LEVELS
from shared.vietnamese import fold, nfc

LABEL = b"tungnha visits: blind index of places 1"

_PARTS = re.compile(r"[,;\n]|\s[-–]\s")
_KINDS = {kind for level in LEVELS for kind in KINDS.get(level, ())} | {"tp", "tx", "tt", "p", "h", "q"}
_WRITTEN = "|".join(sorted(_KINDS | {fold(kind) for kind in _KINDS}, reverse=True))
_NAMES_A_UNIT = re.compile(rf"(?:{_WRITTEN})(?:[\s.]+\d+|[\s.]+\D+)|việt nam|viet nam")
"""``phường 3``, ``TP. Huế``, and not ``xã Ngọc Hoà số 12``."""
_FILLING = frozenset({"so", "nha"})
"""``Số nhà 12`` is ``12``."""

_PHONE = re.compile(
    r"(?<!\d)(?:(?:\+?84|0084|0)(?:[ .\-]?\d){9,10}|[35789](?:[ .\-]?\d){8}|\+\d(?:[ .\-]?\d){7,13})(?!\d)"
)
"""Of Viet Nam, also where a spreadsheet has lost the zero; or of another country, with its ``+``."""
_ASIDE = re.compile(r"\([^)]*\)")
_LABELS = frozenset({"sdt", "dt", "tel", "phone", "mobile", "zalo", "dien", "thoai", "lien", "he", "gap"})
_TITLES = frozenset({"ong", "ba", "anh", "chi", "co", "bac", "em"})
LEAST_WORDS = 2
"""Of a name: half a village is called Lan."""


class Comparing:
    def __init__(self, index: BlindIndex) -> None:
        self._index = index

    def tokens(self, address: str | None, contact: str | None) -> frozenset[Token]:
        return frozenset((*self._of_address(address or ""), *self._of_contact(contact or "")))

    def _of_address(self, address: str) -> Iterator[Token]:
        if form := address_form(address):
            words = self._index.words(b"address", form)
            yield Token(Trait.ADDRESS, words.plain, words.spelled)

    def _of_contact(self, contact: str) -> Iterator[Token]:
        name, phones = contact_forms(contact)
        if name:
            words = self._index.name(name)
            yield Token(Trait.NAME, words.plain, words.spelled)
        for phone in phones:
            token = self._index.phone(phone)
            yield Token(Trait.PHONE, token, token)


def address_form(address: str) -> str:
    """Without units from the commune upwards, and without words that only fill; empty if nothing is left."""
    parts = [part.strip() for part in _PARTS.split(nfc(address))]
    here = " ".join(part for part in parts if not _NAMES_A_UNIT.fullmatch(part.lower()))
    return " ".join(word for word in here.split() if fold(word) not in _FILLING)


def contact_forms(contact: str) -> tuple[str, list[str]]:
    """The name without its title and labels, empty if it is of a single word; and the phone numbers."""
    said = nfc(contact)
    phones = _PHONE.findall(said.translate({ord("("): " ", ord(")"): None}))
    words = [word for word in _ASIDE.sub(" ", said).split() if any(c.isalpha() for c in word)]
    words = [word for word in words if fold(word) not in _LABELS]
    if words and (fold(words[0]) in _TITLES or words[0].lower() == "chú"):  # "Chu" is a family name
        words = words[1:]
    return (" ".join(words) if len(words) >= LEAST_WORDS else ""), phones

"""A keyed blind index over what is sealed: equal words or phone numbers have equal tokens, and tokens tell nobody
anything.

A token is 64 bits of a keyed hash (BLAKE2b, RFC 7693) of a normal form; its key is derived from the service's hash key
under a label of its own (HKDF, RFC 5869), so no other hash of the service can be compared with it. Among 350,000
people the chance that any two different names share a token is about 1 in 300 million.

There is no token of two things together, a name and a phone number say: who has both tokens in common has both in
common. What two tokens in common mean is for each service to say.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.vietnamese import fold

TOKEN_BYTES = 8
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
"""Huyền, sắc, ngã, hỏi, nặng, as combining marks."""

_BETWEEN_DIGITS = {ord(character): None for character in " .-()/\t\u00a0"}


@dataclass(frozen=True, slots=True)
class Tokens:
    """``plain``: of words without accents. ``spelled``: of them with accents; equal to ``plain`` if they have none."""

    plain: int
    spelled: int

    def agrees(self, other: Tokens) -> bool:
        """Accents are optional; where both sides write them they must be the same."""
        if self.plain != other.plain:
            return False
        return self.spelled == other.spelled or self.plain in (self.spelled, other.spelled)


class BlindIndex:
    """``label``: of this index alone, never to be changed, or all tokens would have to be made anew."""

    def __init__(self, hash_key: bytes, label: bytes) -> None:
        self._key = HKDF(algorithm=SHA256(), length=32, salt=None, info=label).derive(hash_key)

    def name(self, name: str) -> Tokens:
        return self.words(b"name", name)

    def words(self, kind: bytes, words: str) -> Tokens:
        """``kind``: words of different kinds are never compared; 16 bytes at most."""
        plain, spelled = word_forms(words)
        token = self._token(kind, plain)
        return Tokens(token, token if spelled == plain else self._token(kind, spelled))

    def phone(self, phone: str) -> int:
        return self._token(b"phone", phone_form(phone))

    def _token(self, kind: bytes, text: str) -> int:
        digest = blake2b(text.encode(), digest_size=TOKEN_BYTES, key=self._key, person=kind).digest()
        return int.from_bytes(digest, "big", signed=True)


def word_forms(text: str) -> tuple[str, str]:
    """Words without accents (``shared.vietnamese.fold``), and with them in one spelling: ``Hoà`` is ``Hòa``."""
    words = text.split()
    if not words:
        return "", ""
    plain, spelled = zip(*map(_syllable, words), strict=True)
    return " ".join(filter(None, plain)), " ".join(filter(None, spelled))


@lru_cache(maxsize=20_000)
def _syllable(word: str) -> tuple[str, str]:
    """Vietnamese is made of a few thousand syllables, so most have been seen before."""
    letters, tones = [], []
    for character in unicodedata.normalize("NFD", word.casefold()):
        if character in _TONES:
            tones.append(character)
        elif character.isalnum() or unicodedata.combining(character):
            letters.append(character)
        else:
            letters.append(" ")
    # On which vowel a tone stands is a matter of taste; it belongs to the whole syllable.
    spelled = " ".join("".join(letters).split()) + "".join(sorted(tones))
    return fold(word), spelled


def phone_form(phone: str) -> str:
    """A number of Viet Nam as it is dialled there: ``+84 912 345 678``, ``84912345678`` and ``912345678`` are
    ``0912345678`` (spreadsheets lose the zero). Another country's keeps its ``+``."""
    digits = phone.translate(_BETWEEN_DIGITS)
    international = digits.startswith(("+", "00"))
    digits = digits.lstrip("+").removeprefix("00")
    if digits.startswith("84") and (international or len(digits) >= 11):
        return "0" + digits.removeprefix("84").removeprefix("0")
    if international:
        return "+" + digits
    return digits if digits.startswith("0") else "0" + digits

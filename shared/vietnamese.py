"""Vietnamese text and days: one normal form, one search key, one sort key, one calendar."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, timedelta, timezone

HANOI = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Viet Nam has kept UTC+7 without summer time since 1975; a fixed offset needs no time-zone files on the machine."""


def nfc(text: str) -> str:
    """The composed form every stored text has: ``ế`` as one code point."""
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Search key: lower case, no accents, ``đ`` as ``d``, punctuation as one space.

    ``Hoà Bình``, ``Hòa Bình`` and ``HOA BINH`` share the key ``hoa binh``: without accents it no longer matters on
    which vowel a tone mark was written.
    """
    return " ".join(text.casefold().translate(_PLAIN).split())


class _Plain(dict[int, str]):
    """Letters without their marks, each worked out when it first comes up: a registry folds names by the thousand."""

    def __missing__(self, code: int) -> str:
        marked = "d" if chr(code) == "đ" else chr(code)
        letters = (c for c in unicodedata.normalize("NFD", marked) if not unicodedata.combining(c))
        plain = "".join(c if c.isalnum() else " " for c in letters)
        if len(self) < _KEPT_LETTERS:
            self[code] = plain
        return plain


_KEPT_LETTERS = 10_000
_PLAIN = _Plain()


def sort_key(text: str) -> str:
    """Key in Vietnamese alphabetical order; compare it byte by byte (PostgreSQL: ``COLLATE "C"``)."""
    # Imported here: ``shared.units`` needs only ``fold`` and keeps to the standard library.
    from vn_collate import collate_key

    key: str = collate_key(text)
    return key


def hanoi_day(moment: datetime) -> date:
    """The calendar day in Viet Nam at this moment.

    Raises ValueError without a time zone: guessing one moves facts by a day.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(HANOI).date()

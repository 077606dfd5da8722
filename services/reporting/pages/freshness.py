"""How far the figures of an answer have come, as the badge of a page says it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.reporting.exports.words import shown_number
from services.reporting.pages.words import words
from shared.vietnamese import HANOI

Document = Mapping[str, Any]
UNCHECKED = ("source_unchecked", "source_never_checked")


@dataclass(frozen=True, slots=True)
class Freshness:
    """``said``: the state without numbers, so that it changes only when the state does; ``late``: somebody may have to
    do something; ``doubts``: what the answer says of it."""

    text: str
    said: str
    late: bool
    doubts: Sequence[str]


def freshness(now: Document, locale: str) -> Freshness:
    """Of an answer with its ``lag`` and ``warnings``. A lag means little while heads are old, so that is said first."""
    waiting = sum(now["lag"].values())
    unchecked = [each for each in now["warnings"] if each["code"] in UNCHECKED]
    parked = [each for each in now["warnings"] if each["code"] == "parked"]
    if unchecked:
        text = said = _unchecked(unchecked, locale)
    elif waiting:
        text, said = words("behind", locale, n=shown_number(waiting, locale)), words("behind_some", locale)
    elif parked:
        text = said = words("parked", locale, n=shown_number(parked[0]["events"], locale))
    else:
        text = said = words("fresh", locale)
    late = bool(unchecked or waiting or parked)
    return Freshness(text, said, late, [str(each["detail"]) for each in (*unchecked, *parked)])


def _unchecked(warnings: Sequence[Document], locale: str) -> str:
    """Of several sources one moment is enough: since the latest none of them was checked. Each doubt has its own."""
    sources = ", ".join(words(f"source_{each['source']}", locale) for each in warnings)
    moments = [each["since"] for each in warnings if "since" in each]
    if not moments:
        return words("never_checked", locale, sources=sources)
    since = max(moments).astimezone(HANOI).strftime("%H:%M %d/%m/%Y")
    return words("unchecked", locale, sources=sources, since=since)


def counted(now: Document) -> int:
    """The sum of the positions: more of it is news."""
    return sum(position for partitions in now["positions"].values() for position in partitions.values())

"""Codes of open lists: what they are called, and the pillars they count towards. Pure.

Words of lists that the services fix themselves are data here (``codes.json``). Those of the catalogues are entries
that people keep (``queries.codes`` reads them). A code without words, such as the id of a course, is told as it is.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.reporting.figures import KEYED
from services.reporting.indicators.indicator import Indicator, Pillar
from services.reporting.indicators.values import Value

Names = Mapping[str, str]
"""Language → name."""
Document = Mapping[str, Any]

LISTS: Mapping[str, str] = {
    **{"platforms": "platform", "outcomes": "outcome", "obstacles": "obstacle"},
    **dict.fromkeys(("flags", "flags_open", "flags_confirmed"), "flag"),
    **{"outreach_occasion": "occasion", "outreach_topic": "outreach_topic"},
    **{"opinions_topic": "opinion_topic", "opinions_pillar": "pillar"},
    **{"warnings_code": "warning", "seats_affiliation": "affiliation"},
    **{f"{what}_{by}": by for what in ("attendances", "sessions") for by in ("mode", "organiser")},
}
"""Keyed figure → the list that its codes are of."""
CATALOGUES = frozenset({"platform", "outcome", "outreach_topic", "opinion_topic"})
"""The lists that people keep, with dates, for the nation or a province."""
PILLARED = frozenset({"platforms", "outcomes", "outreach_topic"})
"""Told by pillar too, by the tags of their codes; opinions have a pillar of their own."""
NO_PILLAR = "none"
PILLARS = (*(each.value for each in Pillar), NO_PILLAR)

WORDS: Mapping[str, Mapping[str, Names]] = json.loads(Path(__file__).with_name("codes.json").read_bytes())
"""List → code → its names."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Of a catalogue."""

    names: Names
    pillars: Sequence[str]


Entries = Mapping[str, Mapping[str, Entry]]
"""Catalogue → code → its entry."""


def list_of(indicator: Indicator) -> str | None:
    """The keyed figure that an indicator tells by code."""
    return next((name for name in indicator.numerator or () if name in KEYED), None) if not indicator.is_ratio else None


def by_pillar(indicator: Indicator, value: Value, entries: Entries) -> Value:
    """With the sums by pillar beside those by code. A code of two pillars counts under both, one of none, or in no
    catalogue, under ``none``."""
    figure = list_of(indicator)
    if figure is None or figure not in PILLARED or not isinstance(value, dict):
        return value
    known, sums = entries.get(LISTS[figure], {}), Counter[str]()
    for code, n in value["by"].items():
        tagged = known[code].pillars if code in known else ()
        sums.update(dict.fromkeys(tagged or (NO_PILLAR,), n))
    return value | {"by_pillar": {pillar: sums[pillar] for pillar in PILLARS if sums[pillar]}}


def names_in(answer: Document, indicators: Sequence[Indicator], entries: Entries) -> dict[str, dict[str, Names]]:
    """Indicator of an open list → code → its names, of the codes that occur in an answer and have any."""
    found = {}
    for each in indicators:
        if (figure := list_of(each)) is not None:
            words = names_of(figure, entries)
            found[each.code] = {code: words[code] for code in occurring(answer, each.code) if code in words}
    return found


def names_of(figure: str, entries: Entries) -> Mapping[str, Names]:
    name = LISTS.get(figure, "")
    if name in CATALOGUES:
        return {code: entry.names for code, entry in entries.get(name, {}).items()}
    return WORDS.get(name, {})


def occurring(answer: Document, indicator: str, by: str = "by") -> list[str]:
    """Codes (or ``by_pillar``) anywhere in an answer: the most frequent of the unit itself first."""
    found: dict[str, None] = {}
    for figures in _figures(answer):
        found |= dict.fromkeys(figures[indicator].get(by, ()))
    return list(found)


def _figures(answer: Document) -> Iterator[Document]:
    """Of the unit itself, of every row, and of the periods before."""
    for part in (answer, *answer.get("units", ()), *answer.get("periods", ()), answer.get("remainder")):
        if part is not None:
            yield part["figures"]
            if "previous" in part:
                yield part["previous"]["figures"]

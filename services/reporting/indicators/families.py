"""Rows that differ in a few words only are written once: a row with ``each`` stands for one per choice of words.

    {"each": {"skill": ["online_payment", …]}, "code": "covered_{skill}", "pillar": "skill",
     "name": {"vi": "Số hộ được phủ: {skill}", "en": …}, "about": {"vi": "{Skill} …", …}, …}

Codes take the choice itself, texts its words in their language (``words.json``), ``{Skill}`` with a capital. A pillar
named after what is chosen is that of the choice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

LANGUAGES = ("vi", "en")
Row = dict[str, Any]
Words = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""What may be chosen → choice → its words in each language, and its pillar."""

WORDS: Words = json.loads(Path(__file__).with_name("words.json").read_bytes())


def expanded(rows: list[Row], words: Words = WORDS) -> Iterator[Row]:
    for row in rows:
        each = row.pop("each", {})
        for choice in product(*each.values()):
            chosen = dict(zip(each, choice, strict=True))
            found: Row = _filled(row, chosen, _texts(chosen, words))
            if row["pillar"] in chosen:
                found["pillar"] = words[row["pillar"]][chosen[row["pillar"]]]["pillar"]
            yield found


def _texts(chosen: Mapping[str, str], words: Words) -> dict[str, dict[str, str]]:
    """Language → name of a word → the word."""
    found: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        plain = {name: words[name][choice][language] for name, choice in chosen.items()}
        capital = {name.capitalize(): word[:1].upper() + word[1:] for name, word in plain.items()}
        found[language] = plain | capital
    return found


def _filled(part: Any, chosen: Mapping[str, str], texts: Mapping[str, Mapping[str, str]]) -> Any:
    match part:
        case str():
            return part.format_map(chosen)
        case list():
            return [_filled(each, chosen, texts) for each in part]
        case dict():
            return {name: _filled(each, texts.get(name, chosen), texts) for name, each in part.items()}
        case _:
            return part

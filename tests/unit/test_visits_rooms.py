"""Every refusal has its texts."""

from __future__ import annotations

from pathlib import Path

import pytest

import services.visits
from services.visits.messages import MESSAGES
from shared.problem_texts import GENERIC
from shared.problem_texts_files import FILES
from shared.problems import rejection_codes

SOURCES = sorted(Path(services.visits.__file__).parent.rglob("*.py"))
OF_THE_KERNEL = {"unstorable"}


def test_every_code_has_texts_and_every_text_a_code() -> None:
    codes = rejection_codes(*SOURCES)
    assert codes - GENERIC.keys() - FILES.keys() - MESSAGES.keys() == set()
    assert MESSAGES.keys() - codes == OF_THE_KERNEL


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_texts_are_in_both_languages(code: str) -> None:
    text = MESSAGES[code]
    assert all((*text.titles, *text.details)) and text.vi_title != text.en_title
    assert 400 <= text.status < 500

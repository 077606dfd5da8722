"""What the dashboard sends beside its pages: vendored files, their addresses and sizes, colours."""

from __future__ import annotations

import gzip
import hashlib
import re

import pytest

from services.reporting.pages.files import FILES, SUMS, VENDOR, address

FIRST_VIEW = 200_000
"""Bytes, compressed."""


def test_vendored_files_are_the_published_ones_with_their_licences() -> None:
    listed = dict(reversed(line.split("  ")) for line in SUMS.read_text().splitlines())
    found = {path.relative_to(VENDOR).as_posix(): path for path in VENDOR.rglob("*") if path.is_file()}
    assert set(listed) == set(found) - {SUMS.name}
    assert {name: hashlib.sha256(found[name].read_bytes()).hexdigest() for name in listed} == listed
    packages = {name.split("/")[0] for name in listed}
    assert packages == {name.split("/")[0] for name in listed if "/LICENSE" in name} and len(packages) == 2


def test_files_have_the_hash_of_their_content_in_their_address_and_are_small() -> None:
    for name, file in FILES.items():
        assert address(name) == f"/static/{hashlib.sha256(file.body.plain).hexdigest()[:12]}/{name}"
        assert gzip.decompress(file.body.gzipped) == file.body.plain
    assert sum(len(file.body.gzipped) for file in FILES.values()) < FIRST_VIEW * 0.8


# --- colours ---------------------------------------------------------------------------------------------------------


def _palettes() -> list[dict[str, str]]:
    text = FILES["style.css"].body.plain.decode()
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", part)) for part in text.split("@media")[:2])
    return [light, light | dark]


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", _palettes(), ids=["light", "dark"])
def test_text_can_be_read_and_shades_differ_without_seeing_hues(palette: dict[str, str]) -> None:
    for ground in ("paper", "card", "wash"):
        for ink in ("ink", "muted", "accent"):
            assert _contrast(palette[ink], palette[ground]) >= 4.5, (ink, ground)
    assert _contrast(palette["on-accent"], palette["accent"]) >= 4.5
    assert (
        _contrast(palette["warn"], palette["warn-wash"]) >= 4.5 and _contrast(palette["warn"], palette["card"]) >= 4.5
    )
    shades = [_luminance(palette[f"q{n}"]) for n in range(1, 6)]
    assert shades in (sorted(shades), sorted(shades, reverse=True))
    steps = [_contrast(palette[f"q{n}"], palette[f"q{n + 1}"]) for n in range(1, 5)]
    assert min(steps) >= 1.3, steps

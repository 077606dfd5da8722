"""The words of the published language: levels, kinds, events, the code system of the state."""

from __future__ import annotations

from collections.abc import Mapping

LEVELS = ("nation", "province", "district", "commune", "village")
LEVEL_NAMES: Mapping[str, Mapping[str, str]] = {
    "vi": {
        "nation": "toàn quốc",
        "province": "tỉnh, thành phố",
        "district": "huyện, quận, thị xã, thành phố thuộc tỉnh",
        "commune": "xã, phường, thị trấn, đặc khu",
        "village": "thôn, tổ dân phố và tương đương",
    },
    "en": {
        "nation": "nation",
        "province": "province",
        "district": "district",
        "commune": "commune",
        "village": "village",
    },
}
KINDS: Mapping[str, tuple[str, ...]] = {
    "nation": ("quốc gia",),
    "province": ("tỉnh", "thành phố"),
    "district": ("huyện", "quận", "thị xã", "thành phố"),
    "commune": ("xã", "phường", "thị trấn", "đặc khu"),
}
"""Kinds the law knows, as written in ``kind``; a village's kind is an open list (thôn, bản, ấp, khóm, tổ dân phố…)."""

UNIT_EVENTS = (
    "UnitEstablished",
    "UnitRenamed",
    "UnitKindChanged",
    "UnitCodeAssigned",
    "UnitReparented",
    "UnitAbolished",
    "UnitCorrected",
)
GSO = "gso"
"""Code system of the General Statistics Office, the one a ``code`` in ``UnitEstablished`` belongs to."""


RANK = {level: rank for rank, level in enumerate(LEVELS)}

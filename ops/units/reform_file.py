"""The reform of 1/7/2025 as a file for the reform kit, made from the seed of units.

``rows(seed)`` are the rows, a link between an old and a new unit each, under the keys of the kit's template;
``write(seed, file)`` is the CSV. Whoever loads ``seed.rows(…, upto=EVE)`` and applies the file has the seed's own tree.

Provinces cite Resolution 202/2025/QH15, districts 203/2025/QH15 (the level was abolished). The communes of each
province have a resolution of the Standing Committee of the National Assembly of 16/6/2025; of their numbers only Hà
Nội's is known here, so the others are told apart by the province.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ops.units.seed import REFORM, Row, Seed

EVE = REFORM - timedelta(1)
COLUMNS = (
    *(
        "level",
        "old_id",
        "old_code",
        "old_name",
        "new_id",
        "new_code",
        "new_name",
        "new_kind",
        "new_parent",
        "new_level",
    ),
    *("share", "main", "effective", "document_kind", "issuer", "number", "year", "signed_on", "teams"),
)
NATIONAL_ASSEMBLY, STANDING_COMMITTEE = "Quốc hội", "Uỷ ban Thường vụ Quốc hội"
_KNOWN_NUMBERS = {"01": "1656/NQ-UBTVQH15"}


def rows(seed: Seed) -> Iterator[Row]:
    """Provinces, districts, communes; every unit of 30/6/2025 is in it."""
    tree = seed.tree
    for level in ("province", "district", "commune"):
        for old in sorted(tree.existing(EVE, level), key=lambda unit: tree.code(unit, EVE) or ""):
            heirs = (old,) if tree.exists(old, REFORM) else tree.successors(old)
            if not heirs:
                yield _old(seed, old) | _document(seed, level, None)
            for n, heir in enumerate(heirs):
                yield _old(seed, old) | _new(seed, old, heir, n, len(heirs)) | _document(seed, level, heir)


def village_rows(seed: Seed, villages: Iterable[tuple[str, str, str]]) -> Iterator[Row]:
    """Rows of (village, its name, the commune it goes to): villages of split communes, which must be told where."""
    for village, name, commune in villages:
        yield {
            "level": "Thôn",
            "old_id": village,
            "old_name": name,
            "new_parent": commune,
            "effective": _day(REFORM),
        } | _document(seed, "commune", commune)


def write(found: Iterable[Mapping[str, Any]], file: Path) -> int:
    """CSV as the template has it, headers by key; the number of rows."""
    count = 0
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, restval="")
        writer.writeheader()
        for row in found:
            writer.writerow(row)
            count += 1
    return count


def _old(seed: Seed, old: str) -> Row:
    tree = seed.tree
    return {
        "level": {"province": "Tỉnh", "district": "Huyện", "commune": "Xã"}[tree.level(old) or ""],
        "old_id": old,
        "old_code": tree.code(old, EVE),
        "old_name": tree.name(old, EVE),
        "effective": _day(REFORM),
    }


def _new(seed: Seed, old: str, heir: str, n: int, heirs: int) -> Row:
    tree = seed.tree
    level, parent = tree.level(heir), tree.parent(heir, REFORM)
    row = {
        "new_id": heir,
        "new_code": tree.code(heir, REFORM),
        "new_name": tree.name(heir, REFORM),
        "new_kind": tree.kind(heir, REFORM),
        "new_parent": tree.code(parent, REFORM) if parent and level == "commune" else None,
        "share": "Toàn bộ" if heirs == 1 else "Một phần",
        "main": "Có" if n == 0 else "Không",
    }
    return row | ({"new_level": "Xã"} if level != tree.level(old) else {}) | _teams(tree.level(old))


def _teams(level: str | None) -> Row:
    return {"teams": "Chuyển sang đơn vị mới"} if level == "commune" else {}


def _document(seed: Seed, level: str, heir: str | None) -> Row:
    issuer, number, signed = NATIONAL_ASSEMBLY, "202/2025/QH15", date(2025, 6, 12)
    if level == "district":
        number, signed = "203/2025/QH15", date(2025, 6, 16)
    elif level == "commune" and heir is not None:
        province = seed.tree.parent(heir, REFORM) or ""
        code, name = seed.tree.code(province, REFORM) or "", seed.tree.full_name(province, REFORM)
        issuer, signed = STANDING_COMMITTEE, date(2025, 6, 16)
        number = _KNOWN_NUMBERS.get(code, f"NQ-UBTVQH15 ({name})")
    return {
        "document_kind": "Nghị quyết",
        "issuer": issuer,
        "number": number,
        "year": signed.year,
        "signed_on": _day(signed),
    }


def _day(day: date) -> str:
    return day.strftime("%d/%m/%Y")

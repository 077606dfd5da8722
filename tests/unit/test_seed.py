"""The committed unit data: counts the law gives, cases people argue about, and how it is built."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from ops.units.build import Builder, layout
from ops.units.seed import NATION_ID, REFORM, Seed, as_event, decode, load, rows
from ops.units.sources import Known, Link, Tables, spell
from shared.units import KINDS, UnitTree
from shared.vietnamese import fold, nfc

BEFORE = date(2025, 6, 30)
LINEAGE = Path(__file__).parents[2] / "ops" / "units" / "lineage.csv"


@cache
def seed() -> Seed:
    return load()


def counts(day: date) -> tuple[int, int, int]:
    found = Counter(seed().tree.level(unit) for unit in seed().tree.existing(day))
    return found["province"], found["district"], found["commune"]


def names(units: tuple[str, ...], day: date) -> list[str | None]:
    return [seed().tree.full_name(unit, day) for unit in units]


# --- counts -------------------------------------------------------------------------------------------------------


def test_there_are_as_many_units_as_the_law_says() -> None:
    assert counts(date(2022, 1, 1)) == counts(date(2022, 6, 30)) == (63, 705, 10_599)
    assert counts(REFORM) == counts(date(2026, 11, 1)) == (34, 0, 3_321)


def test_eleven_provinces_and_the_one_to_one_communes_keep_their_id() -> None:
    tree = seed().tree
    kept = Counter(tree.level(unit) for unit in tree.existing(REFORM) if tree.exists(unit, BEFORE))
    # 137 are one-to-one in the source: 5 are island districts, which are no communes, and 1 had taken in a neighbour.
    assert kept == {"nation": 1, "province": 11, "commune": 131}


def test_471_communes_of_the_last_day_were_split() -> None:
    tree = seed().tree
    split = {unit for unit in tree.existing(BEFORE, "commune") if len(tree.successors(unit)) > 1}
    # A commune merged into a split one earlier, on a day not looked up, shares its successors.
    assert len(split - seed().undated) == 471
    assert len(split & seed().undated) == 36
    assert max(len(tree.successors(unit)) for unit in split) == 5


def test_no_unit_was_split_between_two_provinces_of_today() -> None:
    """So what a province of today counts is no estimate."""
    tree = seed().tree
    for unit in tree.existing(BEFORE):
        placed = tree.place(unit, REFORM)
        assert placed is not None
        assert {tree.level(each) for each in placed.uncertain} <= {"commune"}, tree.full_name(unit, BEFORE)


def test_on_the_map_before_the_reform_most_communes_of_today_are_an_estimate_and_their_districts_are_not() -> None:
    tree = seed().tree
    uncertain = Counter[str | None]()
    for unit in tree.existing(REFORM, "commune"):
        placed = tree.place(unit, BEFORE)
        assert placed is not None
        uncertain.update(tree.level(each) for each in placed.uncertain)
    assert uncertain == {"commune": 3_182, "district": 325, "province": 23}


def test_every_commune_of_2022_has_successors_or_is_listed_as_unknown() -> None:
    tree = seed().tree
    unknown = []
    for unit in tree.existing(date(2022, 6, 30), "commune"):
        if tree.exists(unit, REFORM):
            continue
        assert bool(tree.successors(unit)) != tree.successor_unknown(unit)
        unknown += [unit] if tree.successor_unknown(unit) else []
    assert unknown == []


def test_every_commune_of_2025_comes_from_somewhere() -> None:
    tree = seed().tree
    fresh = [unit for unit in tree.existing(REFORM, "commune") if not tree.exists(unit, BEFORE)]
    assert all(tree.predecessors(unit) for unit in fresh)
    communes = [[p for p in tree.predecessors(unit) if p not in seed().undated] for unit in fresh]
    assert max(map(len, communes)) == 15


def test_no_fact_is_lost_on_any_map() -> None:
    tree = seed().tree
    units = [row["unit_id"] for row in seed().rows if row["do"] == "establish"]
    for day in tree.map_changes:
        for unit in units:
            placed = tree.place(unit, day)
            assert placed is not None
            assert tree.ancestors(placed.unit_id, day)[-1] == NATION_ID


def test_names_are_composed_and_kinds_are_those_of_the_law() -> None:
    for row in seed().rows:
        if "name" in row:
            assert row["name"] == nfc(row["name"]).strip() and "  " not in row["name"]
        if row["do"] == "establish":
            assert row["kind"] in KINDS[row["level"]]


# --- cases --------------------------------------------------------------------------------------------------------


def test_code_97_was_tu_lien_and_is_hong_ha() -> None:
    tree = seed().tree
    before, after = tree.by_code("00097", BEFORE), tree.by_code("00097", REFORM)
    assert before is not None and after is not None and before != after
    assert tree.full_name(before, BEFORE) == "Phường Tứ Liên"
    assert tree.full_name(after, REFORM) == "Phường Hồng Hà"


def test_nearly_every_code_of_today_was_another_units() -> None:
    tree = seed().tree
    reused = [unit for unit in tree.existing(REFORM, "commune") if tree.by_code(tree.code(unit, REFORM) or "", BEFORE)]
    assert len(reused) == 3_315  # 3,316 on the map of 1/2025: Mộc Châu's split of 2025 is not in the tree of 2022


def test_cu_khe_was_split_between_two() -> None:
    tree = seed().tree
    unit = seed().by_name("Cự Khê", BEFORE, "commune", within=seed().by_name("Thanh Oai", BEFORE, "district"))
    assert names(tree.successors(unit), REFORM) == ["Xã Bình Minh", "Phường Phú Lương"]
    placed = tree.place(unit, REFORM)
    assert placed is not None and placed.estimated and placed.unit_id == tree.successors(unit)[0]


def test_chuong_my_has_32_communes_and_is_not_the_ward_of_that_name() -> None:
    tree, found = seed().tree, seed()
    district = found.by_code("277", date(2024, 1, 1))
    assert tree.full_name(district, date(2024, 1, 1)) == "Huyện Chương Mỹ"
    assert len(found.communes(district, date(2023, 10, 1))) == len(found.communes(district, date(2024, 3, 31))) == 32
    assert len(found.communes(district, date(2025, 1, 1))) == 30
    parts = tree.former_unit_on_map(district, REFORM)
    assert [part.name for part in parts] == [
        "Phường Chương Mỹ",
        "Xã Bình Minh",
        "Xã Hòa Phú",
        "Xã Phú Nghĩa",
        "Xã Quảng Bị",
        "Xã Trần Phú",
        "Xã Xuân Mai",
    ]
    assert {part.name for part in parts if part.whole} == {"Xã Phú Nghĩa", "Xã Quảng Bị", "Xã Xuân Mai"}
    assert [(p.unit_id, p.whole) for p in tree.former_unit_on_map(district, BEFORE)] == [(district, True)]


@pytest.mark.parametrize(
    ("code", "day", "number"),
    [
        ("37", date(2024, 10, 15), 143),
        ("37", date(2025, 1, 1), 125),
        ("34", date(2024, 10, 31), 260),
        ("34", date(2024, 12, 1), 242),
        ("01", date(2024, 12, 31), 579),
        ("01", date(2025, 1, 1), 526),
        ("06", date(2022, 5, 1), 108),
    ],
)
def test_provinces_have_the_communes_of_their_day(code: str, day: date, number: int) -> None:
    assert len(seed().communes(seed().by_code(code, day), day)) == number


def test_the_city_of_ninh_binh_went_into_hoa_lu() -> None:
    tree, found = seed().tree, seed()
    day = date(2025, 1, 1)
    city, hoa_lu = found.by_code("369", date(2024, 12, 31)), found.by_code("374", day)
    assert tree.successors(city) == (hoa_lu,)
    assert [tree.full_name(hoa_lu, d) for d in (date(2024, 12, 31), day)] == ["Huyện Hoa Lư", "Thành phố Hoa Lư"]
    assert len(found.communes(hoa_lu, day)) == 20


def test_hue_became_a_city_and_kept_its_id() -> None:
    tree, hue = seed().tree, seed().by_code("46", REFORM)
    days = (date(2024, 12, 31), date(2025, 1, 1), REFORM)
    assert [tree.full_name(hue, day) for day in days] == ["Tỉnh Thừa Thiên Huế", "Thành phố Huế", "Thành phố Huế"]


def test_the_three_provinces_of_today_s_ninh_binh() -> None:
    tree, today = seed().tree, seed().by_code("37", REFORM)
    assert names(tree.predecessors(today), BEFORE) == ["Tỉnh Ninh Bình", "Tỉnh Hà Nam", "Tỉnh Nam Định"]
    assert not tree.exists(today, BEFORE)


def test_an_island_district_became_a_special_zone() -> None:
    tree = seed().tree
    district = seed().by_code("755", BEFORE)
    assert names(tree.successors(district), REFORM) == ["Đặc khu Côn Đảo"]


def test_every_line_of_the_lineage_file_is_in_the_tree() -> None:
    tree, found = seed().tree, seed()
    with LINEAGE.open(encoding="utf-8", newline="") as lines:
        curated = [line for line in csv.DictReader(lines) if line["code"] != "*"]
    assert Counter(line["province"] for line in curated) >= Counter({"37": 18, "01": 2})
    for line in curated:
        assert line["source"]
        unit = found.by_code(line["code"], date(2022, 6, 30))
        assert fold(tree.name(unit, date(2022, 6, 30)) or "") == fold(line["name"])
        if line["effective"]:
            day = date.fromisoformat(line["effective"])
            assert tree.life(unit)[1] == day
            assert tree.successors(unit) == (found.by_code(line["into"], day),)
            assert tree.name(tree.successors(unit)[0], day) == line["into_name"]


# --- rows ---------------------------------------------------------------------------------------------------------


def test_rows_refer_only_to_units_sent_before_and_days_ascend() -> None:
    sent: set[str] = set()
    for row in seed().rows:
        if row["do"] == "establish":
            sent.add(row["unit_id"])
        parent = row.get("parent_id")
        named = {row["unit_id"], *([parent] if parent else []), *(s["unit_id"] for s in row.get("successors", ()))}
        assert named <= sent
    days = [row["effective"] for row in seed().rows]
    assert days == sorted(days)


def test_a_code_is_given_up_before_it_is_given_again() -> None:
    bearers: dict[str, str] = {}
    codes: dict[str, str] = {}
    for row in seed().rows:
        unit = row["unit_id"]
        if row["do"] == "abolish":
            bearers.pop(codes.pop(unit, ""), None)
        elif row.get("code") is not None:
            assert row["code"] not in bearers
            bearers[row["code"]], codes[unit] = unit, row["code"]
    assert len(bearers) == 34 + 3_321


def test_row_ids_are_unique_and_the_same_in_every_load() -> None:
    ids = [row["id"] for row in seed().rows]
    assert len(set(ids)) == len(ids)
    assert load().rows == seed().rows
    assert seed().rows[0]["unit_id"] == NATION_ID


def test_rows_up_to_a_day_make_the_tree_of_that_day() -> None:
    tree = UnitTree()
    for row in rows(seed(), date(2024, 12, 31)):
        tree.apply(*as_event(row))
    assert max(tree.map_changes) == date(2024, 12, 1)
    assert sum(1 for _ in tree.existing(REFORM, "province")) == 63


def test_abolitions_name_one_main_successor() -> None:
    for row in seed().rows:
        if row["do"] == "abolish" and row["successors"]:
            assert [s["main"] for s in row["successors"]] == [True] + [False] * (len(row["successors"]) - 1)


# --- building -----------------------------------------------------------------------------------------------------


def test_one_spelling_of_open_syllables() -> None:
    spelled = {"Hoà": "Hòa", "Thuỷ": "Thủy", "Khoẻ": "Khỏe", "Thuý An": "Thúy An", "Quý": "Quý", "Hoàng": "Hoàng"}
    assert {text: spell(text) for text in spelled} == spelled
    assert spell(" Cò  Nòi ") == "Cò Nòi"


def small_tables() -> Tables:
    def known(kind: str, parent: str, **of: str) -> dict[str, Known]:
        return {code: Known(code, kind, name, parent) for code, name in of.items()}

    old = {"00001": "Ao", "00002": "Bãi", "00003": "Cồn", "00004": "Dốc", "00005": "Ếch", "00006": "Phố"}
    later = {code: name for code, name in old.items() if code not in ("00004", "00005")}
    districts = known("huyện", "91", **{"901": "Huyện"})
    return Tables(
        provinces_2022=known("tỉnh", "", **{"91": "Tỉnh"}),
        districts_2022=districts,
        communes_2022=known("xã", "901", **old),
        provinces_2025=known("tỉnh", "", **{"91": "Tỉnh"}),
        districts_2025=districts,
        communes_2025=known("xã", "901", **later),
        former_names={
            "00001": frozenset({"xaao", "ao"}),
            "00002": frozenset({"xabai", "xadoc", "doc"}),
            "00003": frozenset(),
            "00006": frozenset(),
        },
        provinces_new=known("tỉnh", "", **{"91": "Tỉnh"}),
        communes_new=known("phường", "91", **{"00001": "Ao Mới", "00002": "Bãi", "00003": "Khác"}),
        links={
            "00001": Link("00001", ("00001",)),
            "00002": Link("00002", ("00002", "00003")),
            "00003": Link("00003", ("00003",)),
            "00006": Link("00006", ("00003",)),
        },
        islands={},
    )


def test_building_decides_identity_and_lineage() -> None:
    content = {"sources": [], **layout(Builder(small_tables()).build())}
    made = decode(json.loads(json.dumps(content)))
    tree = made.tree
    of = {tree.name(unit, BEFORE): unit for unit in tree.existing(BEFORE, "commune")}
    assert len(of) == 6
    # one-to-one: the same unit, renamed
    assert tree.full_name(of["Ao"], REFORM) == "Phường Ao Mới" and tree.exists(of["Ao"], REFORM)
    # split: main successor first; the namesake is another unit
    assert [tree.name(unit, REFORM) for unit in tree.successors(of["Bãi"])] == ["Bãi", "Khác"]
    assert not tree.exists(of["Bãi"], REFORM)
    # merged earlier on a day not known: found by its former name, shares the successors
    assert tree.successors(of["Dốc"]) == tree.successors(of["Bãi"]) and of["Dốc"] in made.undated
    # nobody knows
    assert tree.successor_unknown(of["Ếch"])
    placed = tree.place(of["Ếch"], REFORM)
    assert placed is not None and placed.successor_unknown and tree.level(placed.unit_id) == "province"
    # the province nothing was merged into goes on
    assert tree.exists(tree.by_code("91", BEFORE) or "", REFORM)


def test_building_twice_gives_the_same_bytes() -> None:
    first, second = (json.dumps(layout(Builder(small_tables()).build()), sort_keys=True) for _ in range(2))
    assert first == second

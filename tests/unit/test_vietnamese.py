from __future__ import annotations

import subprocess
import sys
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.vietnamese import fold, hanoi_day, nfc, sort_key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Hoà Bình", "hoa binh"),
        ("Hòa Bình", "hoa binh"),
        ("  HOA   BINH ", "hoa binh"),
        ("Đường Đê", "duong de"),
        ("Phan Rang - Tháp Chàm", "phan rang thap cham"),
        ("Phan Rang-Tháp Chàm", "phan rang thap cham"),
        ("Từng Nhà", "tung nha"),
        ("Phường 1", "phuong 1"),
        ("", ""),
    ],
)
def test_fold_makes_one_key_of_every_way_to_write_a_name(text: str, key: str) -> None:
    assert fold(text) == fold(unicodedata.normalize("NFD", text)) == key


@given(st.text())
def test_fold_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_nfc_composes() -> None:
    assert nfc(unicodedata.normalize("NFD", "tiếng Việt")) == "tiếng Việt"


def test_names_sort_as_in_a_vietnamese_dictionary() -> None:
    names = ["Đặng", "Dũng", "Anh", "Ấm", "Ân", "Ăn", "Bảo", "bao"]
    assert sorted(names, key=sort_key) == ["Anh", "Ăn", "Ấm", "Ân", "bao", "Bảo", "Dũng", "Đặng"]


def test_a_day_begins_at_midnight_in_hanoi() -> None:
    assert hanoi_day(datetime(2025, 6, 30, 16, 59, 59, tzinfo=UTC)) == date(2025, 6, 30)
    assert hanoi_day(datetime(2025, 6, 30, 17, 0, tzinfo=UTC)) == date(2025, 7, 1)
    assert hanoi_day(datetime(2025, 7, 1, 0, 30, tzinfo=timezone(timedelta(hours=9)))) == date(2025, 6, 30)


def test_a_moment_without_time_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match="time zone"):
        hanoi_day(datetime(2025, 7, 1))


def test_units_need_the_standard_library_only() -> None:
    outside = (
        "import sys, shared.units; "
        "roots = {name.partition('.')[0] for name in sys.modules if '.' not in name}; "
        "print(sorted(roots & {'vn_collate', 'sqlalchemy', 'orjson', 'marshmallow', 'nameko'}))"
    )
    found = subprocess.run([sys.executable, "-c", outside], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

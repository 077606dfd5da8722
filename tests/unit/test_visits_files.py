"""Files of numbers of households: whatever they say, a dry run, an import, one taken over and one sent again agree."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, cast
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.visits.domain.households import (
    HOUSEHOLDS,
    Declaration,
    DeclarationReason,
    DeclareHouseholds,
    HouseholdsCommand,
    HouseholdsDeclared,
    HouseholdsWithdrawn,
    Qualifier,
    WithdrawHouseholds,
    households_stream,
)
from services.visits.files import work
from services.visits.files.templates import TEMPLATES
from services.visits.files.work import HouseholdsTask
from services.visits.messages import MESSAGES
from shared.access import Actor
from shared.codec import Codec
from shared.handler import Answer, Envelope, Handler
from shared.jobs import Job, RowResult, State
from shared.memory import MemoryLog
from shared.problems import register
from shared.sheets import Page, write_csv, write_xlsx
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree
from shared.writer import GroupWriter
from tests.unit_events import abolished, established

register(MESSAGES)
SHEET = TEMPLATES["households"].sheets[0]
DAY = date(2025, 12, 31)
Values = dict[str, Any]


def units() -> UnitTree:
    tree = UnitTree()
    for unit_id, level, kind, name, parent, code in (
        ("vn", "nation", "quốc gia", "Việt Nam", None, None),
        ("p1", "province", "tỉnh", "Ninh Bình", "vn", "37"),
        ("p2", "province", "tỉnh", "Hưng Yên", "vn", "33"),
        ("c1", "commune", "xã", "Hoà Bình", "p1", "00097"),
        ("c2", "commune", "xã", "Tân Tiến", "p1", "00098"),
        ("c3", "commune", "xã", "Đông Hưng", "p2", "00099"),
        ("v1", "village", "thôn", "Đoài", "c1", None),
        ("v2", "village", "thôn", "Thôn 2", "c1", None),
        ("v3", "village", "thôn", "Hạ", "c1", None),
        ("v4", "village", "tổ dân phố", "Hạ", "c1", None),
        ("v5", "village", "thôn", "Thượng", "c3", None),
    ):
        data = {"unit_id": unit_id, "level": level, "kind": kind, "name": name, "parent_id": parent, "code": code}
        tree.apply("UnitEstablished", data | {"effective": "2020-01-01", "document_id": None, "simulated": True})
    return tree


class Directory:
    def __init__(self) -> None:
        self._tree = units()

    def refresh(self) -> UnitTree:
        return self._tree


class Declared:
    """Visits in memory, as far as a file of households needs it."""

    def __init__(self, log: MemoryLog, writer: GroupWriter) -> None:
        self.log = log
        codec = Codec(HouseholdsDeclared, HouseholdsWithdrawn)
        self.handler = Handler(log, writer, HOUSEHOLDS, codec, hash_key=b"k" * 32)
        self.task = HouseholdsTask(self.handler, cast(UnitDirectory, Directory()))

    def figures(self, unit_id: str) -> list[tuple[date, int]]:
        return [(each.day, each.total) for each in self.handler.state(households_stream(unit_id))[0]]

    def tell(self, command: HouseholdsCommand) -> None:
        assert isinstance(self.handler.handle(Envelope(uuid4(), command, "clerk", datetime.now(UTC))), Answer)

    def send(
        self,
        content: bytes,
        media: str = "csv",
        *,
        dry_run: bool = False,
        roots: Iterable[str] = ("vn",),
        dies: int = -1,
    ) -> list[tuple[str, list[tuple[str, str]]]]:
        """(outcome, [(cell, code)]) per row. ``dies``: the worker ends in that step, between storing and its commit."""
        actor, now = Actor("clerk", frozenset({"visits:write"}), frozenset(roots)), datetime.now(UTC)
        params = {"template": "households", "dry_run": dry_run}
        job = Job(
            *(uuid4(), "import", params, actor, "vi", media, 1, b"", State.APPLYING, 0, None, {}, {}, None),
            *(self.log.heads(), now, now, None, None),
        )
        results, cursor, step = list[RowResult](), 0, 0
        with tempfile.TemporaryFile() as file:
            file.write(content)
            opened = self.task.open(job, cast(Any, Uploaded(file, media)), results)
            while cursor is not None:
                done = opened.step(cursor)
                if step == dies:
                    opened, dies = self.task.open(job, cast(Any, Uploaded(file, media)), results), -1
                    continue
                results += done.results
                cursor, step = done.cursor, step + 1
            opened.result(results, io.BytesIO())
        assert [result.index for result in results] == list(range(opened.total))
        return [(r.outcome, [(f.cell, f.code) for f in r.findings]) for r in results]


class Uploaded:
    def __init__(self, file: Any, media: str) -> None:
        self._file, self.media = file, media

    def open(self) -> Any:
        self._file.seek(0)
        return self._file


@contextmanager
def visits() -> Iterator[Declared]:
    log = MemoryLog()
    writer = GroupWriter(log)
    try:
        yield Declared(log, writer)
    finally:
        writer.stop()


def row(village: str | None, total: int, unit: str = "00097", **other: Any) -> Values:
    return {"unit": unit, "village": village, "total": total, "day": DAY, "source": "Báo cáo UBND xã"} | other


def csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(write_csv(SHEET.columns, rows))


def test_a_file_as_localities_write_it() -> None:
    text = (
        "BÁO CÁO SỐ HỘ\r\n\r\nSTT;Mã xã;Tổ dân phố;Tổng số hộ;Tính đến ngày;Nguồn;Mức độ chính xác\r\n"
        "1;97;Thôn Đoài;412;31/12/2025;UBND xã;\r\n2;97;2;300;31/12/2025;UBND xã;hơn\r\n"
        "3;98;;1500;31/12/2025;UBND xã;khoảng\r\n4;97;tổ dân phố hạ;90;31/12/2025;UBND xã;gần\r\n"
    )
    with visits() as declared:
        assert declared.send(text.encode("utf-8-sig")) == [("stored", [])] * 4
        assert declared.figures("v1") == [(DAY, 412)] and declared.figures("v2") == [(DAY, 300)]
        assert declared.figures("c2") == [(DAY, 1500)] and declared.figures("v4") == [(DAY, 90)]
        said = [event.data["qualifier"] for event in declared.log.read(0, 0, 9)]
        assert said == ["exact", "more_than", "about", "nearly"]


def test_rows_may_name_a_commune_of_before_and_whoever_answers_today_may_send_them() -> None:
    """c1 came from c0 alone, c2 from two: a village is found there, but no total of a part is one of the whole."""
    before, after = date(2019, 12, 31), DAY
    with visits() as declared:
        tree = declared.task._directory.refresh()
        for unit_id, successor, code in (("c0", "c1", "00010"), ("c8", "c2", "00018"), ("c9", "c2", "00019")):
            tree.apply(*established(unit_id, "commune", "p1", date(2015, 1, 1), code=code))
            tree.apply(*abolished(unit_id, date(2020, 1, 1), successor))
        rows = [
            row("Đoài", 7, "00010", day=after),
            row(None, 9, "00097", day=before),
            row(None, 8, "00018", day=before),
        ]
        assert declared.send(csv(rows), roots=["c1", "c2"]) == [("stored", [])] * 3
        assert [declared.figures(unit) for unit in ("v1", "c0", "c8")] == [[(after, 7)], [(before, 9)], [(before, 8)]]
        rows = [row(None, 8, "00018", day=after), row(None, 9, "00098", day=before), row(None, 5, "00010", day=before)]
        refused = [("rejected", [("A2", "unit-not-on-day")]), ("rejected", [("A3", "unit-not-on-day")])]
        forbidden = [("rejected", [("A4", "forbidden-unit")])]
        assert declared.send(csv(rows), roots=["c2"]) == refused + forbidden


BAD = [
    (row("Đoài", 1), "stored", []),
    (row("Đoài", 2), "rejected", [("3", "row-twice")]),
    (row("Không Có", 1), "rejected", [("B4", "row-village-unknown")]),
    (row("Hạ", 1), "rejected", [("B5", "row-village-ambiguous")]),
    (row(None, 1), "rejected", [("A6", "households-of-villages")]),
    (row(None, 1, "p1"), "rejected", [("A7", "households-level")]),
    (row("Đoài", 1, "11111"), "rejected", [("A8", "unknown-unit")]),
    (row("Thượng", 1, "00099"), "rejected", [("A9", "forbidden-unit")]),
    (row("Đoài", 1, day=date(2019, 1, 1)), "rejected", [("A10", "unit-not-on-day")]),
    (row("Thôn 2", -1), "rejected", [("C11", "out-of-range")]),
    (row("Thôn 2", 7, source=None), "rejected", [("F12", "cell-missing")]),
    (row("Thôn 2", 8), "stored", []),
]


@pytest.mark.parametrize("media", ["csv", "xlsx"])
def test_bad_rows_are_named_by_cell_and_good_ones_stored(media: str) -> None:
    rows = [values for values, _, _ in BAD]
    content = csv(rows)
    if media == "xlsx":
        to = io.BytesIO()
        write_xlsx(to, [Page(SHEET, rows)])
        content = to.getvalue()
    in_sheet = "" if media == "csv" else "Số hộ!"
    expected = [(outcome, [(in_sheet + cell, code) for cell, code in found]) for _, outcome, found in BAD]
    with visits() as declared:
        assert declared.send(content, media, dry_run=True, roots=["p1"]) == expected
        assert declared.log.heads() == {0: 0}, "a dry run stores nothing"
        assert declared.send(content, media, roots=["p1"]) == expected
        again = [("repeated" if outcome == "stored" else outcome, found) for outcome, found in expected]
        assert declared.send(content, media, roots=["p1"]) == again
        assert declared.figures("v1") == [(DAY, 1)] and declared.figures("v2") == [(DAY, 8)]


def test_what_differs_from_what_is_stored_is_a_conflict_and_changes_nothing() -> None:
    with visits() as declared:
        declared.send(csv([row("Đoài", 412)]))
        assert declared.send(csv([row("Đoài", 421)])) == [("conflict", [("C2", "households-declared")])]
        other_source = csv([row("Đoài", 412, source="Niên giám")])
        assert declared.send(other_source) == [("conflict", [("C2", "households-declared")])]
        assert declared.figures("v1") == [(DAY, 412)]


def test_a_file_sent_again_asks_what_stands_by_then() -> None:
    file, reason = csv([row("Đoài", 412)]), DeclarationReason.WRONG_SOURCE
    with visits() as declared:
        assert declared.send(file) == [("stored", [])]
        declared.tell(WithdrawHouseholds("v1", DAY, reason))
        assert declared.send(file) == [("stored", [])]
        declared.tell(DeclareHouseholds("v1", Declaration(DAY, 421, Qualifier.EXACT, "Báo cáo"), reason))
        assert declared.send(file) == [("conflict", [("C2", "households-declared")])]
        assert declared.figures("v1") == [(DAY, 421)]


rows_of = st.lists(
    st.builds(
        row,
        st.sampled_from(("Đoài", "Thôn 2", "thôn hạ", "Hạ", None)),
        st.integers(1, 3),
        st.sampled_from(("00097", "00098", "00099")),
        day=st.dates(DAY, date(2026, 1, 2)),
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=60)
@given(rows_of, rows_of, st.integers(0, 4), st.integers(1, 3))
def test_rehearsed_stored_taken_over_and_sent_again(
    earlier: list[Values], rows: list[Values], dies: int, chunk: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, visits() as declared, visits() as other:
        patch.setattr(work, "CHUNK_ROWS", chunk)
        for each in (declared, other):
            each.send(csv(earlier))
        rehearsed = declared.send(csv(rows), dry_run=True)
        stored = declared.send(csv(rows))
        assert stored == rehearsed == other.send(csv(rows), dies=dies)
        again = [("repeated" if outcome == "stored" else outcome, found) for outcome, found in stored]
        assert declared.send(csv(rows)) == again
        for unit in ("v1", "v2", "v3", "c2"):
            assert declared.figures(unit) == other.figures(unit)

"""The result file: the uploaded rows at their places, and what became of each in three columns to the right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, Protocol

from shared.sheets.book import Book, Layout, Row
from shared.sheets.finding import Finding
from shared.sheets.headers import RESULT_COLUMNS
from shared.sheets.template import Cell
from shared.sheets.writing import Workbook, csv_of
from shared.vietnamese import fold


class Outcome(Protocol):
    @property
    def outcome(self) -> str: ...
    @property
    def findings(self) -> Sequence[Finding]: ...


WORDS = {
    "stored": ("Đã ghi", "Stored"),
    "repeated": ("Đã có từ trước", "Stored before"),
    "rejected": ("Bị từ chối", "Rejected"),
    "conflict": ("Trùng mã, khác nội dung", "Conflict"),
    "": ("Chưa xử lý", "Not processed"),
}
REHEARSED = WORDS | {"stored": ("Hợp lệ (chạy thử)", "Would be stored (dry run)")}


def write_results(
    book: Book, results: Mapping[int, Outcome], to: BinaryIO, locale: str = "vi", *, rehearsed: bool = False
) -> None:
    """``results`` by row index; written in the format of the upload. The row numbers stay those of the upload."""
    words = REHEARSED if rehearsed else WORDS
    by_sheet: dict[str, list[Row]] = {key: [] for key in book.layouts}
    for row in book.rows:
        by_sheet[row.sheet].append(row)
    parts = [(layout, _lines(layout, by_sheet[key], results, words, locale)) for key, layout in book.layouts.items()]
    if book.media == "csv":
        for _, lines in parts:
            for piece in csv_of(_padded(lines), book.delimiter):
                to.write(piece)
        return
    with Workbook(to) as workbook:
        for layout, lines in parts:
            workbook.begin(layout.name)
            for index, (column, header) in _widths(layout):
                workbook.sheet.set_column(index, index, max(column, len(header) + 2))
            for number, cells in lines:
                formats = [workbook.header] * len(cells) if number == layout.header else ()
                workbook.row(cells, formats, at=number - 1)


def _lines(
    layout: Layout,
    rows: Iterable[Row],
    results: Mapping[int, Outcome],
    words: Mapping[str, tuple[str, str]],
    locale: str,
) -> Iterator[tuple[int, list[Cell]]]:
    """(number from 1, cells), in order."""
    former = {fold(text) for texts in RESULT_COLUMNS.values() for text in texts}
    kept = [n for n, text in enumerate(layout.cells) if text and fold(text) not in former]
    width = max(kept) + 1
    drop = {n for n in range(width) if n not in kept and layout.cells[n]}
    added = RESULT_COLUMNS[locale]

    def cut(cells: Sequence[Cell]) -> list[Cell]:
        taken = [None if n in drop else cell for n, cell in enumerate(cells[:width])]
        return taken + [None] * (width - len(taken))

    header = (layout.header, [*cut(layout.cells), *added])
    yield from sorted([*((number, list(cells)) for number, cells in layout.around), header], key=lambda each: each[0])
    for row in rows:
        found = results.get(row.index)
        word = words.get(found.outcome if found else "", ("?", "?"))[locale == "en"]
        texts = ["; ".join(f.text(each) for f in found.findings) if found else "" for each in ("vi", "en")]
        yield row.number, [*cut(row.cells), word, *texts]


def _padded(lines: Iterable[tuple[int, list[Cell]]]) -> Iterator[list[Cell]]:
    """With the empty rows between, so that every row keeps its number."""
    expected = 1
    for number, cells in lines:
        for _ in range(expected, number):
            yield []
        yield cells
        expected = number + 1


def _widths(layout: Layout) -> Iterator[tuple[int, tuple[int, str]]]:
    for key, (index, header) in layout.columns.items():
        yield index, (layout.sheet.by_key[key].width, header)

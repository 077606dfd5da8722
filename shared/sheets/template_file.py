"""The empty file people fill in: header, an example row, and in XLSX an explanation sheet and lists of choices."""

from __future__ import annotations

import io

from shared.sheets.headers import GUIDE
from shared.sheets.template import Column, Template
from shared.sheets.writing import Workbook, cells_of, csv_of

ROWS_WITH_LISTS = 5_000
LIST_LIMIT = 255
"""Excel takes so many characters as the list of a cell; a longer one would need a sheet of its own."""
_HEADS = {
    "vi": ("Trang tính", "Cột", "Bắt buộc", "Nội dung", "Ví dụ", "Ghi chú"),
    "en": ("Sheet", "Column", "Required", "Content", "Example", "Note"),
}
_LEAD = {
    "vi": "Mỗi dòng là một mục. Dòng ví dụ để nguyên sẽ được bỏ qua. "
    "Không gửi số định danh, ngày sinh (Luật 91/2025/QH15).",
    "en": "One item a row. An example row left as it is will be skipped. "
    "Send no ID numbers or birth dates (Law 91/2025/QH15).",
}


def template_file(template: Template, media: str, locale: str = "vi", sheet: str = "") -> bytes:
    """``media`` csv (one sheet: the one with this key, else the first) or xlsx (all of them)."""
    if media == "csv":
        wanted = template.sheet(sheet) if sheet else template.sheets[0]
        columns = wanted.columns
        return b"".join(csv_of([[c.header(locale) for c in columns], _example(columns)]))
    to = io.BytesIO()
    with Workbook(to) as book:
        for each in template.sheets:
            book.page(each, locale)
            book.row(_example(each.columns))
            for index, column in enumerate(each.columns):
                _list(book, index, column)
        _guide(book, template, locale)
    return to.getvalue()


def _example(columns: tuple[Column, ...]) -> list[object]:
    return cells_of(columns, {c.key: c.kind.read(c.example) for c in columns if c.example})


def _list(book: Workbook, index: int, column: Column) -> None:
    words = list(column.kind.choices)
    if words and len(",".join(words)) <= LIST_LIMIT:
        rule = {"validate": "list", "source": words, "error_type": "warning"}
        book.sheet.data_validation(1, index, ROWS_WITH_LISTS, index, rule)


def _guide(book: Workbook, template: Template, locale: str) -> None:
    book.begin(GUIDE[locale])
    for index, width in enumerate((16, 26, 10, 44, 30, 60)):
        book.sheet.set_column(index, index, width, book.wrapped)
    book.row([template.title(locale)], [book.header])
    for line in filter(None, (_LEAD[locale], template.en_note if locale == "en" else template.vi_note)):
        book.row([line])
    book.row(_HEADS[locale], [book.header] * len(_HEADS[locale]))
    yes = "Yes" if locale == "en" else "Có"
    for sheet in template.sheets:
        for c in sheet.columns:
            required = yes if c.required else ""
            book.row(
                [sheet.title(locale), c.header(locale), required, c.kind.explained(locale), c.example, c.note(locale)]
            )

"""An answer in the format asked for: JSON, or on paper."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from eventlet import tpool

from services.reporting.exports.files import csv_file, xlsx_file
from services.reporting.exports.table import Table, table_of
from services.reporting.schemas.reports import Format, Question
from services.reporting.service.base import told
from shared.edge import Reply
from shared.edge_jobs import attachment, content_type

PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}


def reply(answer: dict[str, Any], question: Question, today: date, locale: str) -> Reply:
    """``answer`` is whole where it is not JSON. Files are never kept by caches."""
    if question.format is Format.JSON:
        return told(answer)
    table = table_of(answer, question.indicators, today, locale)
    if question.format is Format.HTML:
        return Reply(200, _page(table), PAGE_HEADERS)
    media, period = question.format.value, answer["period"]
    name = f"bao-cao-{period['from']:%Y%m%d}-{period['to']:%Y%m%d}"
    content = csv_file(table) if question.format is Format.CSV else xlsx_file(table, tpool.execute)
    return Reply(200, content, {"Content-Type": content_type(media)} | attachment(name, media))


def _page(table: Table) -> Iterator[bytes]:
    # Only pages need the template engine.
    from services.reporting.exports.page import html_page

    return html_page(table)

"""Words and numbers of exports, Vietnamese and English."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.reporting.indicators import Unit

Words = dict[str, tuple[str, str]]
WORDS: Words = {
    "number": ("STT", "No."),
    "indicator": ("Chỉ tiêu", "Indicator"),
    "measure": ("Đơn vị tính", "Measured in"),
    "value": ("Giá trị", "Value"),
    "before": ("Kỳ trước", "Period before"),
    "change": ("Tăng, giảm", "Change"),
    "made_of": ("Tử số / mẫu số", "Numerator / denominator"),
    "unit": ("Đơn vị hành chính", "Administrative unit"),
    "code": ("Mã", "Code"),
    "rank": ("Thứ hạng", "Rank"),
    "period": ("Kỳ", "Period"),
    "from": ("Từ ngày", "From"),
    "to": ("Đến ngày", "To"),
    "remainder": ("Chưa xếp vào đơn vị nào", "At none of these units"),
    "total": ("Tổng số", "Total"),
    "estimated": ("≈ Ước tính (số sự kiện)", "≈ Estimated (facts)"),
    "estimated_note": (
        "≈ Ước tính: cột cuối ghi số sự kiện có thể thuộc đơn vị khác, do chia tách, sáp nhập đơn vị hành chính.",
        "≈ Estimated: the last column counts facts that may belong to another unit, as units were split or merged.",
    ),
    "unknown": ("chưa có mẫu số", "denominator unknown"),
    "other_codes": ("các mã còn lại", "all other codes"),
    "report": ("BÁO CÁO", "REPORT"),
    "title": (
        "Kết quả hoạt động của Tổ công nghệ số cộng đồng – {unit}",
        "Community digital-technology teams – {unit}",
    ),
    "days": ("Số liệu từ ngày {first} đến ngày {last}", "Figures from {first} to {last}"),
    "as_of": ("tính đến ngày {as_of}", "as of {as_of}"),
    "map": ("theo bản đồ hành chính ngày {map}", "on the map of {map}"),
    "notes": ("Ghi chú", "Notes"),
    "versions": ("Phiên bản chỉ tiêu: {versions}", "Versions of indicators: {versions}"),
    "positions": ("Vị trí nguồn dữ liệu: {positions}", "Positions of the sources: {positions}"),
    "simulated": ("Đơn vị mô phỏng, không có thật.", "A simulated unit, which does not exist."),
    "recipients": ("Nơi nhận:", "To:"),
    "archive": ("- Lưu: VT.", "- Archive."),
    "signer": ("QUYỀN HẠN, CHỨC VỤ CỦA NGƯỜI KÝ", "TITLE OF WHO SIGNS"),
    "signature": ("(Chữ ký, dấu)", "(signature, seal)"),
}
MEASURES: dict[Unit, tuple[str, str]] = {
    Unit.COUNT: ("số lượng", "count"),
    Unit.RATIO: ("tỷ số", "ratio"),
    Unit.PERCENT: ("%", "%"),
    Unit.DAYS: ("ngày", "days"),
}

MOTTO = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
"""The national heading of documents (decree 30/2020/NĐ-CP), the same in every language."""


def words(name: str, locale: str, **params: object) -> str:
    return WORDS[name][locale == "en"].format(**params)


def measure(unit: Unit, locale: str) -> str:
    return MEASURES[unit][locale == "en"]


def shown_day(day: date | str) -> str:
    return date.fromisoformat(str(day)).strftime("%d/%m/%Y")


def decimals(number: float | None) -> int:
    """How many of them ``shown_number`` shows."""
    return 0 if number is None or isinstance(number, int) else len(f"{number:.4f}".rstrip("0").partition(".")[2])


def shown_number(number: float | None, locale: str, places: int = 0) -> str:
    """1.234,56 in Vietnamese, 1,234.56 in English; as many decimals as there are, and at least ``places``."""
    if number is None:
        return "–"
    text = f"{number:,.{max(places, decimals(number))}f}"
    return text if locale == "en" else text.translate(_SWAPPED)


_SWAPPED = str.maketrans(",.", ".,")


def issuing_body(unit: dict[str, Any]) -> tuple[str, str]:
    """The superior body and the one whose report it is. Reports of villages are those of their commune's committee."""
    name = str(unit["name"] or unit["id"]).upper()
    if unit["level"] == "nation":
        return "", "BỘ KHOA HỌC VÀ CÔNG NGHỆ"
    if unit["level"] == "village":
        return "ỦY BAN NHÂN DÂN CẤP XÃ", f"TỔ CÔNG NGHỆ SỐ CỘNG ĐỒNG {name}"
    return "ỦY BAN NHÂN DÂN", name

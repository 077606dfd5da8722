"""Why something about places is refused."""

from __future__ import annotations

from shared.problems import Text

PLACES: dict[str, Text] = {
    "unit-not-on-day": Text(
        422,
        "Đơn vị hành chính không tồn tại vào ngày đó",
        "Đơn vị này chưa thành lập hoặc đã giải thể vào ngày {day}.",
        "Unit does not exist on that day",
        "This unit was not yet established or already abolished on {day}.",
    ),
    "place-differs": Text(
        409,
        "Địa điểm đã được ghi nhận khác",
        "Địa điểm này đã được ghi nhận là {kind} ở đơn vị {unit}.",
        "The place is known otherwise",
        "This place is known as {kind} in unit {unit}.",
    ),
}

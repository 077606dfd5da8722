"""Texts of this service's problems and warnings, Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping

from shared.problem_texts import Text

MESSAGES: Mapping[str, Text] = {
    "no-such-unit": Text(
        404,
        "Không có đơn vị này",
        "Chưa từng có đơn vị hành chính mang mã {unit}.",
        "No such unit",
        "There has never been an administrative unit with the id {unit}.",
    ),
    "period-reversed": Text(
        422,
        "Khoảng thời gian không hợp lệ",
        "Ngày đầu ({first}) sau ngày cuối ({last}).",
        "Period ends before it begins",
        "The first day ({first}) is after the last day ({last}).",
    ),
    "map-too-early": Text(
        422,
        "Bản đồ hành chính quá sớm",
        "Chỉ có bản đồ hành chính từ ngày {first}.",
        "Map too early",
        "There are maps of administrative units from {first} on.",
    ),
    "too-many-periods": Text(
        422,
        "Quá nhiều kỳ",
        "Chỉ trả lời tối đa {most} kỳ; hãy thu hẹp khoảng thời gian hoặc chọn kỳ dài hơn {step}.",
        "Too many periods",
        "At most {most} periods are answered; narrow the days, or ask for longer periods than {step}.",
    ),
    "no-such-position": Text(
        422,
        "Không có phân vùng này",
        "Nguồn {source} không có phân vùng {partition}.",
        "No such partition",
        "The source {source} has no partition {partition}.",
    ),
}

WARNINGS: Mapping[str, tuple[str, str]] = {
    "estimated": (
        "{facts} sự kiện được xếp vào đơn vị kế thừa chính vì đơn vị cũ đã chia tách.",
        "{facts} facts stand at the main successor of a unit that was split.",
    ),
    "successor_unknown": (
        "{facts} sự kiện thuộc đơn vị chưa rõ đơn vị kế thừa; được tính ở cấp trên.",
        "{facts} facts belong to units whose successor is unknown; they count at a higher level.",
    ),
    "unplaced": (
        "{facts} sự kiện thuộc đơn vị chưa có trong danh mục; chỉ được tính ở cấp toàn quốc.",
        "{facts} facts belong to units not known yet; they count for the nation only.",
    ),
    "unit_not_on_map": (
        "Đơn vị không có trên bản đồ ngày {asked}; số liệu là của địa bàn đơn vị theo bản đồ ngày {shown}.",
        "The unit is not on the map of {asked}; the figures are of its area on the map of {shown}.",
    ),
    "map_settling": (
        "Danh mục đơn vị vừa thay đổi; số liệu theo bản đồ đang được cập nhật.",
        "Units have just changed; the figures are being moved to the new map.",
    ),
    "parked": (
        "{events} sự kiện chưa được tính vì có lỗi.",
        "{events} events are not counted because they could not be processed.",
    ),
}


def warning(code: str, locale: str, **params: object) -> dict[str, object]:
    """``{"code", "detail", …params}`` of an answer's ``warnings``."""
    vi, en = WARNINGS[code]
    return {"code": code, "detail": (en if locale == "en" else vi).format(**params), **params}

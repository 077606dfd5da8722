"""Texts of the warnings that answers carry."""

from __future__ import annotations

from collections.abc import Mapping

WARNINGS: Mapping[str, tuple[str, str]] = {
    "estimated": (
        "{facts} sự kiện có thể thuộc đơn vị khác, do chia tách, sáp nhập đơn vị hành chính; "
        "được xếp vào đơn vị kế thừa chính, hoặc đơn vị tiền thân chính.",
        "{facts} facts may belong to another unit, because units were split or merged; "
        "they stand at the main successor, or predecessor.",
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
    "units_unknown": (
        "{units} đơn vị của đợt cao điểm chưa có trong danh mục; số liệu của các đơn vị này chưa được tính.",
        "{units} units of the campaign are not known yet; their figures are not counted.",
    ),
    "map_settling": (
        "Danh mục đơn vị vừa thay đổi; số liệu theo bản đồ đang được cập nhật.",
        "Units have just changed; the figures are being moved to the new map.",
    ),
    "counted_anew": (
        "Phiên bản này có thêm chỉ tiêu; số liệu đang được tính lại, chỉ tiêu mới còn thiếu cho đến khi tính xong.",
        "This version counts more figures: all are being counted anew, the new ones are incomplete until that is done.",
    ),
    "parked": (
        "{events} sự kiện chưa được tính vì có lỗi.",
        "{events} events are not counted because they could not be processed.",
    ),
    "source_unchecked": (
        "Chưa kiểm tra lại được nguồn {source} từ {since:%H:%M} ngày {since:%d/%m/%Y}; có thể còn sự kiện chưa tính.",
        "Source {source} not checked since {since:%H:%M} on {since:%d/%m/%Y}; there may be events not counted yet.",
    ),
    "source_never_checked": (
        "Chưa lần nào kiểm tra được nguồn {source}; có thể còn sự kiện chưa tính.",
        "Source {source} has never been checked; there may be events not counted yet.",
    ),
    "not_derived": (
        "Chưa có số đếm từ sự kiện để đối chiếu.",
        "Nothing is counted from events to compare this with.",
    ),
    "dates_differ": (
        "Tử số tính đến ngày {day}, mẫu số tính đến ngày {other}: tỷ lệ của hai thời điểm khác nhau.",
        "The numerator is of {day}, the denominator of {other}: a ratio of two dates.",
    ),
    "not_exact": (
        "Có số chỉ được công bố ở mức ước lượng (hơn, gần, khoảng).",
        "At least one of the figures was published as an approximation (more than, nearly, about).",
    ),
}


def warning(code: str, locale: str, **params: object) -> dict[str, object]:
    """``{"code", "detail", …params}`` of an answer's ``warnings``."""
    vi, en = WARNINGS[code]
    return {"code": code, "detail": (en if locale == "en" else vi).format(**params), **params}

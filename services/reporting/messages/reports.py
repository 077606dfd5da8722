"""Why a question about figures is refused."""

from __future__ import annotations

from collections.abc import Mapping

from shared.problem_texts import Text

REPORTS: Mapping[str, Text] = {
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
    "too-many-units": Text(
        422,
        "Quá nhiều đơn vị",
        "Có hơn {most} đơn vị cấp {level}; hãy hỏi theo từng đơn vị cấp trên, hoặc chọn cấp (level) cao hơn.",
        "Too many units",
        "There are more than {most} units of the level {level}; ask unit by unit above them, or for a higher level.",
    ),
    "too-many-values": Text(
        422,
        "Câu hỏi quá lớn",
        "Câu trả lời sẽ có {values} giá trị, tối đa là {most}; hãy chọn không quá {indicators} chỉ tiêu (indicators),"
        " hoặc thu hẹp kỳ hay địa bàn.",
        "Question too large",
        "The answer would have {values} values, {most} at most; choose no more than {indicators} indicators, or narrow"
        " the days or the area.",
    ),
    "unknown-indicator": Text(
        422,
        "Không có chỉ tiêu này",
        "Không có chỉ tiêu hay nhóm chỉ tiêu {indicator}; danh mục ở /v1/indicators.",
        "Unknown indicator",
        "There is no indicator and no group {indicator}; /v1/indicators lists them.",
    ),
    "indicator-only-declared": Text(
        422,
        "Chỉ tiêu chưa được tính",
        "Chỉ tiêu {indicator} chưa được tính từ sự kiện, chỉ có số được báo cáo: xem /v1/declared.",
        "Indicator is only declared",
        "{indicator} is not counted from events, only declared: see /v1/declared.",
    ),
    "known-at-in-all-only": Text(
        422,
        "Chỉ trả lời số liệu chung",
        "Theo những gì đã biết vào một thời điểm (known_at), chỉ trả lời số liệu chung của một đơn vị và một kỳ;"
        " hãy bỏ {name}, hoặc hỏi từng đơn vị, từng kỳ.",
        "Only one figure at a time",
        "As it was known at a moment (known_at), only the figures of one unit and period are told; leave {name} out, or"
        " ask unit by unit and period by period.",
    ),
    "known-at-of-units": Text(
        422,
        "Chỉ tiêu không hỏi được theo thời điểm biết",
        "Chỉ tiêu {indicator} đếm đơn vị trên bản đồ, không trả lời được theo những gì đã biết vào một thời điểm"
        " (known_at); hãy chọn chỉ tiêu khác (indicators).",
        "Not told as known at a moment",
        "{indicator} counts units of a map, which cannot be asked as it was known at a moment (known_at); choose other"
        " indicators.",
    ),
    "known-at-too-much": Text(
        422,
        "Quá nhiều sự kiện phải đếm lại",
        "Phải đếm lại {events} sự kiện đã ghi nhận đến thời điểm ấy, tối đa là {most}; hãy chọn thời điểm (known_at)"
        " sớm hơn, hoặc chỉ những chỉ tiêu của một nguồn (teams, visits, training).",
        "Too many events to count again",
        "{events} events recorded by then would have to be counted again, {most} at most; choose an earlier moment"
        " (known_at), or only indicators of one source (teams, visits, training).",
    ),
    "unit-not-known-then": Text(
        404,
        "Khi ấy chưa biết đơn vị này",
        "Vào thời điểm ấy (known_at) chưa có đơn vị {unit} trong danh mục.",
        "Unit not known then",
        "At that moment (known_at) the unit {unit} was not registered yet.",
    ),
    "unit-not-in-campaign": Text(
        422,
        "Đơn vị ngoài đợt cao điểm",
        "Đợt cao điểm này không diễn ra ở đơn vị này, cũng không ở đơn vị nào trực thuộc.",
        "Unit is not part of the campaign",
        "Nothing of this campaign lies in this unit.",
    ),
    "only-by-unit": Text(
        422,
        "Tham số chỉ dùng khi xếp theo đơn vị",
        "{name} chỉ dùng cùng với by=unit.",
        "Only for rankings of units",
        "{name} is only for by=unit.",
    ),
    "sort-not-shown": Text(
        422,
        "Không thể xếp theo chỉ tiêu này",
        "Chỉ xếp theo tên (name) hoặc theo chỉ tiêu có trong câu trả lời; {sort} không có.",
        "Cannot be sorted by that",
        "Sort by name or by an indicator of the answer; {sort} is not one.",
    ),
    "level-not-below": Text(
        422,
        "Cấp không ở dưới đơn vị",
        "Cấp {level} không ở dưới cấp của đơn vị này.",
        "Level is not below the unit",
        "The level {level} is not below that of this unit.",
    ),
    "indicator-without-events": Text(
        422,
        "Chỉ tiêu không có sự kiện",
        "Chỉ tiêu {indicator} không được cộng từ từng sự kiện mà suy ra từ toàn bộ diễn biến.",
        "No single events behind this indicator",
        "{indicator} is not added up from single events; it follows from whole stories.",
    ),
}

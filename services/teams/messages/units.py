"""Texts of rejections: units."""

from __future__ import annotations

from shared.problem_texts import Text

UNITS: dict[str, Text] = {
    "unit-query": Text(
        422,
        "Cần đúng một điều kiện",
        "Tìm đơn vị theo đúng một trong: code, name, parent.",
        "One filter needed",
        "Units are found by exactly one of code, name and parent.",
    ),
    "unit-not-yet": Text(
        422,
        "Đơn vị chưa được thành lập",
        "Đơn vị {unit} chỉ có từ ngày {opened}, nên chưa có vào ngày {day}.",
        "Unit not established yet",
        "The unit {unit} exists from {opened} on, so not yet on {day}.",
    ),
    "unit-closed": Text(
        422,
        "Đơn vị đã bị giải thể",
        "Đơn vị {unit} không còn từ ngày {closed}, nên không có vào ngày {day}.",
        "Unit abolished",
        "The unit {unit} ended on {closed}, so it does not exist on {day}.",
    ),
    "unit-exists": Text(
        409,
        "Đơn vị đã tồn tại",
        "Mã {unit} đã được dùng cho một đơn vị có nội dung khác.",
        "Unit exists",
        "The id {unit} is already used for a unit with other content.",
    ),
    "unit-parent-missing": Text(
        422,
        "Thiếu đơn vị cấp trên",
        "Đơn vị cấp {level} phải thuộc một đơn vị cấp trên.",
        "Parent missing",
        "A unit of level {level} needs a parent.",
    ),
    "unit-parent-level": Text(
        422,
        "Đơn vị cấp trên không đúng cấp",
        "Đơn vị cấp {level} không thể thuộc đơn vị cấp {parent_level}: cấp trên phải cao hơn.",
        "Parent of the wrong level",
        "A unit of level {level} cannot belong to one of level {parent_level}: a parent is of a higher level.",
    ),
    "unit-code-taken": Text(
        409,
        "Mã đơn vị đang được dùng",
        "Vào ngày {day} mã {value} vẫn thuộc đơn vị {holder}; mỗi ngày một mã chỉ thuộc một đơn vị.",
        "Code in use",
        "On {day} the code {value} still belongs to the unit {holder}; a code is borne by one unit a day.",
    ),
    "unit-into-itself": Text(
        422,
        "Không thể tự kế thừa",
        "Đơn vị {unit} không thể sáp nhập vào chính mình.",
        "Its own successor",
        "The unit {unit} cannot be merged into itself.",
    ),
    "unit-successor-twice": Text(
        422,
        "Đơn vị kế thừa bị lặp",
        "Mỗi đơn vị kế thừa chỉ được nêu một lần.",
        "Successor given twice",
        "Each successor may be given once only.",
    ),
    "unit-successors-contradict": Text(
        422,
        "Đơn vị kế thừa mâu thuẫn",
        "Không thể vừa nêu đơn vị kế thừa vừa ghi là chưa rõ.",
        "Contradicting successors",
        "Successors cannot be both given and unknown.",
    ),
    "unit-main-successor": Text(
        422,
        "Phải có đúng một đơn vị kế thừa chính",
        "Trong các đơn vị kế thừa phải có đúng một đơn vị chính.",
        "One main successor",
        "Exactly one of the successors is the main one.",
    ),
    "unit-successor-missing": Text(
        422,
        "Thiếu đơn vị kế thừa",
        "Đơn vị cấp {level} bị giải thể phải có đơn vị kế thừa hoặc ghi là chưa rõ (successor_unknown).",
        "Successor missing",
        "An abolished unit of level {level} needs successors, or successor_unknown.",
    ),
}

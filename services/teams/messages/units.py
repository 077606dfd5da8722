"""Texts of rejections: units."""

from __future__ import annotations

from shared.problem_texts import Text

UNITS: dict[str, Text] = {
    "unit-query": Text(
        422,
        "Cần đúng một điều kiện",
        "Tìm đơn vị theo đúng một trong: code, name, parent, below.",
        "One filter needed",
        "Units are found by exactly one of code, name, parent and below.",
    ),
    "unit-not-yet": Text(
        422,
        "Đơn vị chưa được thành lập",
        "Đơn vị {unit} chỉ có từ ngày {opened}, nên chưa có vào ngày {day}; mọi việc phải nằm trong thời gian "
        "tồn tại của đơn vị (quy tắc của sổ đăng ký).",
        "Unit not established yet",
        "The unit {unit} exists from {opened} on, so not yet on {day}; nothing can be so of a unit outside "
        "its life (rule of the registry).",
    ),
    "unit-closed": Text(
        422,
        "Đơn vị đã bị giải thể",
        "Đơn vị {unit} không còn từ ngày {closed}, nên không có vào ngày {day}; mọi việc phải nằm trong thời gian "
        "tồn tại của đơn vị (quy tắc của sổ đăng ký).",
        "Unit abolished",
        "The unit {unit} ended on {closed}, so it does not exist on {day}; nothing can be so of a unit outside "
        "its life (rule of the registry).",
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
        "Đơn vị cấp {level} không thể thuộc đơn vị cấp {parent_level}: cấp trên phải cao hơn, nên không có vòng lặp "
        "(Luật Tổ chức chính quyền địa phương 72/2025/QH15, điều 1).",
        "Parent of the wrong level",
        "A unit of level {level} cannot belong to one of level {parent_level}: a parent is of a higher level, so there "
        "are no cycles (Law on the Organisation of Local Government 72/2025/QH15, article 1).",
    ),
    "unit-code-taken": Text(
        409,
        "Mã đơn vị đang được dùng",
        "Vào ngày {day} mã {value} vẫn thuộc đơn vị {holder}; mỗi ngày một mã chỉ thuộc một đơn vị "
        "(Quyết định 19/2025/QĐ-TTg: mỗi đơn vị một mã riêng).",
        "Code in use",
        "On {day} the code {value} still belongs to the unit {holder}; a code is borne by one unit a day "
        "(Decision 19/2025/QĐ-TTg: each unit has a code of its own).",
    ),
    "unit-into-itself": Text(
        422,
        "Không thể tự kế thừa",
        "Đơn vị {unit} không thể sáp nhập vào chính mình: nhập là giải thể đơn vị cũ để thuộc về đơn vị khác "
        "(Luật Tổ chức chính quyền địa phương 72/2025/QH15).",
        "Its own successor",
        "The unit {unit} cannot be merged into itself: a merger ends a unit in favour of another one "
        "(Law on the Organisation of Local Government 72/2025/QH15).",
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
    "unit-ends-at-start": Text(
        422,
        "Thành lập và giải thể cùng ngày",
        "Đơn vị {unit} không thể bắt đầu và chấm dứt cùng ngày {day}: khi đó đơn vị không tồn tại ngày nào.",
        "Ends on its first day",
        "The unit {unit} cannot begin and end on the same day {day}: it would not exist on any day.",
    ),
    "unit-shares": Text(
        422,
        "Tỷ lệ không khớp",
        "Tỷ lệ (share) phải có ở mọi đơn vị kế thừa và cộng lại bằng 100 %, hoặc không ghi ở đơn vị nào.",
        "Shares do not add up",
        "Shares are given for every successor and add up to 100 per cent, or are not given at all.",
    ),
    "unit-fact-contradicted": Text(
        409,
        "Trái với việc đã ghi nhận",
        "Việc số {fact} của đơn vị {unit} ({type}, ngày {day}, văn bản {document}) sẽ không còn đúng; "
        "hãy đính chính việc đó trước.",
        "A recorded fact contradicts this",
        "Fact {fact} of the unit {unit} ({type} of {day}, document {document}) would no longer hold; "
        "correct that one first.",
    ),
    "unit-fact-unknown": Text(
        422,
        "Không có việc này",
        "Đơn vị {unit} không có việc số {fact}; xem lịch sử của đơn vị.",
        "No such fact",
        "The unit {unit} has no fact number {fact}; see its history.",
    ),
    "unit-fact-twice": Text(
        422,
        "Đính chính hai lần cùng một việc",
        "Việc số {fact} chỉ được nêu một lần.",
        "Fact corrected twice",
        "Fact {fact} may be named once only.",
    ),
    "unit-fact-field": Text(
        422,
        "Việc không có nội dung này",
        "Việc số {fact} ({type}) không có {field} để đính chính.",
        "Not a part of that fact",
        "Fact {fact} ({type}) has no {field} to correct.",
    ),
    "unit-changed-twice": Text(
        422,
        "Một đơn vị thay đổi hai lần",
        "Trong một đợt sắp xếp, mỗi loại thay đổi của đơn vị {unit} chỉ được nêu một lần.",
        "Changed twice",
        "In one reorganisation each kind of change of the unit {unit} may be named once only.",
    ),
    "reorganisation-unknown": Text(
        422,
        "Chưa có đợt sắp xếp này",
        "Không có đợt sắp xếp {reorganisation}.",
        "Unknown reorganisation",
        "There is no reorganisation {reorganisation}.",
    ),
    "reorganisation-exists": Text(
        409,
        "Đợt sắp xếp đã tồn tại",
        "Mã {reorganisation} đã được dùng cho một đợt sắp xếp khác, hoặc đợt này đã bị hủy bỏ hay đính chính.",
        "Reorganisation exists",
        "The id {reorganisation} is already used for another reorganisation, or this one was undone or corrected.",
    ),
}

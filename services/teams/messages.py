"""Texts of the registry's rejections, Vietnamese and English, with their HTTP status."""

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

DOCUMENTS: dict[str, Text] = {
    "document-unknown": Text(
        422,
        "Văn bản chưa được đăng ký",
        "Mọi thay đổi về tổ phải dẫn một văn bản; chưa có văn bản {document}.",
        "Unknown document",
        "Every change of a team cites a document; there is no document {document}.",
    ),
    "document-exists": Text(
        409,
        "Văn bản đã tồn tại",
        "Mã {document} đã được dùng cho một văn bản có nội dung khác.",
        "Document exists",
        "The id {document} is already used for a document with other content.",
    ),
    "document-key-taken": Text(
        409,
        "Số văn bản đã được dùng",
        "Cơ quan này đã có văn bản cùng loại số {number} trong năm đó: {holder}.",
        "Document number taken",
        "This issuer already has a document of this kind and year with the number {number}: {holder}.",
    ),
    "document-dates-reversed": Text(
        422,
        "Thời hạn bị đảo ngược",
        "Văn bản phải hết hiệu lực sau ngày có hiệu lực.",
        "Dates reversed",
        "A document ends after the day it takes effect.",
    ),
}

PEOPLE: dict[str, Text] = {
    "person-unknown": Text(
        422,
        "Không có người này",
        "Chưa có người mang mã {person}.",
        "Unknown person",
        "There is no person {person}.",
    ),
    "person-exists": Text(
        409,
        "Người này đã được đăng ký",
        "Mã {person} đã được dùng.",
        "Person exists",
        "The id {person} is already used.",
    ),
    "person-erased": Text(
        410,
        "Dữ liệu cá nhân đã được xoá",
        "Dữ liệu của người mang mã {person} đã được xoá theo yêu cầu (Luật 91/2025/QH15).",
        "Personal data erased",
        "The data of person {person} was erased on request (Law 91/2025/QH15).",
    ),
    "forbidden-personal-field": Text(
        422,
        "Không được lưu dữ liệu này",
        "Không nhận số định danh, ngày sinh, mật khẩu hay ảnh giấy tờ (Luật 91/2025/QH15: tối thiểu hoá dữ liệu).",
        "Forbidden personal field",
        "ID numbers, birth dates, credentials and ID photos are refused (Law 91/2025/QH15: data minimisation).",
    ),
}

TEAMS: dict[str, Text] = {
    "team-unknown": Text(
        404, "Không có tổ này", "Chưa có tổ mang mã {team}.", "Unknown team", "There is no team {team}."
    ),
    "team-exists": Text(
        409,
        "Tổ đã tồn tại",
        "Mã {team} đã được dùng cho một tổ có nội dung khác.",
        "Team exists",
        "The id {team} is already used for a team with other content.",
    ),
    "team-ended": Text(
        409,
        "Tổ đã kết thúc hoạt động",
        "Tổ {team} đã kết thúc từ ngày {ended}.",
        "Team has ended",
        "The team {team} ended on {ended}.",
    ),
    "team-not-yet": Text(
        422,
        "Tổ chưa được thành lập",
        "Tổ {team} được thành lập từ ngày {established}, sau ngày {day}.",
        "Team not established yet",
        "The team {team} was established on {established}, after {day}.",
    ),
    "team-place-taken": Text(
        409,
        "Đơn vị đã có tổ",
        "Đơn vị {unit} đã có tổ cùng loại: {holder}. Mỗi đơn vị chỉ thành lập một tổ mỗi loại.",
        "The unit has a team",
        "The unit {unit} already has a team of this kind: {holder}. One team per unit and kind is established.",
    ),
    "team-unit-level": Text(
        422,
        "Loại tổ không khớp cấp đơn vị",
        "Tổ loại {kind} không thể thuộc đơn vị cấp {level}.",
        "Team kind and unit level differ",
        "A {kind} team cannot belong to a unit of level {level}.",
    ),
    "team-not-pilot": Text(
        409,
        "Tổ không hoạt động thí điểm",
        "Tổ {team} không ở giai đoạn thí điểm.",
        "Not a pilot",
        "The team {team} is not a pilot.",
    ),
    "change-out-of-order": Text(
        409,
        "Ngày có hiệu lực quá sớm",
        "Tổ {team} đã có thay đổi từ ngày {last}; không thể ghi thay đổi có hiệu lực ngày {day} trước đó.",
        "Effective too early",
        "The team {team} already has a change of {last}; one effective on {day} cannot come before it.",
    ),
    "seat-id-taken": Text(
        409,
        "Mã vị trí đã được dùng",
        "Mã vị trí {seat} đã được dùng; mỗi vị trí có một mã riêng, gắn với một người.",
        "Seat id taken",
        "The seat id {seat} is already used; a seat has an id of its own and stays with its person.",
    ),
    "person-already-seated": Text(
        409,
        "Người này đã có vị trí trong tổ",
        "Người mang mã {person} chỉ giữ một vị trí trong một tổ.",
        "Already in the team",
        "The person {person} can have one seat in a team.",
    ),
    "leader-exists": Text(
        409,
        "Tổ đã có tổ trưởng",
        "Mỗi tổ chỉ có một tổ trưởng.",
        "The team has a leader",
        "A team has one leader.",
    ),
    "seat-unknown": Text(
        422,
        "Không có vị trí này",
        "Không có vị trí {seat} đang hoạt động.",
        "Unknown seat",
        "There is no open seat {seat}.",
    ),
    "seat-released": Text(
        409,
        "Vị trí đã được miễn nhiệm",
        "Vị trí {seat} đã thôi từ ngày {until}.",
        "Seat released",
        "The seat {seat} was released on {until}.",
    ),
    "release-before-appointment": Text(
        422,
        "Miễn nhiệm trước khi bổ nhiệm",
        "Vị trí này chỉ có từ ngày {since}, sau ngày {day}.",
        "Released before appointed",
        "The seat exists from {since} on, after {day}.",
    ),
}

MERGERS: dict[str, Text] = {
    "merge-into-itself": Text(
        422,
        "Không thể tự sáp nhập",
        "Tổ {team} không thể sáp nhập vào chính mình.",
        "Merged into itself",
        "The team {team} cannot be merged into itself.",
    ),
    "merge-team-twice": Text(
        422,
        "Tổ bị lặp",
        "Mỗi tổ chỉ được nêu một lần.",
        "Team given twice",
        "Each team may be given once only.",
    ),
    "merge-too-few": Text(
        422,
        "Không đủ tổ để sáp nhập",
        "Sáp nhập cần từ hai tổ trở lên.",
        "Too few teams",
        "A merger needs two teams or more.",
    ),
    "merge-kinds-differ": Text(
        422,
        "Khác loại tổ",
        "Chỉ sáp nhập các tổ cùng loại ({kind}).",
        "Different kinds",
        "Only teams of one kind are merged ({kind}).",
    ),
    "merge-seat-twice": Text(
        422,
        "Vị trí bị lặp",
        "Vị trí {seat} chỉ được nêu một lần.",
        "Seat given twice",
        "The seat {seat} may be given once only.",
    ),
    "merge-seat-unaccounted": Text(
        422,
        "Còn vị trí chưa được sắp xếp",
        "Vị trí {seat} của tổ {team} phải được chuyển tiếp, gộp hoặc cho thôi: sáp nhập không được làm mất người.",
        "Seat unaccounted for",
        "The seat {seat} of team {team} must be carried, joined or released: in a merger no person disappears.",
    ),
    "merge-joined-with-nobody": Text(
        422,
        "Gộp với vị trí không còn",
        "Vị trí {seat} phải được gộp với một vị trí được chuyển tiếp.",
        "Joined with nobody",
        "The seat {seat} must be joined with a seat that is carried.",
    ),
    "merge-joined-other-person": Text(
        422,
        "Gộp hai người khác nhau",
        "Vị trí {seat} và {other} là của hai người khác nhau; chỉ gộp các vị trí của cùng một người.",
        "Two different people",
        "The seats {seat} and {other} belong to two people; only seats of one person are joined.",
    ),
}

MESSAGES: dict[str, Text] = UNITS | DOCUMENTS | PEOPLE | TEAMS | MERGERS

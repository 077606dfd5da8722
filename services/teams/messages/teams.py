"""Texts of rejections: teams."""

from __future__ import annotations

from shared.problem_texts import Text

TEAMS: dict[str, Text] = {
    "newcomer-without-seat": Text(
        422,
        "Người mới chưa có vị trí",
        "Người mang mã {person} được đăng ký cùng tổ thì phải có vị trí trong tổ.",
        "Newcomer without a seat",
        "The person {person}, registered together with the team, needs a seat in it.",
    ),
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
        "Tổ {team} được thành lập từ ngày {established}, sau ngày {day}; không có việc gì của tổ trước khi tổ được "
        "thành lập (quy tắc của sổ đăng ký).",
        "Team not established yet",
        "The team {team} was established on {established}, after {day}; nothing can be so of a team before it is "
        "established (rule of the registry).",
    ),
    "team-place-taken": Text(
        409,
        "Đơn vị đã có tổ",
        "Đơn vị {unit} đã có tổ cùng loại: {holder}. Mỗi đơn vị chỉ thành lập một tổ mỗi loại "
        "(quy tắc của sổ đăng ký).",
        "The unit has a team",
        "The unit {unit} already has a team of this kind: {holder}. One team per unit and kind is established "
        "(rule of the registry).",
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
    "team-suspended": Text(
        409,
        "Tổ đang tạm dừng",
        "Tổ {team} đã tạm dừng hoạt động từ trước.",
        "Team is suspended",
        "The team {team} is already suspended.",
    ),
    "team-not-suspended": Text(
        409,
        "Tổ không tạm dừng",
        "Tổ {team} không ở trạng thái tạm dừng trong ngày này.",
        "Team is not suspended",
        "The team {team} is not suspended on that day.",
    ),
    "fact-contradicted": Text(
        409,
        "Trái với việc đã ghi nhận",
        "Việc số {fact} của tổ ({type}, ngày {day}) sẽ không còn đúng ({rule}); hãy đính chính việc đó trước.",
        "A later fact contradicts this",
        "Fact {fact} of the team ({type} of {day}) would no longer hold ({rule}); correct that one first.",
    ),
    "total-contradicted": Text(
        409,
        "Tổng số không khớp",
        "Việc {type} nêu {stated} vị trí, nhưng khi đó tổ có {seats} vị trí.",
        "Totals differ",
        "{type} states {stated} seats, but the team had {seats} by then.",
    ),
    "unit-contradicted": Text(
        409,
        "Đơn vị không khớp",
        "Việc {type} nêu đơn vị {stated}, nhưng khi đó tổ thuộc đơn vị {unit}.",
        "Units differ",
        "{type} names the unit {stated}, but the team served the unit {unit} by then.",
    ),
    "team-void": Text(
        409,
        "Tổ chưa từng tồn tại",
        "Việc thành lập tổ {team} đã bị hủy bỏ do ghi nhận sai.",
        "The team never was",
        "The establishment of the team {team} was voided.",
    ),
    "fact-unknown": Text(
        422,
        "Không có việc này",
        "Tổ không có việc số {fact}.",
        "Unknown fact",
        "The team has no fact number {fact}.",
    ),
    "fact-twice": Text(
        422,
        "Việc bị lặp",
        "Mỗi việc chỉ được đính chính một lần trong một lần gửi (số {fact}).",
        "Fact given twice",
        "Fact {fact} may be corrected once per command.",
    ),
    "fact-void": Text(
        409,
        "Việc đã bị hủy bỏ",
        "Việc số {fact} đã bị hủy bỏ; muốn sửa thì phải khôi phục trước.",
        "Fact is void",
        "Fact {fact} is voided; bring it back first.",
    ),
    "fact-field": Text(
        422,
        "Việc không có mục này",
        "Việc số {fact} ({type}) không có mục {field} để đính chính.",
        "No such field",
        "Fact {fact} ({type}) has no field {field} that can be corrected.",
    ),
    "correction-of-rearrangement": Text(
        409,
        "Việc thuộc về một lần sắp xếp",
        "Việc số {fact} do lần sắp xếp {rearrangement} tạo ra, liên quan đến các tổ khác; hãy hoàn tác lần đó trước.",
        "Part of a rearrangement",
        "Fact {fact} is part of the rearrangement {rearrangement}, which concerns other teams too; undo that first.",
    ),
    "added-to-another-team": Text(
        422,
        "Việc của tổ khác",
        "Việc bổ sung phải là của chính tổ được đính chính, không phải của {team}, và không phải là việc thành lập.",
        "A fact of another team",
        "What is added must be about the corrected team, not about {team}, and no establishment.",
    ),
    "leader-unclear": Text(
        422,
        "Chưa rõ tổ trưởng mới",
        "Nêu một vị trí của tổ, hoặc một vị trí mới có vai trò tổ trưởng; không nêu cả hai.",
        "New leader unclear",
        "Name either a seat of the team, or a new seat with the role of leader; not both.",
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
        "Không có vị trí {seat} đang hoạt động trong ngày này.",
        "Unknown seat",
        "There is no open seat {seat} on that day.",
    ),
    "seat-released": Text(
        409,
        "Vị trí đã được miễn nhiệm",
        "Vị trí {seat} đã thôi từ ngày {until}.",
        "Seat released",
        "The seat {seat} was released on {until}.",
    ),
}

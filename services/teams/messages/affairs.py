"""Texts of rejections: regulations, plans, tasks, channels, partners, bodies, policies."""

from __future__ import annotations

from shared.problem_texts import Text

AFFAIRS: dict[str, Text] = {
    "affair-unknown": Text(
        404,
        "Không có hồ sơ này",
        "Chưa có hồ sơ loại {affair} mang mã {id}.",
        "Unknown record",
        "There is no {affair} {id}.",
    ),
    "affair-exists": Text(
        409,
        "Hồ sơ đã tồn tại",
        "Mã {id} đã được dùng cho một hồ sơ có nội dung khác.",
        "Record exists",
        "The id {id} is already used for a record with other content.",
    ),
    "affair-void": Text(
        409,
        "Hồ sơ đã bị huỷ vì ghi nhầm",
        "Hồ sơ loại {affair} mang mã {id} đã được rút lại vì ghi nhầm; hãy ghi hồ sơ mới với mã khác.",
        "Record taken back",
        "The {affair} {id} was taken back as recorded in error; record it anew under another id.",
    ),
    "affair-moved": Text(
        422,
        "Không thể chuyển hồ sơ sang nơi khác",
        "Đính chính không được đổi đơn vị hay tổ của hồ sơ; hãy rút lại và ghi hồ sơ mới.",
        "A record stays where it is",
        "A correction cannot give the record to another unit or team; take it back and record it anew.",
    ),
    "affair-owner": Text(
        422,
        "Hồ sơ phải thuộc đúng một nơi",
        "Hồ sơ loại {affair} phải thuộc đúng một trong: {owners}.",
        "One owner needed",
        "A {affair} belongs to exactly one of: {owners}.",
    ),
    "affair-not-yet": Text(
        422,
        "Sự việc trước khi hồ sơ bắt đầu",
        "Hồ sơ chỉ bắt đầu từ ngày {opened}; sự việc số {fact} có ngày {day} không thể trước đó.",
        "Before the record begins",
        "The record begins on {opened}; fact {fact} of {day} cannot come before it.",
    ),
    "affair-closed": Text(
        409,
        "Hồ sơ đã kết thúc",
        "Hồ sơ đã kết thúc từ ngày {closed}; sự việc ngày {day} mâu thuẫn với sự việc số {fact}.",
        "The record is closed",
        "The record closed on {closed}; what is of {day} contradicts fact {fact}.",
    ),
    "affair-fact-unknown": Text(
        422,
        "Không có sự việc này",
        "Hồ sơ không có sự việc số {fact} đang có giá trị.",
        "Unknown fact",
        "The record has no fact {fact} that holds.",
    ),
    "affair-fact-differs": Text(
        422,
        "Đính chính khác loại",
        "Sự việc số {fact} là {type}; đính chính phải cùng loại.",
        "Another kind of fact",
        "Fact {fact} is a {type}; what corrects it is of the same kind.",
    ),
    "affair-reason-missing": Text(
        422,
        "Thiếu lý do",
        "Đính chính hoặc rút lại phải nêu lý do.",
        "Reason missing",
        "What corrects or takes back a fact gives a reason.",
    ),
    "regulation-replaces-itself": Text(
        422,
        "Quy chế tự thay thế",
        "Một quy chế không thể được thay bằng chính nó.",
        "Replaced by itself",
        "A regulation cannot be replaced by itself.",
    ),
    "plan-indicator-twice": Text(
        422,
        "Chỉ tiêu bị lặp",
        "Chỉ tiêu {indicator} chỉ được nêu một lần.",
        "Indicator given twice",
        "The indicator {indicator} may be given once only.",
    ),
    "plan-indicator-unknown": Text(
        422,
        "Kế hoạch không có chỉ tiêu này",
        "Vào ngày {day} kế hoạch không có chỉ tiêu mà sự việc số {fact} báo cáo.",
        "No such target",
        "On {day} the plan has no target that fact {fact} could report on.",
    ),
    "task-due-before-given": Text(
        422,
        "Hạn trước ngày giao",
        "Hạn {due} không thể trước ngày giao {day}.",
        "Due before given",
        "The task is due on {due}, before it is given on {day}.",
    ),
    "channel-link-personal": Text(
        422,
        "Đường dẫn chứa số điện thoại",
        "Chỉ nhận đường dẫn của nhóm, không nhận đường dẫn tới tài khoản theo số điện thoại.",
        "The link names a phone number",
        "Links to groups are accepted, not to the account behind a phone number.",
    ),
    "policy-source-missing": Text(
        422,
        "Thiếu căn cứ",
        "Quy định về cơ cấu tổ phải dẫn một văn bản đã đăng ký hoặc nêu nguồn (source).",
        "Source missing",
        "A composition policy cites a registered document, or says its source.",
    ),
    "policy-sizes-reversed": Text(
        422,
        "Số lượng bị đảo ngược",
        "Số tối thiểu {least} lớn hơn số tối đa {most}.",
        "Sizes reversed",
        "The least number {least} is above the most, {most}.",
    ),
}

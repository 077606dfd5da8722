"""Texts about rules and exemptions."""

from __future__ import annotations

from shared.problem_texts import Text

OBLIGATIONS: dict[str, Text] = {
    "rule-exists": Text(
        409,
        "Quy định tập huấn đã tồn tại",
        "Mã {rule_id} đã được dùng cho một quy định khác.",
        "Rule exists",
        "The id {rule_id} is already used for another rule.",
    ),
    "rule-unknown": Text(
        422,
        "Không có quy định này",
        "Chưa có quy định tập huấn {rule_id}.",
        "Unknown rule",
        "There is no training rule {rule_id}.",
    ),
    "rule-ended": Text(
        409,
        "Quy định đã hết hiệu lực",
        "Quy định {rule_id} đã hết hiệu lực từ ngày {day}.",
        "Rule has ended",
        "The rule {rule_id} has not been in force since {day}.",
    ),
    "rule-not-later": Text(
        422,
        "Ngày hiệu lực không hợp lệ",
        "Thay đổi phải có hiệu lực sau ngày {day}, là ngày của nội dung đang được ghi nhận.",
        "Not later",
        "The change must take effect after {day}, the day of what is recorded so far.",
    ),
    "rule-source-missing": Text(
        422,
        "Thiếu căn cứ",
        "Cần nêu văn bản (document_id) hoặc nguồn (source) của quy định.",
        "Source missing",
        "Name the document (document_id) or the source of the rule.",
    ),
    "rule-content-missing": Text(
        422,
        "Thiếu nội dung tập huấn",
        "Cần nêu ít nhất một khoá học hoặc một chủ đề.",
        "Content missing",
        "Name at least one course or topic.",
    ),
    "rule-due-before": Text(
        422,
        "Thời hạn trước ngày hiệu lực",
        "Thời hạn không được trước ngày {day}, khi quy định có hiệu lực.",
        "Due before it holds",
        "Nothing can be due before {day}, when the rule takes effect.",
    ),
    "exemption-exists": Text(
        409,
        "Miễn tập huấn đã tồn tại",
        "Mã {exemption_id} đã được dùng cho một lượt miễn khác.",
        "Exemption exists",
        "The id {exemption_id} is already used for another exemption.",
    ),
    "exemption-unknown": Text(
        404,
        "Không có lượt miễn này",
        "Chưa có lượt miễn tập huấn {exemption_id}.",
        "Unknown exemption",
        "There is no exemption {exemption_id}.",
    ),
    "exemption-over": Text(
        409,
        "Lượt miễn đã kết thúc",
        "Lượt miễn này đã kết thúc từ ngày {day}.",
        "Exemption is over",
        "This exemption ended on {day}.",
    ),
    "exemption-days-reversed": Text(
        422,
        "Ngày kết thúc không hợp lệ",
        "Ngày kết thúc phải sau ngày bắt đầu {day}.",
        "Days reversed",
        "The end must come after the first day, {day}.",
    ),
}

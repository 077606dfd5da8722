"""Texts about plans."""

from __future__ import annotations

from shared.problem_texts import Text

PLANS: dict[str, Text] = {
    "plan-exists": Text(
        409,
        "Kế hoạch tập huấn đã tồn tại",
        "Mã {plan_id} đã được dùng cho một kế hoạch khác.",
        "Plan exists",
        "The id {plan_id} is already used for another plan.",
    ),
    "plan-unknown": Text(
        404,
        "Không có kế hoạch này",
        "Chưa có kế hoạch tập huấn {plan_id}.",
        "Unknown plan",
        "There is no training plan {plan_id}.",
    ),
    "plan-withdrawn": Text(
        409,
        "Kế hoạch đã rút",
        "Kế hoạch {plan_id} đã được rút lại.",
        "Plan withdrawn",
        "The plan {plan_id} was withdrawn.",
    ),
    "plan-days-reversed": Text(
        422,
        "Thời kỳ không hợp lệ",
        "Ngày cuối không được trước ngày đầu {day}.",
        "Days reversed",
        "The last day cannot be before the first one, {day}.",
    ),
    "plan-target-twice": Text(
        422,
        "Chỉ tiêu bị lặp",
        "Mỗi chỉ tiêu của cùng một khoá học hoặc chủ đề chỉ được nêu một lần.",
        "Target given twice",
        "A measure may have one target only for the same course or topic.",
    ),
}

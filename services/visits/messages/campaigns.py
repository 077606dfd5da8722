"""Why something about campaigns is refused."""

from __future__ import annotations

from shared.problems import Text

CAMPAIGNS: dict[str, Text] = {
    "days-reversed": Text(
        422,
        "Ngày kết thúc trước ngày bắt đầu",
        "Ngày cuối phải từ ngày đầu trở đi.",
        "Ends before it begins",
        "The last day must not be before the first.",
    ),
    "unknown-campaign": Text(
        404,
        "Không có đợt cao điểm này",
        "Chưa có đợt cao điểm nào mang mã này.",
        "Unknown campaign",
        "There is no campaign with this id.",
    ),
}

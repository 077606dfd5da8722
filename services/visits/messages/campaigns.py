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
    "campaign-over": Text(
        409,
        "Đợt cao điểm đã kết thúc",
        "Đợt cao điểm này đã đóng hoặc đã huỷ, không thể thay đổi nữa.",
        "The campaign is over",
        "This campaign was closed or cancelled: it can no longer be changed.",
    ),
    "campaign-not-open": Text(
        409,
        "Đợt cao điểm chưa mở",
        "Chỉ đóng được đợt cao điểm đang mở; đợt chưa mở thì huỷ.",
        "The campaign is not open",
        "Only an open campaign can be closed; one that was not opened can be cancelled.",
    ),
    "targets-twice": Text(
        422,
        "Chỉ tiêu của đơn vị bị lặp lại",
        "Mỗi đơn vị chỉ có một bộ chỉ tiêu.",
        "Targets given twice",
        "Each unit has its targets once.",
    ),
    "unit-not-in-campaign": Text(
        422,
        "Đơn vị không thuộc đợt cao điểm",
        "Đơn vị này không nằm trong các đơn vị của đợt cao điểm.",
        "Unit outside the campaign",
        "This unit is neither one of the campaign's units nor below one.",
    ),
}

"""Doubts about stored visits, as the result of an uploaded file says them: ``flag-`` and the flag."""

from __future__ import annotations

from shared.problems import Text

_TITLE = ("Đã lưu, còn nghi vấn", "Stored with a doubt")


def _doubt(vi: str, en: str) -> Text:
    return Text(422, _TITLE[0], vi, _TITLE[1], en)


DOUBTS: dict[str, Text] = {
    "flag-day-in-future": _doubt("Ngày hướng dẫn nằm trong tương lai.", "The day lies in the future."),
    "flag-day-long-past": _doubt("Ngày hướng dẫn đã quá lâu.", "The day is long past."),
    "flag-time-differs": _doubt(
        "Giờ bắt đầu không thuộc ngày đã ghi.", "The starting time is not on the day that was reported."
    ),
    "flag-time-in-future": _doubt(
        "Khi nhận được, giờ bắt đầu vẫn chưa đến.", "The starting time was still to come when this was received."
    ),
    "flag-unit-differs": _doubt(
        "Địa điểm này đã được ghi nhận ở đơn vị khác.", "The place is known in another unit, where the visit counts."
    ),
    "flag-kind-differs": _doubt(
        "Địa điểm này đã được ghi nhận là loại khác.", "The place is known to be of another kind."
    ),
    "flag-age-differs": _doubt(
        "Người học đã được ghi nhận ở nhóm tuổi khác.", "A learner is known to be in another age band."
    ),
    "flag-place-closed": _doubt("Vào ngày đó địa điểm này đã đóng cửa.", "The place was closed on that day."),
    "flag-team-unknown": _doubt("Chưa biết tổ này.", "The team is not known yet."),
    "flag-member-unknown": _doubt("Chưa biết thành viên này.", "A member is not known yet."),
    "flag-code-unknown": _doubt(
        "Danh mục ngày đó không có mã nền tảng hoặc kết quả này.",
        "The catalogue of that day has no such platform or outcome.",
    ),
}

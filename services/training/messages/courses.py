"""Texts about courses."""

from __future__ import annotations

from shared.problem_texts import Text

COURSES: dict[str, Text] = {
    "course-exists": Text(
        409,
        "Khoá học đã tồn tại",
        "Mã khoá học {course_id} đã được dùng cho một khoá học khác.",
        "Course exists",
        "The course id {course_id} is already used for another course.",
    ),
    "unknown-course": Text(
        422,
        "Không có khoá học này",
        "Chưa có khoá học {course_id}.",
        "Unknown course",
        "There is no course {course_id}.",
    ),
    "course-withdrawn": Text(
        409,
        "Khoá học đã ngừng",
        "Khoá học {course_id} đã ngừng, không thể sửa hoặc mở lớp mới.",
        "Course withdrawn",
        "The course {course_id} was withdrawn: it is neither revised nor given in new sessions.",
    ),
    "pass-mark-missing": Text(
        422,
        "Thiếu điểm đạt",
        "Chứng nhận cần kết quả kiểm tra thì khoá học phải có điểm đạt.",
        "Pass mark missing",
        "A course whose certificate needs an assessment needs a pass mark.",
    ),
}

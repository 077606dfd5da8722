"""Texts of rejections: people."""

from __future__ import annotations

from shared.problem_texts import Text

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

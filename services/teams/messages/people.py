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
    "person-change-empty": Text(
        422,
        "Không có gì để thay đổi",
        "Hãy gửi ít nhất một trong các mục: name, phone, affiliation.",
        "Nothing to change",
        "Send at least one of name, phone and affiliation.",
    ),
    "forbidden-personal-field": Text(
        422,
        "Không được lưu dữ liệu này",
        "Không nhận số định danh, ngày sinh, mật khẩu, ảnh hay dữ liệu sinh trắc học"
        " (Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15: chỉ thu thập dữ liệu cần thiết).",
        "Forbidden personal field",
        "ID numbers, birth dates, credentials, photos and biometric data are refused"
        " (Law on Personal Data Protection 91/2025/QH15: no more data than needed).",
    ),
    "people-same": Text(
        422,
        "Cùng một mã",
        "Cả hai vế đều là mã {person}.",
        "The same id twice",
        "Both are the id {person}.",
    ),
    "person-joined": Text(
        409,
        "Người này đã được nhập vào người khác",
        "Mã {person} đã được nhập vào mã {kept}; hãy dùng mã đó, hoặc tách ra trước.",
        "Already joined into another person",
        "{person} has been joined into {kept}; name that one, or separate them first.",
    ),
    "person-is-kept": Text(
        409,
        "Hai mã này đã là một người",
        "Mã {person} chính là mã được giữ lại; muốn giữ mã kia thì hãy tách ra trước.",
        "Already one person",
        "{person} is the id that is kept; to keep the other one, separate them first.",
    ),
    "people-not-joined": Text(
        409,
        "Hai mã này không được nhập trực tiếp với nhau",
        "Mã {duplicate} đang được nhập vào: {kept}.",
        "Not joined with each other",
        "{duplicate} has been joined into: {kept}.",
    ),
}

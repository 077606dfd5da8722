"""Texts of rejections: documents."""

from __future__ import annotations

from shared.problem_texts import Text

DOCUMENTS: dict[str, Text] = {
    "document-unknown": Text(
        422,
        "Văn bản chưa được đăng ký",
        "Mọi thay đổi về tổ phải dẫn một văn bản; chưa có văn bản {document}.",
        "Unknown document",
        "Every change of a team cites a document; there is no document {document}.",
    ),
    "document-exists": Text(
        409,
        "Văn bản đã tồn tại",
        "Mã {document} đã được dùng cho một văn bản có nội dung khác.",
        "Document exists",
        "The id {document} is already used for a document with other content.",
    ),
    "document-key-taken": Text(
        409,
        "Số văn bản đã được dùng",
        "Cơ quan này đã có văn bản cùng loại số {number} trong năm đó: {holder}; số văn bản là số thứ tự trong năm "
        "(Nghị định 30/2020/NĐ-CP), nên mỗi số chỉ có một nội dung.",
        "Document number taken",
        "This issuer already has a document of this kind and year with the number {number}: {holder}; numbers run "
        "within a year (decree 30/2020/NĐ-CP), so each has one content only.",
    ),
    "document-dates-reversed": Text(
        422,
        "Thời hạn bị đảo ngược",
        "Văn bản phải hết hiệu lực sau ngày có hiệu lực.",
        "Dates reversed",
        "A document ends after the day it takes effect.",
    ),
}

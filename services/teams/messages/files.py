"""Texts of what can be wrong with a row of a file of villages, teams and people."""

from __future__ import annotations

from shared.problem_texts import Text

FILES: dict[str, Text] = {
    "row-twice": Text(
        422,
        "Dòng bị lặp",
        "Dòng này trùng với dòng {first}.",
        "Row given twice",
        "This row is the same as row {first}.",
    ),
    "row-key-twice": Text(
        422,
        "Mã trong file bị lặp",
        "Mã này đã dùng ở dòng {first}.",
        "Key given twice",
        "This key was used in row {first} already.",
    ),
    "row-depends": Text(
        422,
        "Dòng được dẫn tới bị từ chối",
        "Dòng {row} của trang {sheet} bị từ chối nên dòng này chưa được ghi; hãy sửa dòng đó rồi gửi lại.",
        "Depends on a refused row",
        "Row {row} of the sheet {sheet} was refused, so this one is not stored; correct that row and send both again.",
    ),
    "row-team-unknown": Text(
        422,
        "Không thấy tổ",
        "Trang Tổ không có mã này, và đây không phải mã định danh của một tổ.",
        "No such team",
        "The sheet of teams has no such key, and it is no team's id.",
    ),
    "row-differs": Text(
        409,
        "Khác với nội dung đã ghi",
        "Mục này đã được ghi với {expected} khác; tệp không thay đổi nội dung đã ghi.",
        "Differs from what is stored",
        "This is stored already with another {expected}; a file does not change what is stored.",
    ),
    "row-same-name": Text(
        422,
        "Trùng tên trong tổ",
        "Tổ có hai người cùng tên (dòng {first}); hãy ghi số điện thoại để phân biệt.",
        "Same name twice",
        "The team has two people of this name (row {first}); give phone numbers to tell them apart.",
    ),
    "row-before-team": Text(
        422,
        "Trước ngày thành lập tổ",
        "Ngày tham gia không thể trước ngày thành lập tổ ({day}).",
        "Before the team",
        "Nobody is seated before the team is established ({day}).",
    ),
    "row-document-missing": Text(
        422,
        "Thiếu văn bản",
        "Cần mã định danh văn bản, hoặc đủ loại, cơ quan ban hành, số và ngày ký.",
        "Document missing",
        "A document is needed: its id, or its kind, issuer, number and day of signing.",
    ),
    "row-document-differs": Text(
        409,
        "Văn bản có ngày ký khác",
        "Văn bản số {number} của cơ quan này đã được ghi với ngày ký {day}.",
        "Another day of signing",
        "The document {number} of this issuer is known with {day} as its day of signing.",
    ),
    "village-name-unknown": Text(
        422,
        "Không thấy thôn",
        "Trang Thôn không có mã này, và xã không có thôn tên này vào ngày {day}.",
        "No such village",
        "The sheet of villages has no such key, and the commune has no village of this name on {day}.",
    ),
    "village-name-ambiguous": Text(
        422,
        "Tên thôn không xác định",
        "Xã có nhiều thôn tên này vào ngày {day}; hãy dùng mã trong file.",
        "Ambiguous village",
        "The commune has several villages of this name on {day}; use a key of the sheet of villages.",
    ),
}

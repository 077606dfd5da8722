"""Texts of the problems every service can answer with, Vietnamese and English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Status and texts of one problem code; ``{name}`` in a detail is filled from the problem's params."""

    status: int
    vi_title: str
    vi_detail: str
    en_title: str
    en_detail: str

    @property
    def titles(self) -> tuple[str, str]:
        return self.vi_title, self.en_title

    @property
    def details(self) -> tuple[str, str]:
        return self.vi_detail, self.en_detail


GENERIC: dict[str, Text] = {
    "malformed-json": Text(
        400,
        "JSON không đúng cú pháp",
        "Không đọc được JSON ở dòng {line}, cột {column}.",
        "Malformed JSON",
        "The JSON cannot be read at line {line}, column {column}.",
    ),
    "malformed-body": Text(
        400,
        "Nội dung yêu cầu không đọc được",
        "Nội dung bị cắt cụt hoặc mã hoá sai ({expected}).",
        "Unreadable body",
        "The body is truncated or wrongly encoded ({expected}).",
    ),
    "malformed-header": Text(
        400,
        "Tiêu đề HTTP không hợp lệ",
        "Giá trị của {name} không đúng dạng: {expected}.",
        "Malformed header",
        "The value of {name} is not of the form {expected}.",
    ),
    "bad-request": Text(
        400, "Yêu cầu không hợp lệ", "Không đọc được yêu cầu HTTP.", "Bad request", "The HTTP request cannot be read."
    ),
    "too-deep": Text(
        400,
        "Lồng nhau quá sâu",
        "JSON chỉ được lồng nhau tối đa {limit} tầng.",
        "Nested too deeply",
        "JSON may be nested {limit} levels deep at most.",
    ),
    "forbidden-character": Text(
        400,
        "Ký tự không được phép",
        "Có ký tự U+0000 hoặc nửa cặp thay thế (surrogate) đứng riêng.",
        "Forbidden character",
        "There is a U+0000 character or a lone surrogate.",
    ),
    "body-too-large": Text(
        413,
        "Nội dung quá lớn",
        "Nội dung vượt quá {limit} byte.",
        "Body too large",
        "The body is larger than {limit} bytes.",
    ),
    "too-many-rows": Text(
        413,
        "Quá nhiều dòng",
        "Một lô chỉ được có tối đa {limit} dòng.",
        "Too many rows",
        "A batch may have {limit} rows at most.",
    ),
    "unsupported-media-type": Text(
        415,
        "Định dạng không được hỗ trợ",
        "Chỉ nhận {expected}.",
        "Unsupported media type",
        "Only {expected} is accepted.",
    ),
    "foreign-form": Text(
        403,
        "Biểu mẫu từ nơi khác",
        "Biểu mẫu này không được gửi từ chính trang này.",
        "Form from elsewhere",
        "This form was not sent from a page of this site.",
    ),
    "missing-field": Text(
        422,
        "Thiếu trường bắt buộc",
        "Trường này là bắt buộc và không được là null.",
        "Missing field",
        "This field is required and may not be null.",
    ),
    "unknown-field": Text(
        422, "Trường không được biết", "Không có trường nào tên như vậy.", "Unknown field", "There is no such field."
    ),
    "wrong-type": Text(
        422, "Sai kiểu dữ liệu", "Cần giá trị kiểu: {expected}.", "Wrong type", "Expected a valid {expected}."
    ),
    "wrong-length": Text(
        422, "Sai độ dài", "Độ dài phải là {expected}.", "Wrong length", "The length must be {expected}."
    ),
    "wrong-format": Text(
        422,
        "Sai định dạng",
        "Chuỗi không đúng định dạng yêu cầu.",
        "Wrong format",
        "The string does not have the required format.",
    ),
    "out-of-range": Text(
        422, "Ngoài khoảng cho phép", "Giá trị phải {expected}.", "Out of range", "The value must be {expected}."
    ),
    "unknown-choice": Text(
        422,
        "Giá trị không có trong danh mục",
        "Phải là một trong: {expected}.",
        "Not one of the choices",
        "It must be one of: {expected}.",
    ),
    "invalid-value": Text(
        422, "Giá trị không hợp lệ", "Giá trị không hợp lệ.", "Invalid value", "The value is not valid."
    ),
    "rejected": Text(
        422, "Không thực hiện được", "Yêu cầu bị từ chối: {reason}.", "Rejected", "The request was rejected: {reason}."
    ),
    "no-such-unit": Text(
        404,
        "Không có đơn vị này",
        "Chưa từng có đơn vị hành chính mang mã {unit}.",
        "No such unit",
        "There has never been an administrative unit with the id {unit}.",
    ),
    "unknown-unit": Text(
        422,
        "Đơn vị hành chính không tồn tại",
        "Không có đơn vị này vào ngày {day}.",
        "Unknown administrative unit",
        "There is no such unit on {day}.",
    ),
    "unauthenticated": Text(
        401,
        "Chưa xác thực",
        "Cần mã truy cập (bearer token) hợp lệ và còn hạn.",
        "Not authenticated",
        "A valid bearer token that has not expired is needed.",
    ),
    "forbidden-scope": Text(
        403,
        "Không đủ quyền",
        "Mã truy cập không có quyền {scope}.",
        "Missing scope",
        "The token does not have the scope {scope}.",
    ),
    "forbidden-unit": Text(
        403,
        "Ngoài địa bàn được giao",
        "Mã truy cập không bao gồm đơn vị này vào ngày {day}.",
        "Outside your units",
        "The token does not cover this unit on {day}.",
    ),
    "not-found": Text(404, "Không tìm thấy", "Không có gì ở địa chỉ này.", "Not found", "There is nothing here."),
    "unknown-partition": Text(
        404,
        "Không có phân vùng này",
        "Nhật ký chỉ có các phân vùng: {expected}.",
        "Unknown partition",
        "The log has these partitions only: {expected}.",
    ),
    "method-not-allowed": Text(
        405,
        "Phương thức không được phép",
        "Địa chỉ này chỉ nhận: {allowed}.",
        "Method not allowed",
        "This address accepts: {allowed}.",
    ),
    "conflict": Text(
        409,
        "Mã đã dùng cho nội dung khác",
        "Mã lệnh này đã được dùng với nội dung khác.",
        "Identifier used with other content",
        "This command id was already used with other content.",
    ),
    "stale": Text(
        409,
        "Dữ liệu vừa thay đổi",
        "Dữ liệu vừa được thay đổi; hãy đọc lại rồi thử lại.",
        "Changed meanwhile",
        "The data has just changed; read it again and retry.",
    ),
    "precondition-failed": Text(
        412,
        "Phiên bản đã thay đổi",
        "Phiên bản hiện tại là {version}.",
        "Version has changed",
        "The current version is {version}.",
    ),
    "version-changed": Text(
        412,
        "Phiên bản đã thay đổi",
        "Phiên bản hiện tại là {version}.",
        "Version has changed",
        "The current version is {version}.",
    ),
    "unstorable": Text(
        422,
        "Không lưu được",
        "Cơ sở dữ liệu không nhận nội dung này.",
        "Cannot be stored",
        "The database does not accept this content.",
    ),
    "subject-erased": Text(
        409,
        "Dữ liệu cá nhân đã bị xoá",
        "Dữ liệu cá nhân của đối tượng này đã bị xoá theo yêu cầu; không thể ghi thêm.",
        "Personal data erased",
        "The personal data of this subject was erased on request; no more can be recorded.",
    ),
    "timeout": Text(
        408, "Hết thời gian chờ", "Nội dung đến quá chậm.", "Request timeout", "The body arrived too slowly."
    ),
    "internal": Text(
        500,
        "Lỗi hệ thống",
        "Có lỗi bên trong hệ thống; mã sự cố {incident}.",
        "Internal error",
        "Something failed inside; incident {incident}.",
    ),
    "overloaded": Text(
        503, "Hệ thống đang quá tải", "Hãy thử lại sau {seconds} giây.", "Overloaded", "Try again in {seconds} s."
    ),
    "not-ready": Text(
        503, "Chưa sẵn sàng", "Dịch vụ chưa sẵn sàng: {reason}.", "Not ready", "The service is not ready: {reason}."
    ),
}

EXPECTED_VI = {
    "string": "chuỗi ký tự",
    "integer": "số nguyên",
    "number": "số",
    "boolean": "true hoặc false",
    "list": "danh sách",
    "object": "đối tượng JSON",
    "mapping type": "đối tượng JSON",
    "UUID": "UUID",
    "date": "ngày (YYYY-MM-DD)",
    "datetime": "thời điểm (RFC 3339)",
    "aware datetime": "thời điểm có múi giờ (RFC 3339)",
    "time": "giờ",
    "URL": "URL",
}
"""What marshmallow calls a type, in Vietnamese."""

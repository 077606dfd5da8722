"""Texts of what can be wrong with an uploaded file or a job, Vietnamese and English."""

from __future__ import annotations

from shared.problem_texts import Text

_FILES: dict[str, Text] = {
    "file-empty": Text(422, "Tệp rỗng", "Tệp không có dữ liệu.", "Empty file", "There is nothing in the file."),
    "file-no-rows": Text(
        422,
        "Tệp không có dòng dữ liệu",
        "Dưới dòng tiêu đề không có dòng dữ liệu nào.",
        "No rows",
        "There is no row below the header.",
    ),
    "file-rows": Text(
        413,
        "Quá nhiều dòng",
        "Một tệp chỉ được có tối đa {limit} dòng; hãy chia tệp.",
        "Too many rows",
        "A file may have {limit} rows at most; please split it.",
    ),
    "file-columns": Text(
        413,
        "Quá nhiều cột",
        "Mỗi trang tính chỉ được có tối đa {limit} cột.",
        "Too many columns",
        "A sheet may have {limit} columns at most.",
    ),
    "file-unpacked": Text(
        413,
        "Tệp quá lớn sau khi giải nén",
        "Nội dung giải nén của tệp vượt quá {limit} MB.",
        "Too large when unpacked",
        "Unpacked, the file holds more than {limit} MB.",
    ),
    "file-too-complex": Text(
        413,
        "Tệp quá phức tạp",
        "Không đọc được tệp trong giới hạn bộ nhớ và thời gian; hãy sao chép dữ liệu sang tệp theo mẫu.",
        "Too complex",
        "The file cannot be read within the limits of memory and time; please copy the data into the template.",
    ),
    "file-encoding": Text(
        422,
        "Bảng mã không nhận ra được",
        "Tệp CSV phải dùng bảng mã UTF-8; trong Excel hãy chọn “CSV UTF-8”.",
        "Encoding not recognised",
        "A CSV file must be in UTF-8; in Excel choose “CSV UTF-8”.",
    ),
    "file-not-csv": Text(
        422,
        "Không phải tệp CSV",
        "Tệp này là sổ tính Excel; hãy gửi với kiểu nội dung của XLSX.",
        "Not CSV",
        "This is an Excel workbook; send it with the content type of XLSX.",
    ),
    "file-not-xlsx": Text(
        422,
        "Không đọc được tệp XLSX",
        "Tệp không phải sổ tính XLSX hoặc đã bị hỏng.",
        "Not a workbook",
        "This is no XLSX workbook, or it is damaged.",
    ),
    "file-old-excel": Text(
        422,
        "Tệp Excel cũ hoặc có mật khẩu",
        "Hãy lưu tệp dưới dạng .xlsx, không đặt mật khẩu.",
        "Old or locked workbook",
        "Save the file as .xlsx, without a password.",
    ),
    "csv-broken": Text(
        422,
        "CSV không đúng cú pháp",
        "Dấu ngoặc kép ở dòng này không khép đúng, hoặc một ô quá dài.",
        "Broken CSV",
        "The quotes of this row are not closed properly, or a cell is too long.",
    ),
    "line-broken": Text(
        422,
        "Dòng không đọc được",
        "Dòng này không phải một đối tượng JSON hoặc quá dài.",
        "Unreadable line",
        "This line is no JSON object, or too long.",
    ),
    "header-missing": Text(
        422,
        "Không thấy dòng tiêu đề",
        "Trong {within} dòng đầu không có dòng tiêu đề của mẫu (cần: {columns}).",
        "No header",
        "The first {within} rows hold no header of the template (wanted: {columns}).",
    ),
    "sheet-missing": Text(
        422, "Thiếu trang tính", "Thiếu trang tính “{sheet}”.", "Sheet missing", "The sheet “{en}” is missing."
    ),
    "sheet-twice": Text(
        422,
        "Trang tính bị lặp",
        "Trang tính này có cùng nội dung với trang “{first}”.",
        "Sheet given twice",
        "This sheet is of the same kind as “{first}”.",
    ),
    "column-missing": Text(
        422, "Thiếu cột", "Thiếu cột “{column}”.", "Column missing", "The column “{en}” is missing."
    ),
    "column-unknown": Text(
        422,
        "Cột không có trong mẫu",
        "Mẫu không có cột này; hãy đổi tên theo mẫu hoặc xoá cột.",
        "Unknown column",
        "The template has no such column; rename it as in the template, or remove it.",
    ),
    "column-unnamed": Text(
        422,
        "Cột không có tiêu đề",
        "Ô này có dữ liệu nhưng cột không có tiêu đề.",
        "Column without header",
        "There is something in this cell, but its column has no header.",
    ),
    "column-twice": Text(
        422,
        "Cột bị lặp",
        "Cột này trùng với cột {first}.",
        "Column given twice",
        "This column is the same as column {first}.",
    ),
    "column-forbidden": Text(
        422,
        "Không được gửi dữ liệu này",
        "Không nhận số định danh, ngày sinh, mật khẩu hay ảnh giấy tờ (Luật 91/2025/QH15: tối thiểu hoá dữ liệu); "
        "hãy xoá cột này khỏi tệp.",
        "Forbidden column",
        "ID numbers, birth dates, credentials and ID photos are refused (Law 91/2025/QH15: data minimisation); "
        "remove this column from the file.",
    ),
    "column-personal": Text(
        422,
        "Không nhận tên hay số điện thoại ở đây",
        "Tệp này chỉ nhận mã định danh của thành viên. Hãy đối chiếu tên bằng POST /v1/people/match của dịch vụ "
        "teams, rồi gửi tệp với cột “Mã định danh thành viên” và không có cột này.",
        "No names here",
        "People are named by their ids here. Match names with POST /v1/people/match of the service teams, then send "
        "the file with the column “Person id” and without this one.",
    ),
}
_CELLS: dict[str, Text] = {
    "cell-missing": Text(422, "Ô trống", "Ô này bắt buộc phải có.", "Empty cell", "This cell must be filled in."),
    "cell-error": Text(
        422, "Ô có lỗi công thức", "Ô này chứa lỗi của Excel.", "Formula error", "This cell holds an error of Excel."
    ),
    "cell-control": Text(
        422,
        "Ký tự không được phép",
        "Ô này có ký tự điều khiển.",
        "Forbidden character",
        "There is a control character in this cell.",
    ),
    "cell-boolean": Text(
        422, "Sai kiểu ô", "Ô này là TRUE/FALSE, cần chữ.", "Wrong kind", "This cell is TRUE/FALSE; text is wanted."
    ),
    "cell-became-day": Text(
        422,
        "Excel đã đổi thành ngày",
        "Excel đã đổi nội dung ô này thành ngày giờ; hãy định dạng ô là Văn bản rồi nhập lại.",
        "Turned into a date",
        "Excel has turned this cell into a date or time; format it as text and enter it again.",
    ),
    "day-format": Text(422, "Sai dạng ngày", "Ngày phải viết dd/mm/yyyy.", "Not a day", "A day is written dd/mm/yyyy."),
    "day-unknown": Text(
        422, "Không có ngày này", "Lịch không có ngày này.", "No such day", "The calendar has no such day."
    ),
    "day-far": Text(
        422,
        "Ngày ngoài khoảng",
        "Ngày phải từ {earliest} đến {latest}.",
        "Day out of range",
        "The day must be between {earliest} and {latest}.",
    ),
    "number-decimals": Text(
        422,
        "Quá nhiều chữ số thập phân",
        "Số này có tối đa {most} chữ số thập phân.",
        "Too many decimals",
        "This number has {most} decimal(s) at most.",
    ),
    "code-format": Text(
        422,
        "Sai dạng mã",
        "Mã gồm chữ cái, chữ số và . - _ : /, tối đa {most} ký tự.",
        "Not a code",
        "A code has letters, digits and . - _ : /, {most} at most.",
    ),
    "phone-format": Text(
        422,
        "Sai số điện thoại",
        "Số điện thoại gồm 8–15 chữ số, có thể có + ở đầu.",
        "Not a phone number",
        "A phone number has 8–15 digits, perhaps after +.",
    ),
}
_JOBS: dict[str, Text] = {
    "job-gave-up": Text(
        500,
        "Không xử lý được tệp",
        "Việc xử lý tệp đã hỏng nhiều lần ở cùng một chỗ; những dòng đã ghi vẫn giữ nguyên.",
        "The job failed",
        "Working on the file has failed several times at the same place; rows already stored stay stored.",
    ),
    "job-expired": Text(
        410,
        "Tệp đã được xoá",
        "Tệp và kết quả của việc này đã được xoá sau thời hạn lưu giữ.",
        "Expired",
        "File and result of this job were deleted at the end of their retention.",
    ),
    "job-too-many": Text(
        429,
        "Quá nhiều việc đang chờ",
        "Mỗi người gửi chỉ được có tối đa {limit} việc chưa xong; hãy chờ hoặc huỷ bớt.",
        "Too many jobs",
        "A sender may have {limit} unfinished jobs at most; wait, or cancel some.",
    ),
    "job-unfinished": Text(
        409,
        "Chưa xong",
        "Việc này chưa xong (trạng thái: {state}).",
        "Not finished",
        "This job is not finished (state: {state}).",
    ),
    "template-unknown": Text(
        422,
        "Không có mẫu này",
        "Có các mẫu: {expected}.",
        "Unknown template",
        "There are the templates: {expected}.",
    ),
}
FILES: dict[str, Text] = _FILES | _CELLS | _JOBS

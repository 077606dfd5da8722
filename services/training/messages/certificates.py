"""Texts about assessment and certificates."""

from __future__ import annotations

from shared.problem_texts import Text

CERTIFICATES: dict[str, Text] = {
    "score-out-of-range": Text(
        422,
        "Điểm không hợp lệ",
        "Điểm phải từ 0 đến 100, tối đa một chữ số thập phân (đã gửi: {score}).",
        "Score out of range",
        "A score is between 0 and 100, with one decimal at most (sent: {score}).",
    ),
    "assessment-differs": Text(
        409,
        "Đã ghi điểm khác",
        "Lần kiểm tra {attempt} của người này đã được ghi với nội dung khác; hãy dùng chức năng đính chính.",
        "Recorded differently",
        "Attempt {attempt} of this person is already recorded differently; send a correction.",
    ),
    "not-assessed": Text(
        422,
        "Chưa có kết quả này",
        "Người này chưa có kết quả của lần kiểm tra {attempt}.",
        "No such assessment",
        "There is no score of this person's attempt {attempt}.",
    ),
    "course-gives-no-certificate": Text(
        422,
        "Khoá học không cấp chứng nhận",
        "Khoá học của lớp {session_id} không quy định cấp chứng nhận.",
        "No certificate",
        "The course of the session {session_id} gives no certificate.",
    ),
    "attended-too-little": Text(
        422,
        "Chưa dự đủ buổi",
        "Người này dự {attended}/{parts} buổi; quy định là ít nhất {percent} %.",
        "Attended too little",
        "This person attended {attended} of {parts} parts; the course asks for {percent} % at least.",
    ),
    "assessment-not-passed": Text(
        422,
        "Chưa đạt kiểm tra",
        "Người này chưa có kết quả kiểm tra đạt trong lớp này.",
        "Assessment not passed",
        "This person has not passed the assessment of this session.",
    ),
    "number-taken": Text(
        409,
        "Số chứng nhận đã dùng",
        "Số {number} đã được cấp; hãy gửi lại yêu cầu.",
        "Number taken",
        "The number {number} was given already; send the request again.",
    ),
    "unknown-certificate": Text(
        422,
        "Không có chứng nhận này",
        "Chưa cấp chứng nhận số {number}.",
        "Unknown certificate",
        "There is no certificate {number}.",
    ),
    "not-a-certificate-number": Text(
        422,
        "Số chứng nhận không đúng dạng",
        "Số chứng nhận có dạng {form}.",
        "Not a certificate number",
        "A certificate number looks like {form}.",
    ),
    "wrong-check-digits": Text(
        422,
        "Sai ký tự kiểm tra",
        "Hai ký tự cuối không khớp với số {number}; hãy kiểm tra lại số đã nhập.",
        "Wrong check characters",
        "The last two characters do not fit the number {number}; please check what was typed.",
    ),
    "asked-too-often": Text(
        429,
        "Tra cứu quá nhiều",
        "Có quá nhiều lượt tra cứu; hãy thử lại sau vài giây.",
        "Asked too often",
        "Too many look-ups at the moment; try again in a few seconds.",
    ),
}

"""Texts of rejections: rearrangements of teams."""

from __future__ import annotations

from shared.problem_texts import Text

REARRANGEMENTS: dict[str, Text] = {
    "merge-into-itself": Text(
        422,
        "Không thể tự sáp nhập",
        "Tổ {team} không thể sáp nhập vào chính mình.",
        "Merged into itself",
        "The team {team} cannot be merged into itself.",
    ),
    "merge-team-twice": Text(
        422,
        "Tổ bị lặp",
        "Mỗi tổ chỉ được nêu một lần.",
        "Team given twice",
        "Each team may be given once only.",
    ),
    "merge-too-few": Text(
        422,
        "Không đủ tổ để sáp nhập",
        "Sáp nhập cần từ hai tổ trở lên.",
        "Too few teams",
        "A merger needs two teams or more.",
    ),
    "merge-kinds-differ": Text(
        422,
        "Khác loại tổ",
        "Chỉ sáp nhập các tổ cùng loại ({kind}).",
        "Different kinds",
        "Only teams of one kind are merged ({kind}).",
    ),
    "merge-seat-twice": Text(
        422,
        "Vị trí bị lặp",
        "Vị trí {seat} chỉ được nêu một lần.",
        "Seat given twice",
        "The seat {seat} may be given once only.",
    ),
    "merge-seat-unaccounted": Text(
        422,
        "Còn vị trí chưa được sắp xếp",
        "Vị trí {seat} của tổ {team} phải được chuyển tiếp, gộp hoặc cho thôi: sáp nhập không được làm mất người.",
        "Seat unaccounted for",
        "The seat {seat} of team {team} must be carried, joined or released: in a merger no person disappears.",
    ),
    "merge-joined-with-nobody": Text(
        422,
        "Gộp với vị trí không còn",
        "Vị trí {seat} phải được gộp với một vị trí được chuyển tiếp.",
        "Joined with nobody",
        "The seat {seat} must be joined with a seat that is carried.",
    ),
    "merge-joined-other-person": Text(
        422,
        "Gộp hai người khác nhau",
        "Vị trí {seat} và {other} là của hai người khác nhau; chỉ gộp các vị trí của cùng một người.",
        "Two different people",
        "The seats {seat} and {other} belong to two people; only seats of one person are joined.",
    ),
    "rearrangement-exists": Text(
        409,
        "Lần sắp xếp này đã được ghi",
        "Mã {rearrangement} đã được dùng cho một lần sáp nhập, chia tách hoặc hoàn tác khác.",
        "Rearrangement exists",
        "The id {rearrangement} is already used for another merger, split or undoing.",
    ),
}

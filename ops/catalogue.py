"""The national entries of the catalogues: platforms, outcomes and topics, as rows for visits' ``/v1/catalogue/batch``.

Platforms are those that guidance and localities name (793/BTTTT-THH of 2022 and the teams' own reports). All stand from
the day from which the units are known; ids of commands are derived, so sending the rows again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid5

from ops.units.seed import KNOWN_SINCE, NAMESPACE, NATION_ID

GOVERNMENT, ECONOMY, SOCIETY = "government", "economy", "society"
Entry = tuple[str, str, str, tuple[str, ...]]
"""Code, name in Vietnamese and in English, pillars."""

PLATFORMS: tuple[Entry, ...] = (
    ("vneid", "VNeID – định danh điện tử", "VNeID – electronic identity", (GOVERNMENT, SOCIETY)),
    ("dvcqg", "Cổng dịch vụ công quốc gia", "National public-service portal", (GOVERNMENT,)),
    ("dvc_tinh", "Cổng dịch vụ công của tỉnh", "Public-service portal of the province", (GOVERNMENT,)),
    ("vssid", "VssID – bảo hiểm xã hội số", "VssID – social insurance", (GOVERNMENT, SOCIETY)),
    ("citizen_app", "Ứng dụng công dân số của tỉnh", "The province's citizen app", (GOVERNMENT, SOCIETY)),
    ("e_payment", "Thanh toán điện tử", "Electronic payment", (ECONOMY,)),
    ("mobile_money", "Tiền di động (Mobile Money)", "Mobile Money", (ECONOMY,)),
    ("qr", "Mã QR thanh toán tại cửa hàng", "QR payment in shops", (ECONOMY,)),
    ("voso", "Sàn voso.vn", "voso.vn marketplace", (ECONOMY,)),
    ("postmart", "Sàn postmart.vn (nay là buudien.vn)", "postmart.vn marketplace (now buudien.vn)", (ECONOMY,)),
    ("e_invoice", "Hoá đơn điện tử", "Electronic invoices", (ECONOMY,)),
    ("mooc", "Nền tảng học trực tuyến mở (MOOCs)", "Open online courses (MOOCs)", (SOCIETY,)),
    ("telehealth", "Khám chữa bệnh từ xa", "Telehealth", (SOCIETY,)),
    ("health_record", "Sổ sức khoẻ điện tử", "Electronic health record", (SOCIETY,)),
    ("safety_tools", "Công cụ bảo vệ trên mạng", "Online protection tools", (SOCIETY,)),
)
OUTCOMES: tuple[Entry, ...] = (
    ("account_opened", "Đã mở tài khoản", "Account opened", (ECONOMY,)),
    ("identity_activated", "Đã kích hoạt định danh điện tử", "Electronic identity activated", (GOVERNMENT,)),
    ("dossier_filed", "Đã nộp hồ sơ trực tuyến", "Dossier filed online", (GOVERNMENT,)),
    ("payment_made", "Đã thanh toán trực tuyến", "Paid online", (ECONOMY,)),
    ("order_placed", "Đã mua hàng trực tuyến", "Ordered online", (ECONOMY,)),
    ("shop_opened", "Đã mở gian hàng trực tuyến", "Shopfront opened online", (ECONOMY,)),
    ("qr_displayed", "Đã đặt mã QR thanh toán", "Payment QR put up", (ECONOMY,)),
    ("fraud_avoided", "Đã nhận biết, tránh được lừa đảo", "Fraud recognised and avoided", (SOCIETY,)),
    ("course_begun", "Đã tham gia khoá học trực tuyến", "Online course begun", (SOCIETY,)),
)
OUTREACH_TOPICS: tuple[Entry, ...] = (
    ("digital_transformation", "Chuyển đổi số là gì", "What digital transformation is", ()),
    ("online_public_services", "Dịch vụ công trực tuyến", "Online public services", (GOVERNMENT,)),
    ("electronic_identity", "Định danh điện tử, Đề án 06", "Electronic identity, Project 06", (GOVERNMENT,)),
    ("cashless_payment", "Thanh toán không dùng tiền mặt", "Cashless payment", (ECONOMY,)),
    ("e_commerce", "Mua bán trên sàn thương mại điện tử", "Buying and selling on marketplaces", (ECONOMY,)),
    ("selling_online", "Bán nông sản trực tuyến", "Selling produce online", (ECONOMY,)),
    ("online_safety", "An toàn trên không gian mạng", "Safety online", (SOCIETY,)),
    ("digital_health", "Y tế số", "Digital health", (SOCIETY,)),
    ("digital_learning", "Học tập số", "Digital learning", (SOCIETY,)),
)
OPINION_TOPICS: tuple[Entry, ...] = (
    ("public_services", "Dịch vụ công trực tuyến", "Online public services", (GOVERNMENT,)),
    ("electronic_identity", "Định danh điện tử", "Electronic identity", (GOVERNMENT,)),
    ("payment", "Thanh toán điện tử", "Electronic payment", (ECONOMY,)),
    ("e_commerce", "Thương mại điện tử", "E-commerce", (ECONOMY,)),
    ("coverage", "Phủ sóng, kết nối Internet", "Network coverage", (SOCIETY,)),
    ("devices", "Thiết bị", "Devices", (SOCIETY,)),
    ("fraud", "Lừa đảo trên mạng", "Online fraud", (SOCIETY,)),
    ("training", "Hướng dẫn, tập huấn", "Guidance and training", (SOCIETY,)),
    ("team", "Hoạt động của tổ", "The team's work", ()),
    ("other", "Nội dung khác", "Something else", ()),
)
NATIONAL = {
    "platform": PLATFORMS,
    "outcome": OUTCOMES,
    "outreach_topic": OUTREACH_TOPICS,
    "opinion_topic": OPINION_TOPICS,
}


def rows() -> Iterator[dict[str, Any]]:
    """Rows to be sent once the service knows the nation."""
    for kind, entries in NATIONAL.items():
        for code, vi, en, pillars in entries:
            yield {
                "id": str(uuid5(NAMESPACE, f"catalogue/{kind}/{code}")),
                "kind": kind,
                "code": code,
                "unit_id": NATION_ID,
                "effective": KNOWN_SINCE.isoformat(),
                "name_vi": vi,
                "name_en": en,
                "pillars": list(pillars),
            }

"""The main journeys of a visitor of the dashboard, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from ops.units.seed import NATION_ID
from tests.browser.conftest import DECISION, DESK, PHONE, VILLAGE, Opened, Site, Size

YEAR = "from=2025-01-01&to=2025-12-31"
FIRST_VIEW = 200_000


def sideways(page: Page) -> int:
    """Pixels that a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


WIDEST = """[...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + .5 &&
  !e.closest('.scroll, .chips')).map((e) => e.outerHTML.slice(0, 120)).slice(0, 5)"""


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize(
    ("lang", "title", "reached", "other"),
    [
        ("vi", "Số hộ đã đến", "Các đơn vị trực thuộc", "English"),
        ("en", "Households reached", "Units below", "Tiếng Việt"),
    ],
)
def test_from_the_nation_to_a_village_and_back(
    site: Site, opened: Opened, size: Size, lang: str, title: str, reached: str, other: str
) -> None:
    page = opened(site.link(lang=lang), size)
    assert "token" not in page.url
    page.goto(f"{site.base}/?{YEAR}&lang={lang}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Việt Nam")
    expect(page.locator("html")).to_have_attribute("lang", lang)
    expect(page.get_by_role("heading", name=title).first).to_be_visible()
    expect(page.get_by_role("heading", name=reached)).to_be_visible()
    expect(page.locator("table.units tbody tr")).to_have_count(34)
    expect(page.locator(".country a")).to_have_count(34)
    expect(page.locator("#trend canvas")).to_be_visible()
    assert sideways(page) == 0, page.evaluate(WIDEST)
    page.locator("table.units").get_by_role("link", name="Tỉnh Ninh Bình").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tỉnh Ninh Bình")
    expect(page.locator("table.units tbody tr")).to_have_count(2)
    page.locator("table.units tbody tr a").first.click()
    expect(page.locator("table.units tbody tr")).to_have_count(1)
    page.locator("table.units tbody tr a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Khu phố 1")
    expect(page.locator(".tile", has_text=title).locator(".big")).to_have_text(re.compile("^[3-9]$"))
    assert sideways(page) == 0, page.evaluate(WIDEST)
    page.get_by_role("navigation", name=re.compile("Đường dẫn|Units above")).get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Việt Nam")
    assert "from=2025-01-01" in page.url
    page.get_by_role("link", name=other).click()
    expect(page.locator("html")).not_to_have_attribute("lang", lang)
    assert "from=2025-01-01" in page.url


def test_the_map_shows_the_reform(site: Site, opened: Opened) -> None:
    page = opened(site.link())
    page.goto(f"{site.base}/?{YEAR}&lang=vi")
    expect(page.locator("table.units tr", has_text="Tỉnh Ninh Bình")).to_contain_text("gồm Hà Nam, Nam Định, Ninh Bình")
    page.get_by_role("link", name="30/06/2025 · 63 tỉnh").click()
    expect(page.locator(".country a")).to_have_count(63)
    expect(page.locator("table.units tbody tr")).to_have_count(63)
    expect(page.locator("table.units tr", has_text="Tỉnh Hà Nam")).to_contain_text("nay thuộc Tỉnh Ninh Bình")
    expect(page.locator(".country .edge")).to_have_count(65)
    expect(page.locator('.country a[aria-label^="Thành phố Đà Nẵng"] use[href$="#hoangsa"]')).to_have_count(2)
    page.locator("table.units").get_by_role("link", name="Tỉnh Hà Nam").click()
    page.get_by_role("link", name="Hôm nay · 34 tỉnh").click()
    expect(page.locator(".notice").first).to_contain_text("Tỉnh Ninh Bình")


def test_another_indicator_order_and_step_are_one_click_each(site: Site, opened: Opened) -> None:
    page = opened(site.link())
    page.goto(f"{site.base}/?{YEAR}&lang=vi")
    page.get_by_label("Chọn chỉ tiêu").select_option("seats")
    page.wait_for_url("**indicator=seats**")
    expect(page.locator("#map-title")).to_contain_text("Số vị trí trong tổ")
    expect(page.locator("td.chosen")).to_have_count(34)
    seats = [int(text) for text in page.locator("td.chosen").all_inner_texts()]
    assert seats == sorted(seats, reverse=True) and seats[0] == 38
    page.locator("table.units thead").get_by_role("link", name="Đơn vị").click()
    expect(page.locator("table.units tbody tr").first).to_contain_text("Tỉnh An Giang")
    page.get_by_role("link", name="Quý", exact=True).click()
    page.get_by_text("Bảng số liệu theo kỳ").first.click()
    expect(page.locator("#trend-table tbody tr")).to_have_count(4)
    expect(page.locator("#trend-table tbody tr").nth(2)).to_contain_text("Quý 3/2025")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_coverage_is_shown_at_each_level(site: Site, opened: Opened, size: Size) -> None:
    page = opened(site.link(lang="en"), size)
    page.goto(f"{site.base}/?{YEAR}&indicator=covered_public_services&lang=en")
    levels = page.get_by_role("navigation", name="Level")
    expect(levels.locator("[aria-current]")).to_have_text("does")
    levels.get_by_role("link", name="knows").click()
    page.wait_for_url("**indicator=covered_public_services_knows**")
    expect(levels.locator("[aria-current]")).to_have_text("knows")
    expect(page.locator("#map-title")).to_contain_text("knows")
    assert sideways(page) == 0, page.evaluate(WIDEST)
    page.goto(f"{site.base}/?{YEAR}&indicator=visits&lang=en")
    expect(levels).to_have_count(0)


def test_the_tile_of_training_says_how_many_members_were_trained(site: Site, opened: Opened) -> None:
    page = opened(site.link())
    page.goto(f"{site.base}/?{YEAR}&lang=vi")
    tile = page.locator(".tile", has_text="Số người được tập huấn")
    expect(tile.locator(".muted").last).to_contain_text(re.compile(r"^0 % trên \d+ thành viên đã được tập huấn$"))


def test_figures_lead_to_their_events_and_to_files(site: Site, opened: Opened) -> None:
    page = opened(site.link())
    page.goto(f"{site.base}/?unit={VILLAGE}&from=2025-09-01&to=2025-09-10&indicator=visits&lang=vi")
    with page.expect_download() as download:
        page.locator("#trend-title ~ .actions").get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "bao-cao-20250901-20250910.csv"
    page.get_by_role("link", name="Sự kiện làm nên số liệu này").click()
    expect(page.locator("table.events tbody tr")).to_have_count(3)
    expect(page.locator("table.events tbody tr").first).to_contain_text("VisitRecorded")
    expect(page.locator("table.events caption")).to_contain_text("Khu phố 1")
    expect(page.locator("#freshness")).to_contain_text("Đã tính đủ")
    page.get_by_role("link", name="Trở lại bảng điều khiển").click()
    expect(page.locator(".tile", has_text="Số lượt hướng dẫn").locator(".big")).to_have_text("3")
    page.goto(f"{site.base}/events/{NATION_ID}?{YEAR}&indicator=teams&lang=vi")
    document = page.locator("table.events thead th").all_inner_texts().index("Văn bản") + 1
    papers = page.locator(f"table.events tbody td:nth-child({document})").all_inner_texts()
    assert sorted(set(papers)) == [DECISION, "–"]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_without_scripts_everything_can_be_read_and_asked(site: Site, opened: Opened, size: Size) -> None:
    link = site.link()
    page = opened(f"{site.base}/?{YEAR}&lang=vi", size, scripts=False)
    assert "/session" in page.url
    page.get_by_label("Mã truy cập").fill(link.partition("#token=")[2])
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Việt Nam")
    assert "from=2025-01-01" in page.url
    expect(page.locator("#trend-table tbody tr")).to_have_count(12)
    expect(page.locator("#trend-table")).to_be_visible()
    page.get_by_label("Chọn chỉ tiêu").select_option("teams")
    page.locator(".map form").get_by_role("button").click()
    expect(page.locator("#map-title")).to_contain_text("Số tổ")
    assert sideways(page) == 0, page.evaluate(WIDEST)


def test_with_no_data_it_says_what_to_do(empty_site: Site, opened: Opened) -> None:
    page = opened(empty_site.link(lang="en"))
    expect(page.locator("main")).to_contain_text("./tungnha demo --small")
    told = page.request.get(f"{empty_site.base}/?unit=nowhere&lang=en")
    assert told.status == 404 and "<h1>" in told.text()


def test_a_visitor_of_one_commune_sees_no_other(site: Site, opened: Opened) -> None:
    page = opened(site.link(site.commune))
    own = page.get_by_role("heading", level=1).inner_text()
    assert own and page.locator(".crumbs a").count() == 0, "what is above is told, but not open"
    for unit in (site.other_commune, NATION_ID):
        assert page.request.get(f"{site.base}/?unit={unit}").status == 403
        assert page.request.get(f"{site.base}/files/{unit}?format=csv").status == 403
        assert page.request.get(f"{site.base}/events/{unit}?indicator=visits").status == 403
    assert page.locator(".country a").count() == 0 and page.locator(".country .here").count() == 1


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_figures_that_are_an_estimate_in_part_are_marked(site: Site, opened: Opened, size: Size) -> None:
    page = opened(site.link(), size)
    page.goto(f"{site.base}/?unit={site.other_commune}&{YEAR}&lang=vi")
    rows = page.locator("table.units tbody tr")
    expect(rows.filter(has_text="Khu a").locator(".estimate")).to_have_attribute("title", re.compile("^1 sự kiện"))
    expect(rows.filter(has_text="Khu b").locator(".estimate")).to_have_count(0)
    expect(page.locator("#units")).to_contain_text("≈ ước tính: một phần số liệu")
    assert sideways(page) == 0, page.evaluate(WIDEST)
    page.goto(f"{site.base}/?{YEAR}&lang=vi")
    expect(page.locator(".country a[aria-label*='Ninh Bình: ']")).to_have_count(1)
    expect(page.locator("main")).not_to_contain_text("≈")  # the choice was between two units of one province
    page.goto(f"{site.base}/?unit={site.commune}&{YEAR}&lang=vi")
    expect(page.locator("table.units tbody tr")).to_have_count(1)
    expect(page.locator(".estimate")).to_have_count(0)
    expect(page.locator("#units")).not_to_contain_text("≈")


def test_signing_out_forgets_and_the_cookie_opens_no_route_of_the_api(site: Site, opened: Opened) -> None:
    page = opened(site.link())
    [cookie] = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    assert page.evaluate("document.cookie") == ""
    assert page.request.get(f"{site.base}/v1/reports/{NATION_ID}").status == 401
    assert page.request.post(f"{site.base}/v1/notes", data={}).status == 401
    page.get_by_role("button", name="Đăng xuất").click()
    page.goto(site.base)
    expect(page.get_by_role("heading", name="Đăng nhập")).to_be_visible()
    assert page.context.cookies() == []
    page.get_by_label("Mã truy cập").fill("not a token")
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_role("alert")).to_contain_text("hết hạn")


def test_by_keyboard_and_for_screen_readers(site: Site, opened: Opened) -> None:
    page = opened(site.link())
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Đến nội dung chính")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for landmark in ("banner", "main", "contentinfo"):
        expect(page.get_by_role(landmark)).to_have_count(1)  # type: ignore[arg-type]  # a literal
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.evaluate("[...document.images].every((image) => image.hasAttribute('alt'))")
    assert page.evaluate("[...document.querySelectorAll('table')].every((table) => table.caption)")
    unnamed = (
        "[...document.querySelectorAll('input:not([type=hidden]),select,textarea')].filter((f) => !f.labels.length)"
    )
    assert page.evaluate(f"{unnamed}.length") == 0


def test_the_first_view_is_small(site: Site, opened: Opened) -> None:
    page = opened(site.link(), DESK)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(f"{site.base}/?{YEAR}", wait_until="networkidle")
    assert len(sizes) >= 7 and sum(sizes) < FIRST_VIEW, sizes

"""The main journeys of a visitor of the dashboard, in a real browser, in both languages, on a phone and on a desk."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from ops.units.seed import NATION_ID
from services.reporting.pages.event_names import event_name
from tests.browser.conftest import DECISION, DESK, EITHER, VILLAGE, Opened, Site, Viewer
from tests.browser.looking import sideways

YEAR = "from=2025-01-01&to=2025-12-31"
FIRST_VIEW = 200_000


def test_from_the_nation_to_a_village_and_back(site: Site, opened: Opened, viewer: Viewer) -> None:
    page = opened(site.link(lang=viewer.lang), viewer.size)
    assert "token" not in page.url
    expect(page.locator(".controls [aria-current]").first).to_be_in_viewport(ratio=0.99)
    header = page.locator("header").bounding_box()
    assert header and header["height"] < 80, "one line"
    page.goto(f"{site.base}/?{YEAR}&lang={viewer.lang}")
    heading, rows = page.get_by_role("heading", level=1), page.locator("table.units tbody tr")
    expect(heading).to_have_text("Việt Nam")
    expect(page.locator("html")).to_have_attribute("lang", viewer.lang)
    expect(page.get_by_role("heading", name=viewer.named("households_reached")).first).to_be_visible()
    expect(page.get_by_role("heading", name=viewer.says("units"))).to_be_visible()
    expect(rows).to_have_count(34)
    expect(page.locator(".country a")).to_have_count(34)
    expect(page.locator("#trend canvas")).to_be_visible()
    assert not sideways(page)
    page.locator("table.units").get_by_role("link", name="Tỉnh Ninh Bình").click()
    expect(heading).to_have_text("Tỉnh Ninh Bình")
    expect(rows).to_have_count(3)
    rows.get_by_role("link").first.click()
    expect(rows).to_have_count(1)
    rows.get_by_role("link").first.click()
    expect(heading).to_contain_text("Khu phố 1")
    tile = page.locator(".tile", has_text=viewer.named("households_reached"))
    expect(tile.locator(".big")).to_have_text(re.compile("^[3-9]$"))
    assert not sideways(page)
    page.get_by_role("navigation", name=viewer.says("breadcrumbs")).get_by_role("link").first.click()
    expect(heading).to_have_text("Việt Nam")
    assert "from=2025-01-01" in page.url
    page.get_by_role("link", name=viewer.says("other_language")).click()
    expect(page.locator("html")).not_to_have_attribute("lang", viewer.lang)
    assert "from=2025-01-01" in page.url


def test_the_map_shows_the_reform(site: Site, opened: Opened, viewer: Viewer) -> None:
    page = opened(site.link(at=f"/?{YEAR}&lang={viewer.lang}"), viewer.size)
    row = page.locator("table.units tr")
    former = viewer.says("formed_of", units="Hà Nam, Nam Định, Ninh Bình")
    expect(row.filter(has_text="Tỉnh Ninh Bình")).to_contain_text(former)
    page.get_by_role("link", name=f"30/06/2025 · {viewer.says('map_units', n=63)}").click()
    expect(page.locator(".country a")).to_have_count(63)
    expect(page.locator("table.units tbody tr")).to_have_count(63)
    expect(row.filter(has_text="Tỉnh Hà Nam")).to_contain_text(viewer.says("went_to", units="Tỉnh Ninh Bình"))
    expect(page.locator(".country .edge")).to_have_count(65)
    expect(page.locator('.country a[aria-label^="Thành phố Đà Nẵng"] use[href$="#hoangsa"]')).to_have_count(2)
    expect(page.locator(".country .told:visible")).to_have_count(0)
    page.locator('.country a[aria-label^="Tỉnh Nghệ An"] use').last.hover()
    expect(page.locator(".country .told:visible")).to_contain_text("Tỉnh Nghệ An")
    page.locator("table.units").get_by_role("link", name="Tỉnh Hà Nam").click()
    page.get_by_role("link", name=f"{viewer.says('map_today')} · {viewer.says('map_units', n=34)}").click()
    expect(page.locator(".notice").first).to_contain_text(viewer.says("not_on_map"))
    expect(page.locator(".notice").first).to_contain_text("Tỉnh Ninh Bình")
    assert not sideways(page)


def test_another_indicator_order_and_step_are_one_click_each(site: Site, opened: Opened, viewer: Viewer) -> None:
    page = opened(site.link(at=f"/?{YEAR}&lang={viewer.lang}"), viewer.size)
    page.get_by_label(viewer.says("choose_indicator")).select_option("seats")
    page.wait_for_url("**indicator=seats**")
    expect(page.locator("#map-title")).to_contain_text(viewer.named("seats"))
    expect(page.get_by_label(viewer.says("choose_indicator"))).to_have_accessible_description(re.compile(r"\w{3}"))
    expect(page.locator("td.chosen")).to_have_count(34)
    seats = [int(text) for text in page.locator("td.chosen").all_inner_texts()]
    assert seats == sorted(seats, reverse=True) and seats[0] == 38
    page.locator("table.units thead").get_by_role("link", name=viewer.says("unit"), exact=True).click()
    expect(page.locator("table.units tbody tr").first).to_contain_text("Tỉnh An Giang")
    page.get_by_role("link", name=viewer.says("quarter"), exact=True).click()
    page.locator("details.numbers summary").click()
    expect(page.locator("#trend-table tbody tr")).to_have_count(4)
    expect(page.locator("#trend-table tbody tr").nth(2)).to_contain_text(f"{viewer.says('quarter')} 3/2025")


@EITHER
def test_coverage_is_shown_at_each_level(site: Site, opened: Opened, viewer: Viewer) -> None:
    page = opened(site.link(at=f"/?{YEAR}&indicator=covered_public_services&lang={viewer.lang}"), viewer.size)
    levels = page.get_by_role("navigation", name=viewer.says("choose_level"))
    expect(levels.locator("[aria-current]")).to_have_text(viewer.says("does"))
    levels.get_by_role("link", name=viewer.says("knows")).click()
    page.wait_for_url("**indicator=covered_public_services_knows**")
    expect(levels.locator("[aria-current]")).to_have_text(viewer.says("knows"))
    expect(page.locator("#map-title")).to_contain_text(viewer.says("knows"))
    assert not sideways(page)
    page.goto(f"{site.base}/?{YEAR}&indicator=visits&lang={viewer.lang}")
    expect(levels).to_have_count(0)


def test_the_tile_of_training_says_how_many_members_were_trained(site: Site, opened: Opened) -> None:
    page = opened(site.link(at=f"/?{YEAR}&lang=vi"))
    tile = page.locator(".tile", has_text="Số người được tập huấn")
    expect(tile.locator(".muted").last).to_contain_text(re.compile(r"^0 % trên \d+ thành viên$"))


def test_figures_lead_to_their_events_and_to_files(site: Site, opened: Opened, viewer: Viewer) -> None:
    page = opened(
        site.link(at=f"/?unit={VILLAGE}&from=2025-09-01&to=2025-09-10&indicator=visits&lang={viewer.lang}"), viewer.size
    )
    with page.expect_download() as download:
        page.locator("#trend-title ~ .actions").get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "bao-cao-20250901-20250910.csv"
    page.get_by_role("link", name=viewer.says("events_of")).click()
    expect(page.locator("table.events tbody tr")).to_have_count(3)
    expect(page.locator("table.events tbody tr").first).to_contain_text(event_name("VisitRecorded", viewer.lang))
    expect(page.locator("table.events tbody code").first).to_have_text("VisitRecorded")
    expect(page.locator("table.events caption")).to_contain_text("Khu phố 1")
    expect(page.locator("#freshness")).to_contain_text(viewer.says("fresh"))
    assert not sideways(page)
    page.get_by_role("link", name=viewer.says("back")).click()
    expect(page.locator(".tile", has_text=viewer.named("visits")).locator(".big")).to_have_text("3")


def test_an_event_names_the_document_behind_it(site: Site, opened: Opened) -> None:
    page = opened(site.link(at=f"/events/{NATION_ID}?{YEAR}&indicator=teams&lang=vi"))
    document = page.locator("table.events thead th").all_inner_texts().index("Văn bản") + 1
    papers = page.locator(f"table.events tbody td:nth-child({document})").all_inner_texts()
    assert sorted(set(papers)) == [DECISION, "–"]


def test_a_visitor_of_one_commune_sees_no_other(site: Site, opened: Opened) -> None:
    page = opened(site.link(site.commune))
    own = page.get_by_role("heading", level=1).inner_text()
    assert own and page.locator(".crumbs a").count() == 0, "what is above is told, but not open"
    for unit in (site.other_commune, NATION_ID):
        assert page.request.get(f"{site.base}/?unit={unit}").status == 403
        assert page.request.get(f"{site.base}/files/{unit}?format=csv").status == 403
        assert page.request.get(f"{site.base}/events/{unit}?indicator=visits").status == 403
    assert page.locator(".country a").count() == 0 and page.locator(".country .here").count() == 1


@EITHER
def test_figures_that_are_an_estimate_in_part_are_marked(site: Site, opened: Opened, viewer: Viewer) -> None:
    page = opened(site.link(at=f"/?unit={site.other_commune}&{YEAR}&lang={viewer.lang}"), viewer.size)
    rows = page.locator("table.units tbody tr")
    expect(rows.filter(has_text="Khu a").locator(".estimate")).to_have_attribute("title", re.compile("^1 "))
    expect(rows.filter(has_text="Khu b").locator(".estimate")).to_have_count(0)
    expect(page.locator("#units")).to_contain_text(viewer.says("estimated_legend"))
    assert not sideways(page)
    page.goto(f"{site.base}/?{YEAR}&lang={viewer.lang}")
    expect(page.locator(".country a[aria-label*='Ninh Bình: ']")).to_have_count(1)
    expect(page.locator("main")).not_to_contain_text("≈")  # the choice was between two units of one province
    page.goto(f"{site.base}/?unit={site.commune}&{YEAR}&lang={viewer.lang}")
    expect(page.locator("table.units tbody tr")).to_have_count(1)
    expect(page.locator(".estimate")).to_have_count(0)
    expect(page.locator("#units")).not_to_contain_text("≈")


@EITHER
def test_signing_out_forgets_and_the_cookie_opens_no_route_of_the_api(
    site: Site, opened: Opened, viewer: Viewer
) -> None:
    page = opened(site.link(lang=viewer.lang), viewer.size)
    [cookie] = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    assert page.evaluate("document.cookie") == ""
    assert page.request.get(f"{site.base}/v1/reports/{NATION_ID}").status == 401
    assert page.request.post(f"{site.base}/v1/notes", data={}).status == 401
    page.get_by_role("button", name=viewer.says("sign_out")).click()
    page.goto(f"{site.base}/?lang={viewer.lang}")
    expect(page.get_by_role("heading", name=viewer.says("sign_in"))).to_be_visible()
    assert page.context.cookies() == []
    page.get_by_label(viewer.says("token")).fill("not a token")
    page.get_by_role("button", name=viewer.says("sign_in")).click()
    expect(page.get_by_role("alert")).to_have_text(viewer.says("token_bad"))
    assert not sideways(page)


def test_the_first_view_is_small(site: Site, opened: Opened) -> None:
    page = opened(site.link(), DESK)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(f"{site.base}/?{YEAR}", wait_until="networkidle")
    assert len(sizes) >= 7 and sum(sizes) < FIRST_VIEW, sizes

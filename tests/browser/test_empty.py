"""What a page says where there is nothing to show, in both languages, on a phone and on a desk."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import EITHER, VILLAGE, Opened, Site, Viewer
from tests.browser.looking import sideways

BEFORE_ALL = "from=2023-01-01&to=2023-06-30"
"""Before the first event of the site, on today's map."""


def test_without_units_it_says_where_they_come_from(empty_site: Site, opened: Opened, viewer: Viewer) -> None:
    page = opened(empty_site.link(lang=viewer.lang), viewer.size)
    expect(page.get_by_role("heading", level=1)).to_have_text(viewer.says("nation"))
    expect(page.locator("main")).to_contain_text(viewer.says("no_units_known"))
    page.get_by_role("link", name=viewer.says("campaigns")).click()
    expect(page.locator("main")).to_contain_text(viewer.says("no_campaigns"))
    assert not sideways(page)
    page.get_by_role("link", name=viewer.says("other_language")).click()
    expect(page.locator("html")).not_to_have_attribute("lang", viewer.lang)
    told = page.request.get(f"{empty_site.base}/?unit=nowhere&lang={viewer.lang}")
    assert told.status == 404 and "<h1>" in told.text() and viewer.says("problem_back") in told.text()


def test_units_without_anything_that_happened_are_all_there_with_nothing(
    site: Site, opened: Opened, viewer: Viewer
) -> None:
    page = opened(site.link(at=f"/?{BEFORE_ALL}&lang={viewer.lang}"), viewer.size)
    expect(page.locator(".notice")).to_have_text(viewer.says("no_data"))
    expect(page.locator(".tile .big")).to_have_text(["0"] * 8)
    expect(page.locator(".tile", has_text=viewer.says("no_denominator"))).to_have_count(1)
    expect(page.locator(".country a.q0")).to_have_count(34)
    expect(page.locator(".legend li")).to_have_text(["0"])
    expect(page.locator("td.chosen")).to_have_text(["0"] * 34)
    expect(page.locator("#trend canvas")).to_be_visible()
    assert not sideways(page)
    page.locator("table.units").get_by_role("link", name="Tỉnh Ninh Bình").click()
    expect(page.locator(".notice")).to_have_text(viewer.says("no_data"))
    expect(page.locator("td.chosen")).to_have_text(["0"] * 3)


@EITHER
def test_a_commune_without_villages_and_a_village_have_no_table_of_units(
    site: Site, opened: Opened, viewer: Viewer
) -> None:
    page = opened(site.link(at=f"/?unit={site.bare_commune}&lang={viewer.lang}"), viewer.size)
    expect(page.locator("#units")).to_contain_text(viewer.says("no_villages"))
    expect(page.locator("table.units")).to_have_count(0)
    assert not sideways(page)
    page.goto(f"{site.base}/?unit={VILLAGE}&lang={viewer.lang}")
    expect(page.locator("#units")).to_have_count(0)
    expect(page.locator("#trend canvas")).to_be_visible()


@EITHER
def test_an_answer_that_is_a_problem_leads_back(site: Site, opened: Opened, viewer: Viewer) -> None:
    page = opened(site.link(at=f"/?map=2021-12-31&lang={viewer.lang}"), viewer.size, refused=True)
    expect(page.locator("main")).to_contain_text(viewer.says("problem_code", code="map-too-early"))
    assert not sideways(page)
    page.get_by_role("link", name=viewer.says("problem_back")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Việt Nam")
    expect(page.locator("html")).to_have_attribute("lang", viewer.lang)

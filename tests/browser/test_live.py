"""Pages that renew themselves: boards of campaigns and the badge of freshness, without losing whoever reads them."""

from __future__ import annotations

import re
from datetime import date
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import CAMPAIGN, DESK, EITHER, NATIONAL, PHONE, VILLAGE, Opened, Site, Size, Viewer
from tests.browser.looking import sideways
from tests.reporting_kit import Facts, reached, visited
from tests.waiting import eventually

LEFTS = """(() => {
  const lefts = (row) => [...row.cells].filter((cell) => getComputedStyle(cell).display !== "none")
    .map((cell) => Math.round(cell.getBoundingClientRect().left));
  const table = document.querySelector("table.units");
  return [table.tHead.rows[0], table.tBodies[0].rows[0]].map(lefts);
})()"""
"""Where the columns of the headings and those of the first row begin."""


def visit(site: Site) -> None:
    facts = Facts()
    visited(facts, f"live-{uuid4()}", site.commune, date(2025, 9, 20), set(), 1, False)
    site.happen(facts)


def figure(page: Page) -> int:
    """The visits, which come first."""
    return int(page.locator(".goal .big").first.inner_text().split()[0])


def expect_figure(page: Page, n: int) -> None:
    expect(page.locator(".goal .big").first).to_have_text(re.compile(rf"^{n}\b"))


def test_the_board_of_a_campaign_renews_itself(site: Site, opened: Opened, viewer: Viewer) -> None:
    page = opened(site.link(site.commune, lang=viewer.lang), viewer.size)
    page.get_by_role("link", name=viewer.says("campaigns")).click()
    page.get_by_role("link", name="Tháng cao điểm").click()
    expect(page.locator("#live")).to_have_text(viewer.says("live"))
    expect(page.locator(".goal .big").first).to_contain_text("/ 8")
    expect(page.locator("#freshness")).to_contain_text(viewer.says("fresh"))
    before = figure(page)
    visit(site)
    expect_figure(page, before + 1)
    assert not sideways(page)
    assert page.request.get(page.url, headers={"Cookie": ""}).url.startswith(f"{site.base}/session")


@EITHER
def test_a_campaign_that_was_never_opened_says_so_and_promises_nothing(
    site: Site, opened: Opened, viewer: Viewer
) -> None:
    page = opened(site.link(site.commune, lang=viewer.lang), viewer.size)
    page.get_by_role("link", name=viewer.says("campaigns")).click()
    tags = {each.inner_text() for each in page.locator(".list .tag").all()}
    assert tags == {viewer.says("state_unopened"), viewer.says("state_unclosed")}
    page.get_by_role("link", name="Tuần lễ số").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(viewer.says("state_unopened"))
    expect(page.locator("#live")).to_have_text(viewer.says("live_still"))
    expect(page.locator("script[src*='live']")).to_have_count(0)
    assert viewer.says("no_pace") not in page.locator("#board").inner_text()
    assert not sideways(page)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_headings_stand_above_their_columns(site: Site, opened: Opened, size: Size) -> None:
    page = opened(site.link(), size)
    for path in (f"/campaigns/{CAMPAIGN}", "/"):
        page.goto(f"{site.base}{path}?lang=vi")
        headings, cells = page.evaluate(LEFTS)
        assert headings == cells and len(cells) >= 7


def test_an_official_of_a_part_lands_on_that_part(site: Site, opened: Opened) -> None:
    page = opened(site.link(site.commune))
    page.get_by_role("link", name="Đợt cao điểm").click()
    page.get_by_role("link", name="Toàn quốc").click()
    expect(page).to_have_url(f"{site.base}/campaigns/{NATIONAL}?unit={site.commune}&lang=vi")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Toàn quốc")
    expect(page.locator("#live")).to_have_text("Trực tiếp")
    expect(page.locator(".crumbs a")).to_have_count(1)
    page.locator("table.units").get_by_role("link", name="Khu phố 1").click()
    page.locator(".crumbs").get_by_role("link", name="Toàn quốc").click()
    expect(page).to_have_url(re.compile(f"unit={site.commune}"))
    assert page.request.get(f"{site.base}/campaigns/{NATIONAL}?unit={site.other_commune}").status == 403


def test_an_official_of_several_parts_may_choose_and_that_of_all_sees_all(site: Site, opened: Opened) -> None:
    page = opened(site.link(site.commune, site.other_commune, at=f"/campaigns/{NATIONAL}?lang=vi"))
    chips = page.get_by_role("navigation", name="Đơn vị của bạn").get_by_role("link")
    expect(chips).to_have_count(2)
    first = page.url
    page.locator(".chips a:not([aria-current])").click()
    expect(chips).to_have_count(2)
    assert page.url != first and page.locator(".chips [aria-current]").count() == 1
    other = opened(site.link(site.other_commune))
    assert other.request.get(f"{site.base}/campaigns/{CAMPAIGN}").status == 403, "no part of it is theirs"
    whole = opened(site.link(at=f"/campaigns/{NATIONAL}?lang=vi"))
    assert "unit=" not in whole.url
    expect(whole.locator("table.units tbody tr")).to_have_count(34)


def test_a_board_leaves_its_reader_where_they_are(site: Site, opened: Opened) -> None:
    page = opened(site.link(site.commune, at=f"/campaigns/{CAMPAIGN}?lang=vi"), PHONE)
    expect(page.locator("#live")).to_have_text("Trực tiếp")
    link, table = page.locator("#board-units tbody a").first, page.locator("#board-units")
    link.focus()
    table.evaluate("(table) => { table.scrollLeft = 60; }")
    before = figure(page)
    visit(site)
    expect_figure(page, before + 1)
    assert table.evaluate("(table) => table.scrollLeft") == 60
    expect(link).to_be_focused()
    page.locator("#board h2:not(.hidden)").first.select_text()
    visit(site)
    eventually(lambda: page.evaluate("waiting !== null"))
    assert figure(page) == before + 1 and page.evaluate("getSelection().toString()") != ""
    page.evaluate("getSelection().removeAllRanges()")
    expect_figure(page, before + 2)


def polled(page: Page) -> None:
    """Ten seconds later."""
    with page.expect_response("**/freshness*") as answer:
        page.clock.fast_forward(10_000)
    assert answer.value.status == 200
    answer.value.finished()


def announced(page: Page) -> int:
    return int(page.evaluate("announced"))


WATCHED = """announced = 0; new MutationObserver((seen) => { announced += seen.length; })
  .observe(document.getElementById("fresh-said"), { childList: true, characterData: true, subtree: true })"""


@pytest.mark.parametrize("of", ["dashboard", "events", "board"])
def test_freshness_is_renewed_without_disturbing_and_tells_what_it_does_not_know(
    site: Site, opened: Opened, of: str
) -> None:
    paths = {"dashboard": "/?", "events": f"/events/{VILLAGE}?indicator=visits&", "board": f"/campaigns/{CAMPAIGN}?"}
    page = opened(site.link())
    page.clock.install()
    page.goto(f"{site.base}{paths[of]}lang=vi")
    badge, state = page.locator("#freshness"), page.locator("#fresh-state")
    badge.locator("summary").click()
    page.evaluate(WATCHED)
    moment = state.inner_text()
    visit(site)
    polled(page)
    expect(state).not_to_have_text(moment)
    expect(badge.get_by_role("link", name="Có số liệu mới")).to_have_count(0 if of == "board" else 1)
    expect(badge.locator("dl")).to_be_visible()
    expect(badge.locator("summary")).to_be_focused()
    assert announced(page) == 0, "the state is the same"
    assert site.stack is not None
    try:
        reached(site.stack.engine, "visits", -120)
        polled(page)
        expect(state).to_contain_text("Chưa kiểm tra lại được nguồn lượt hướng dẫn từ ")
        expect(badge).to_have_class("fresh late")
        told = announced(page)
        assert told > 0
        polled(page)
        polled(page)  # then the one before has been shown
        assert announced(page) == told
    finally:
        reached(site.stack.engine, "visits", 86_400)
    polled(page)
    expect(state).to_contain_text("Đã tính đủ")
    page.evaluate("void (fetch = () => Promise.reject(new Error()))")
    page.clock.fast_forward(10_000)
    expect(state).to_have_text("Không kiểm tra được số liệu mới, đang thử lại…")
    expect(badge).to_have_class("fresh late")
    expect(badge.locator("dl")).to_be_visible()


def test_who_was_signed_out_meanwhile_is_sent_to_sign_in(site: Site, opened: Opened) -> None:
    page = opened(site.link())
    page.clock.install()
    page.goto(f"{site.base}/?lang=vi")
    page.context.clear_cookies()
    page.clock.fast_forward(10_000)
    page.wait_for_url("**/session?next=**")

"""Ways to read a page: without scripts, by keyboard, with a screen reader, in the dark, on paper."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from ops.units.seed import NATION_ID
from services.reporting.exports.words import words as exported
from tests.browser.conftest import CAMPAIGN, DESK, EITHER, PHONE, VILLAGE, Opened, Site, Size, Viewer
from tests.browser.looking import READABLE, contrasts, sideways, violations
from tests.browser.test_journeys import YEAR

PAGES = (
    f"/?{YEAR}",
    f"/?unit={VILLAGE}&{YEAR}&indicator=platforms",
    f"/campaigns/{CAMPAIGN}?",
    f"/events/{VILLAGE}?indicator=visits&{YEAR}",
    f"/files/{NATION_ID}?indicators=visits,teams&by=unit&format=html&{YEAR}",
    "/?map=2021-12-31",
    "/session?",
)
PAPER = 688
"""Pixels between the margins of A4."""
STOPS = (
    ".skip",
    ".brand",
    ".top nav a",
    ".top button",
    ".crumbs a",
    "#freshness summary",
    ".controls .chips a",
    ".controls summary",
    ".tile a",
    ".map > a",
    ".country a",
    "select",
    "#trend-title ~ .chips a",
    ".numbers summary",
    "#trend-title ~ .actions a",
    "#units .actions a",
    "#units .scroll",
    ".units thead a",
    ".units tbody a",
    "footer a",
)
"""Where the keyboard stops on the page of a province, in order; what there are several of once."""
UNNAMED = "[...document.querySelectorAll('table')].filter((e) => !e.caption && !e.hasAttribute('aria-labelledby'))"
FOCUSED = """(stops) => {
  const now = document.activeElement, style = getComputedStyle(now), told = now.querySelector(".told");
  const ringed = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return [stops.find((stop) => now.matches(stop)) ?? now.outerHTML.slice(0, 120),
    ringed || (told !== null && getComputedStyle(told).display !== "none")];
}"""


def test_without_scripts_everything_can_be_read_and_asked(site: Site, opened: Opened, viewer: Viewer) -> None:
    page = opened(f"{site.base}/?{YEAR}&lang={viewer.lang}", viewer.size, scripts=False)
    assert "/session" in page.url
    page.get_by_label(viewer.says("token")).fill(site.link().partition("#token=")[2])
    page.get_by_role("button", name=viewer.says("sign_in")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Việt Nam")
    expect(page.locator("html")).to_have_attribute("lang", viewer.lang)
    assert "from=2025-01-01" in page.url
    expect(page.locator("#trend-table tbody tr")).to_have_count(12)
    expect(page.locator("#trend-table")).to_be_visible()
    for chip in page.locator(".controls .chips a").all():
        box = chip.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= viewer.size[0]
    page.get_by_label(viewer.says("choose_indicator")).select_option("teams")
    page.locator(".map form").get_by_role("button").click()
    expect(page.locator("#map-title")).to_contain_text(viewer.named("teams"))
    assert not sideways(page)
    page.locator("table.units").get_by_role("link", name="Tỉnh Ninh Bình").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tỉnh Ninh Bình")


@EITHER
def test_the_keyboard_goes_everywhere_and_is_seen(site: Site, opened: Opened, viewer: Viewer) -> None:
    page = opened(site.link(at=f"/?{YEAR}&lang={viewer.lang}"), viewer.size)
    page.locator("table.units").get_by_role("link", name="Tỉnh Ninh Bình").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tỉnh Ninh Bình")
    stops: list[str] = []
    while "footer a" not in stops:
        page.keyboard.press("Tab")
        stop, is_seen = page.evaluate(FOCUSED, list(STOPS))
        assert stop in STOPS and is_seen, stop
        assert len(stops) < 2 * len(STOPS), stops
        stops += [stop] if stops[-1:] != [stop] else []
    twice = STOPS.index(".controls .chips a")
    assert stops == [*STOPS[:twice], *STOPS[twice : twice + 2], *STOPS[twice:]]
    page.locator(".crumbs a").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Việt Nam")


@EITHER
def test_by_keyboard_over_the_map_into_a_province_and_to_other_days(site: Site, opened: Opened, viewer: Viewer) -> None:
    page = opened(site.link(at=f"/?{YEAR}&lang={viewer.lang}"), viewer.size)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=viewer.says("skip"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.locator(".map select").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=viewer.says("skip_map"))).to_be_focused()
    expect(page.get_by_role("link", name=viewer.says("skip_map"))).to_be_in_viewport(ratio=0.99)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#trend-title ~ .chips a").first).to_be_focused()
    province = page.locator('.country a[aria-label^="Tỉnh Ninh Bình"]')
    province.focus()
    expect(province.locator(".told")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tỉnh Ninh Bình")
    page.locator(".controls summary").first.press("Enter")
    day = page.locator("input[name=from]:not([type=hidden])")
    day.fill("2025-09-01")
    day.press("Enter")
    page.wait_for_url("**from=2025-09-01**")
    expect(page.locator(".lead")).to_contain_text("01/09/2025 – 31/12/2025")


@EITHER
def test_every_page_keeps_the_rules_of_accessibility(site: Site, opened: Opened, viewer: Viewer) -> None:
    first, *others = [f"{path}&lang={viewer.lang}".replace("?&", "?") for path in PAGES]
    schemes = ("light", "dark") if viewer.size == PHONE else ("dark", "light")
    page = opened(site.link(at=first), viewer.size, refused=True, color_scheme=schemes[0])
    for path in (first, *others):
        if path != first:
            page.emulate_media(color_scheme=schemes[0])
            page.goto(f"{site.base}{path}")
        assert violations(page) == [], path
        assert page.evaluate(f"{UNNAMED}.length") == 0, path
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
            found = contrasts(page)
            assert {text: contrast for text, contrast in found.items() if contrast < READABLE} == {}, (path, scheme)
            assert len(found) >= 5, path


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_in_the_dark_a_page_is_dark(site: Site, opened: Opened, size: Size) -> None:
    page = opened(site.link(at=f"/?{YEAR}&indicator=visits&lang=vi"), size, color_scheme="dark")
    assert lightest(page, "body, .card, .chips a:not([aria-current]), select") < 60
    found = contrasts(page)
    assert min(found.values()) >= READABLE, found
    assert {"Số lượt hướng dẫn", "QĐ. Hoàng Sa", "Tỉnh Ninh Bình", "Tổng số"} <= set(found)
    page.emulate_media(color_scheme="light")
    assert lightest(page, "body, .card") > 240


def lightest(page: Page, selector: str) -> int:
    """The highest part of the grounds of these."""
    grounds = "(all) => all.map((each) => getComputedStyle(each).backgroundColor)"
    return max(int(n) for ground in page.locator(selector).evaluate_all(grounds) for n in re.findall(r"\d+", ground))


@EITHER
def test_on_paper_there_is_what_is_read_and_nothing_to_press(site: Site, opened: Opened, viewer: Viewer) -> None:
    page = opened(site.link(at=f"/?{YEAR}&lang={viewer.lang}"), viewer.size, color_scheme="dark")
    page.set_viewport_size({"width": PAPER, "height": 1000})
    page.emulate_media(media="print")
    for gone in (".top nav", "form", ".controls", ".chips", ".actions", ".skip", ".numbers", "button"):
        expect(page.locator(gone).filter(visible=True)).to_have_count(0)
    for kept in ("h1", ".lead", "#fresh-state", ".country", "#trend canvas", "table.units tfoot", "footer li"):
        expect(page.locator(kept).first).to_be_visible()
    assert not sideways(page)
    cut = "[...document.querySelectorAll('.scroll, .card')].filter((e) => e.scrollWidth > e.clientWidth).length"
    assert page.evaluate(cut) == 0
    assert lightest(page, "body") == 255 and min(contrasts(page).values()) >= READABLE


@EITHER
def test_the_official_table_is_printed_whole_with_its_signature(site: Site, opened: Opened, viewer: Viewer) -> None:
    page = opened(site.link(at=f"/?{YEAR}&lang={viewer.lang}"), viewer.size)
    page.locator("#units .actions").get_by_role("link", name=viewer.says("print")).click()
    expect(page.locator("html")).to_have_attribute("lang", viewer.lang)
    expect(page.locator("header")).to_contain_text("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
    expect(page.locator(".signed")).to_contain_text(exported("signer", viewer.lang))
    expect(page.locator("tbody tr:has-text('Tỉnh'), tbody tr:has-text('Thành phố')")).to_have_count(34)
    expect(page.locator("tbody tr.strong")).to_have_text(re.compile(exported("total", viewer.lang)))
    expect(page.locator("a, button, nav, script")).to_have_count(0)
    assert not sideways(page)
    page.set_viewport_size({"width": 952, "height": 640})  # between the margins of A4 lying down
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "a column is cut"
    assert page.locator(".scroll").evaluate("(each) => each.scrollWidth <= each.clientWidth")

"""What can be asked of a page as it stands in the browser."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

READABLE = 4.5
"""WCAG 2.2, 1.4.3."""

_WIDEST = """[...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + .5 &&
  !e.closest('.scroll, .chips')).map((e) => e.outerHTML.slice(0, 120)).slice(0, 5)"""

_TEXTS = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const share = (v) => (v / 255 <= .04045 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => .2126 * share(r) + .7152 * share(g) + .0722 * share(b);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const colour = parts(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
      if (colour[3] > 0) throw new Error("see-through: " + e.outerHTML.slice(0, 80));
    }
    return [255, 255, 255];
  };
  const told = (e) => e.matches("select, input, textarea")
    || [...e.childNodes].some((each) => each.nodeType === Node.TEXT_NODE && each.data.trim());
  const read = [...document.querySelectorAll("body *")].filter((e) => told(e) && e.checkVisibility()
    && !e.closest(".hidden, .skip, option, script, [type=hidden], title"));
  return read.map((e) => {
    const style = getComputedStyle(e);
    const [low, high] = [parts(e instanceof SVGElement ? style.fill : style.color), ground(e)].map(light)
      .sort((a, b) => a - b);
    return [(e.textContent.trim() || e.outerHTML).slice(0, 60), (high + .05) / (low + .05)];
  });
}"""


def sideways(page: Page) -> list[Any]:
    """How many pixels a page is wider than its window, and what makes it so; nothing if it is not."""
    by = int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
    return [by, page.evaluate(_WIDEST)] if by else []


def contrasts(page: Page) -> dict[str, float]:
    """Text that is shown → its lowest contrast to the ground it stands on, from the colours the browser computed."""
    found: dict[str, float] = {}
    for text, contrast in page.evaluate(_TEXTS):
        found[text] = min(contrast, found.get(text, contrast))
    return found


def violations(page: Page) -> list[str]:
    """Of the rules of axe-core: names, labels, roles, landmarks, headings, contrasts, languages and more."""
    found = Axe().run(page).response
    assert len(found["passes"]) > 10, "hardly anything was looked at"
    return [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]

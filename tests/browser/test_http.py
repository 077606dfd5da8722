"""What browsers do not show of the pages: who may ask, what is refused, how it is sent."""

from __future__ import annotations

import gzip

import httpx
import pytest

from ops.units.seed import NATION_ID
from services.reporting.pages.files import FILES, address
from shared.edge_page import COOKIE, session_cookie
from tests.browser.conftest import Site
from tests.waiting import local


@pytest.fixture
def visitor(site: Site) -> httpx.Client:
    """Signed in."""
    token = site.link().partition("#token=")[2]
    client = local(site.base, timeout=60, headers={"Accept-Language": "en"})
    answer = client.post("/session", data={"token": token, "next": "/?unit=x"}, headers={"Origin": site.base})
    assert (answer.status_code, answer.headers["location"]) == (303, "/?lang=en")
    return client


def test_forms_of_other_sites_are_refused(site: Site) -> None:
    token = {"token": site.link().partition("#token=")[2]}
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        for path in ("/session", "/session/end"):
            answer = httpx.post(site.base + path, data=token, headers=headers)
            assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
            assert "Biểu mẫu từ nơi khác" in answer.text
    assert httpx.post(f"{site.base}/session", json=token).status_code == 415


def test_who_is_not_signed_in_is_asked_once_more_from_here_and_then_sent_to_sign_in(site: Site) -> None:
    asked = f"{site.base}/?unit={NATION_ID}&from=2025-01-01"
    shared = httpx.get(asked, headers={"Sec-Fetch-Site": "cross-site"})
    assert shared.status_code == 200 and f"url=/?unit={NATION_ID}&amp;from=2025-01-01" in shared.text
    sent = httpx.get(asked, headers={"Sec-Fetch-Site": "same-origin"})
    assert (sent.status_code, sent.headers["location"].partition("%3F")[0]) == (303, "/session?next=%2F")


def test_a_page_takes_the_cookie_only_and_a_route_the_header_only(site: Site, visitor: httpx.Client) -> None:
    token = site.link().partition("#token=")[2]
    bearer = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{site.base}/", headers=bearer).status_code == 303
    assert visitor.get("/").status_code == 200 and visitor.get("/v1/indicators").status_code == 401
    assert httpx.get(f"{site.base}/v1/indicators", headers=bearer).status_code == 200
    expired = httpx.get(f"{site.base}/", headers={"Cookie": f"{COOKIE}={token[:-4]}AAAA"})
    assert expired.status_code == 303


def test_wrong_questions_are_pages_that_say_what_is_wrong(visitor: httpx.Client) -> None:
    for query, status, words in (
        ("unit=nowhere", 404, "no-such-unit"),
        ("from=2026-02-01&to=2026-01-01", 422, "period-reversed"),
        ("map=2021-12-31", 422, "map-too-early"),
        ("indicator=happiness", 422, "unknown-indicator"),
        ("from=yesterday", 422, "wrong-type"),
        ("colour=red", 422, "unknown-field"),
    ):
        answer = visitor.get(f"/?{query}")
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), query
        assert words in answer.text and '<html lang="en">' in answer.text
    assert '<html lang="vi">' in visitor.get("/?unit=nowhere&lang=vi").text
    assert visitor.get("/?from=&to=&lang=vi").status_code == 200, "an empty field says nothing"


def test_an_address_that_is_none_is_a_page_for_people_and_a_problem_for_programs(site: Site) -> None:
    for lang, back in (("vi", "Về trang đầu"), ("en", "To the first page")):
        asked = f"{site.base}/khong-co?lang={lang}"
        seen = httpx.get(asked, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        assert (seen.status_code, seen.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert back in seen.text and f'<html lang="{lang}">' in seen.text
        assert "default-src 'none'" in seen.headers["content-security-policy"]
        told = httpx.get(asked)
        assert (told.status_code, told.headers["content-type"]) == (404, "application/problem+json")


def test_pages_are_small_and_strict_and_files_are_kept_for_ever(site: Site, visitor: httpx.Client) -> None:
    page = visitor.get("/", headers={"Accept-Encoding": "gzip"})
    assert page.headers["content-encoding"] == "gzip" and page.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    path = address("style.css")
    with httpx.stream("GET", site.base + path, headers={"Accept-Encoding": "gzip"}) as answer:
        assert gzip.decompress(b"".join(answer.iter_raw())) == FILES["style.css"].body.plain
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = httpx.get(site.base + path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert httpx.get(f"{site.base}/static/000000000000/style.css").status_code == 404


def test_a_cookie_is_for_https_only_where_that_is_asked_for() -> None:
    assert session_cookie("t", secure=True) == f"{COOKIE}=t; Path=/; HttpOnly; SameSite=Strict; Secure"
    assert "Secure" not in session_cookie("t", secure=False) and "Max-Age=0" in session_cookie("", secure=False)

"""Pages: routes that answer a browser with HTML, authorised by a cookie instead of a header.

    class Dashboard:                                          # a mixin of a service, beside its routes
        @staticmethod
        def problem_page(problem: Problem, locale: str) -> str: …       # what a visitor reads instead of a page

        @page("GET", "/", scope="reporting:read", query=PageQuery)
        def home(self, call: Call) -> Reply:
            return html(…, call.locale)

        @page("POST", "/session", scope=PUBLIC, form=SessionForm)
        def sign_in(self, call: Call) -> Reply: …             # call.body: the form's fields

A page has a scope like any route, and its visitor the units of the token in the cookie. No other route looks at the
cookie, so it authorises nothing but pages. Forms are taken from our own pages only. ``lang=vi|en`` in an address goes
before ``Accept-Language``; a field of a form that was left empty is as if it were not there.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from marshmallow import Schema, ValidationError

from shared.access import Actor
from shared.edge import PUBLIC, Route, _Public
from shared.edge_body import Environ
from shared.edge_reply import Reply, locale_of
from shared.problems import Problem, from_validation

COOKIE = "tungnha_session"
SIGN_IN = "/session"
LOCALES = ("vi", "en")
LONGEST_FORM = 16_384
WORTH_PACKING = 600
"""Bytes; less fits into a packet anyway."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_FORM = re.compile(r"application/x-www-form-urlencoded\s*(?:;\s*charset=\"?utf-8\"?\s*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Packed:
    """A body that does not change, and the same one gzipped before anybody asked for it."""

    plain: bytes
    gzipped: bytes


def html(text: str, locale: str, status: int = 200) -> Reply:
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Language": locale, "Vary": "Accept-Language"}
    return Reply(status, text.encode(), headers)


class Page(Route):
    """``form``: the schema of what a POST carries."""

    media = _FORM
    expected = "application/x-www-form-urlencoded"
    for_people = True

    def answer(self, environ: Environ, path: dict[str, Any]) -> Reply:
        return _finished(super().answer(environ, path), environ)

    def locale(self, environ: Environ) -> str:
        asked = [value for name, value in _pairs(environ) if name == "lang" and value in LOCALES]
        return asked[-1] if asked else locale_of(environ.get("HTTP_ACCEPT_LANGUAGE", ""))

    def told(self, problem: Problem, environ: Environ) -> Reply:
        """Who is not signed in is sent to do so. A page asked for by way of a link from elsewhere comes without the
        cookie (it is SameSite=Strict), so such a visitor's browser is made to ask once more, from here."""
        locale = self.locale(environ)
        if problem.code != "unauthenticated" or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _finished(html(self._problem_page(problem, locale), locale, problem.status), environ, problem)
        here = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        here = quote(here) + ("?" + environ["QUERY_STRING"] if environ.get("QUERY_STRING") else "")
        if environ.get("HTTP_SEC_FETCH_SITE") in ("cross-site", "same-site"):
            return _finished(_asked_again(here, locale), environ)
        there = f"{SIGN_IN}?" + urlencode({"next": here, "lang": locale})
        return _finished(Reply(303, b"", {"Location": there, "Content-Type": "text/plain"}), environ)

    def _problem_page(self, problem: Problem, locale: str) -> str:
        text: str = self.container.service_cls.problem_page(problem, locale)
        return text

    def _authorised(self, environ: Environ) -> Actor:
        """By the cookie and by nothing else."""
        if isinstance(self.scope, _Public):
            return super()._authorised(environ)
        return super()._authorised(environ | {"HTTP_AUTHORIZATION": f"Bearer {session_of(environ)}"})

    def _query(self, environ: Environ) -> Any:
        pairs = [(name, value) for name, value in _pairs(environ) if name != "lang" and value]
        return super()._query(environ | {"QUERY_STRING": urlencode(pairs)})

    def _read(self, environ: Environ) -> bytes:
        if not _from_here(environ):
            raise Problem("foreign-form", where="header")
        return super()._read(environ)

    def _loaded(self, raw: bytes) -> Any:
        if self.body is None:
            return None
        try:
            pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=100)
            return self.body.load(dict(pairs))
        except ValidationError as error:
            raise from_validation(error) from None
        except ValueError:
            raise Problem("malformed-body", expected="UTF-8") from None


def page(
    method: str,
    rule: str,
    *,
    scope: str | _Public,
    query: type[Schema] | Schema | None = None,
    form: type[Schema] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declares ``method(self, call) -> Reply`` as the page at ``rule``, for whoever holds ``scope``."""
    decorator: Callable[[Callable[..., Any]], Callable[..., Any]] = Page.decorator(
        method, rule, scope=scope, body=form, query=query, max_bytes=LONGEST_FORM, lane=None
    )
    return decorator


def session_of(environ: Environ) -> str:
    """The token in the cookie; empty without one."""
    try:
        morsel = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def session_cookie(token: str, *, secure: bool) -> str:
    """The header that keeps a token until the browser is closed; an empty one forgets it."""
    rest = "" if token else "; Max-Age=0"
    return f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}{rest}"


def _pairs(environ: Environ) -> Iterable[tuple[str, str]]:
    try:
        return parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True, errors="replace", max_num_fields=100)
    except ValueError:
        return ()


def _from_here(environ: Environ) -> bool:
    """Browsers say where a form comes from; what is no browser has no cookie that could be misused."""
    origin, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")
    if origin is not None:
        return urlsplit(origin).netloc == environ.get("HTTP_HOST")
    return site in (None, "same-origin", "none")


def _asked_again(here: str, locale: str) -> Reply:
    """``here`` is percent-encoded but for what a query may hold."""
    address = here.replace("&", "&amp;").replace('"', "%22").replace("<", "%3C").replace(">", "%3E")
    return html(f'<!DOCTYPE html><meta http-equiv="refresh" content="0; url={address}"><title>…</title>', locale)


def _finished(reply: Reply, environ: Environ, problem: Problem | None = None) -> Reply:
    """With the headers every page has, and as small as the browser takes it."""
    headers = HEADERS | (problem.headers if problem else {}) | dict(reply.headers)
    body, packs = reply.body, "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
    if isinstance(body, Packed):
        body = body.gzipped if packs else body.plain
    elif isinstance(body, bytes) and packs and len(body) >= WORTH_PACKING:
        body = gzip.compress(body, 6, mtime=0)
    else:
        return replace(reply, headers=headers)
    headers["Vary"] = ", ".join(part for part in (headers.get("Vary"), "Accept-Encoding") if part)
    return replace(reply, body=body, headers=headers | ({"Content-Encoding": "gzip"} if packs else {}))


__all__ = ["COOKIE", "PUBLIC", "SIGN_IN", "Packed", "Page", "html", "page", "session_cookie", "session_of"]

"""The dashboard and what belongs to it: pages for browsers. Their figures are the API's, asked in process."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from services.reporting.pages import rendering
from services.reporting.pages.dashboard import Dashboard
from services.reporting.pages.figures import code_name, name_of
from services.reporting.pages.files import FILES
from services.reporting.pages.rendering import rendered
from services.reporting.pages.view import View
from services.reporting.placing import EARLIEST_MAP
from services.reporting.queries.notes import NoteQueries
from services.reporting.queries.sources import Sources
from services.reporting.queries.standing import doubts_of
from services.reporting.schemas.pages import FreshnessQuery, PageQuery, SignInForm, SignInQuery, SignOutForm
from services.reporting.schemas.reports import ReportQuery
from services.reporting.schemas.sources import SourceQuestion, SourcesQuery
from services.reporting.service.reports import ReportRoutes
from shared.access import BadToken, NoKeys, Verifier
from shared.edge import PUBLIC, Call, Reply
from shared.edge_page import SIGN_IN, html, page, session_cookie
from shared.problems import Problem

FOR_EVER = "public, max-age=31536000, immutable"
LONGEST_TOKEN = 3_800
"""Browsers keep cookies of 4,096 bytes."""


NOTES = 6
"""On the page of a unit; all are in ``GET /v1/notes``."""


class PageRoutes(ReportRoutes):
    sources: Sources
    note_queries: NoteQueries
    verifier: Verifier
    secure_cookies: bool

    @staticmethod
    def problem_page(problem: Problem, locale: str) -> str:
        return rendering.problem_page(problem, locale)

    @page("GET", "/", scope="reporting:read", query=PageQuery)
    def dashboard(self, call: Call) -> Reply:
        """A unit's figures; without a unit those of the visitor's own."""
        view: View = call.query
        own = self.own_units(call)
        unit = view.unit or (own[0] if own else None)
        if unit is None:
            return self._html(call, "empty.html", view=view)
        showing = view.settled(unit, self.area.today())
        shown = self.allowed(call, unit, view.map_day)
        board = Dashboard(self.reports, showing, shown, call.actor.units, call.locale)
        notes = self.note_queries.listed(unit, None, EARLIEST_MAP, showing.last, None, NOTES)["notes"]
        return self._html(call, "dashboard.html", board=board, view=view, own=own, notes=notes)

    def _html(self, call: Call, template: str, **context: Any) -> Reply:
        return html(rendered(template, call.locale, sub=call.actor.sub, **context), call.locale)

    @page("GET", "/freshness", scope="reporting:read", query=FreshnessQuery)
    def freshness(self, call: Call) -> Reply:
        """How far the figures have come: a part of the dashboard that is asked for again and again."""
        how_far = self.area.how_far()
        now = how_far.document() | {"warnings": doubts_of(how_far, call.locale)}
        return self._html(call, "freshness.html", now=now, seen=call.query["seen"])

    @page("GET", "/files/<string:unit_id>", scope="reporting:read", query=ReportQuery)
    def file(self, call: Call) -> Reply:
        """As ``GET /v1/reports/<unit>``, for whoever has a cookie: what a page shows as CSV, as XLSX, to be printed."""
        answer: Reply = self.report(call)
        return answer

    @page("GET", "/events/<string:unit_id>", scope="reporting:read", query=SourcesQuery)
    def events(self, call: Call) -> Reply:
        """The events behind a figure."""
        question: SourceQuestion = call.query
        asked = question.settled(self.area.today())
        shown = self.allowed(call, call.path["unit_id"], asked.map_day)
        answer = self.sources.page(shown, asked, question, call.locale)
        window = asked.window
        view = View(
            shown.unit, window.first, window.last, map_day=question.question.map_day, indicator=question.indicator
        )
        name = name_of(question.indicator, call.locale)
        if question.code is not None:
            name += f": {code_name(answer['names'], question.indicator.code, question.code, call.locale)}"
        unit, tree = call.path["unit_id"], self.area.tree
        return self._html(
            call, "events.html", answer=answer, view=view, name=name, code=question.code, tree=tree, path=unit
        )

    # --- signing in ----------------------------------------------------------------------------------------------

    @page("GET", "/session", scope=PUBLIC, query=SignInQuery)
    def sign_in_page(self, call: Call) -> Reply:
        return self._html(call, "sign_in.html", next=call.query["next"], problem=call.query["problem"])

    @page("POST", "/session", scope=PUBLIC, form=SignInForm)
    def sign_in(self, call: Call) -> Reply:
        form = call.body
        locale, token = form["lang"] or call.locale, "".join(form["token"].split())
        problem = self._wrong_with(token)
        if problem is not None:
            return go(f"{SIGN_IN}?" + urlencode({"next": form["next"], "problem": problem, "lang": locale}))
        there = form["next"] if "lang=" in form["next"] else f"/?lang={locale}"
        return go(there, token=token, secure=self.secure_cookies)

    def _wrong_with(self, token: str) -> str | None:
        """The word for what is wrong with it."""
        try:
            actor = self.verifier.verify(token)
        except NoKeys:
            return "token_keys"
        except BadToken:
            return "token_bad"
        if len(token) > LONGEST_TOKEN:
            return "token_long"
        return None if "reporting:read" in actor.scopes else "token_scope"

    @page("POST", "/session/end", scope=PUBLIC, form=SignOutForm)
    def sign_out(self, call: Call) -> Reply:
        there = f"{SIGN_IN}?" + urlencode({"lang": call.body["lang"] or call.locale})
        return go(there, token="", secure=self.secure_cookies)

    # --- files ---------------------------------------------------------------------------------------------------

    @page("GET", "/static/<version>/<name>", scope=PUBLIC)
    def static(self, call: Call) -> Reply:
        found = FILES.get(call.path["name"])
        if found is None or found.version != call.path["version"]:
            raise Problem("not-found", where="path")
        headers = {"Content-Type": found.media, "Cache-Control": FOR_EVER}
        return Reply(200, found.body, headers, etag=found.version)


def go(there: str, *, token: str | None = None, secure: bool = False) -> Reply:
    """To another page; ``token``: what is remembered of the visitor from now on."""
    cookie = {} if token is None else {"Set-Cookie": session_cookie(token, secure=secure)}
    return Reply(303, b"", {"Location": there, "Content-Type": "text/plain"} | cookie)

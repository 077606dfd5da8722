"""One reporting service with the real provinces and some facts, one without anything, and a browser that looks at both.

The browser is the system's Chromium (``ops/local/install.py``); a console message that is an error fails the test.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from ops.local import install, tokens
from ops.local.provision import Database
from ops.local.state import State
from ops.units.seed import NATION_ID, REFORM, as_event, load
from services.reporting.indicators import CATALOGUE
from services.reporting.pages.figures import name_of
from services.reporting.pages.words import words
from shared.db import engine
from tests.reporting_kit import Facts, MirrorWriter, team, unit_rows, visited
from tests.reporting_stack import Stack
from tests.unit_events import abolished, established
from tests.waiting import answers, eventually, free_port

Size = tuple[int, int]
PHONE, DESK = (390, 844), (1440, 900)
VILLAGE = "khu-pho-1"
CAMPAIGN, NATIONAL, UNOPENED = (f"00000000-0000-4000-8000-00000000c00{n}" for n in (1, 2, 3))
DECISION = "00000000-0000-4000-8000-00000000d001"
DIVIDED = date(2025, 10, 1)
"""A village of the other commune becomes two; what happened in it before stands at the first of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Last: the two services run to the end of the session and would take messages that are meant for other tests."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@dataclass(frozen=True)
class Viewer:
    """Who looks: in which language, on what."""

    lang: str
    size: Size

    def says(self, word: str, **params: object) -> str:
        return words(word, self.lang, **params)

    def named(self, indicator: str) -> str:
        return name_of(CATALOGUE.latest[indicator], self.lang)


@pytest.fixture(params=list(product(("vi", "en"), (PHONE, DESK))), ids=lambda each: f"{each[0]}-{each[1][0]}")
def viewer(request: pytest.FixtureRequest) -> Viewer:
    return Viewer(*request.param)


EITHER = pytest.mark.parametrize("viewer", [Viewer("vi", PHONE), Viewer("en", DESK)], ids=["vi-phone", "en-desk"])
"""Each language and each size once, where one has little to do with the other."""


@dataclass(frozen=True)
class Site:
    base: str
    state: State
    commune: str = ""
    other_commune: str = ""
    bare_commune: str = ""
    """Without villages, and without anything that happened."""
    stack: Stack | None = None

    def happen(self, facts: Facts) -> None:
        assert self.stack is not None
        self.stack.mirror.add(facts.events)
        self.stack.figures()

    def link(self, *units: str, lang: str = "vi", at: str = "/") -> str:
        """Signs in and goes on to a page: to the first one, or ``at`` an address that names its language."""
        token = tokens.issue(self.state, "visitor", "reporting:read", units or (NATION_ID,), 600)
        return f"{self.base}/session?{urlencode({'lang': lang, 'next': at})}#token={token}"


@pytest.fixture(scope="session")
def site(
    session_database: Callable[..., Database], rabbit: Any, stack_state: State, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Visits of 2024 and 2025 in Ninh Bình, and a team per province."""
    database = session_database("reporting")
    own = engine(database.app_url, name="test", pool_size=4)
    stack = Stack(own, MirrorWriter(own))
    seed = load()
    [ninh_binh] = seed.tree.find_by_name("Ninh Bình", REFORM, "province")
    commune, other, bare = seed.communes(ninh_binh, REFORM)[:3]
    wanted = {
        commune,
        other,
        bare,
        *(row["unit_id"] for row in seed.rows if row.get("level") in ("nation", "province")),
    }
    units = [as_event(row) for row in seed.rows if row["unit_id"] in wanted]
    units += [as_event(row) for row in seed.rows if row.get("level") == "district" and row["name"].endswith(" Sa")]
    units.append(established(VILLAGE, "village", commune, REFORM, name="Khu phố 1", simulated=True))
    units.append(established("khu-cu", "village", other, REFORM, name="Khu phố cũ", simulated=True))
    units += [established(f"khu-{n}", "village", other, DIVIDED, name=f"Khu {n}", simulated=True) for n in "ab"]
    units.append(abolished("khu-cu", DIVIDED, "khu-a", "khu-b"))
    stack.mirror.add([*unit_rows(units), *_facts(seed.tree.children(NATION_ID, REFORM), commune).events])
    stack.units()
    stack.maps.settle()
    stack.figures()
    with _served(database, rabbit, stack_state, tmp_path_factory.mktemp("site")) as base:
        yield Site(base, stack_state, commune, other, bare, stack)
    own.dispose()


def _facts(provinces: tuple[str, ...], commune: str) -> Facts:
    facts = Facts()
    for n, province in enumerate(provinces):
        team(facts, f"team-{n}", "commune", province, REFORM, 5 + n)
        for visit in range(n):
            visited(facts, f"h{n}-{visit}", province, date(2025, 8, 1 + visit % 28), set(), 2, visit % 2 == 0)
    facts.events[0][3][1]["document_id"] = DECISION
    for campaign, name, units in (
        (CAMPAIGN, "Tháng cao điểm", [commune]),
        (NATIONAL, "Toàn quốc", [NATION_ID]),
        (UNOPENED, "Tuần lễ số", [commune]),
    ):
        plan = {"campaign_id": campaign, "name": name, "first_day": "2025-09-01", "last_day": "2025-09-30"}
        plan |= {"unit_ids": units, "document_id": None, "unit_targets": []}
        plan |= {"targets": {"visits": 8, "households": None, "covered": []}}
        facts.events.append(("visits", 0, f"campaign:{campaign}", ("CampaignScheduled", plan)))
        if campaign != UNOPENED:
            step = {"campaign_id": campaign, "day": "2025-09-01"}
            facts.events.append(("visits", 0, f"campaign:{campaign}", ("CampaignOpened", step)))
    visited(facts, "divided", "khu-cu", date(2025, 9, 5), set(), 2, True)
    for n in range(3):
        visited(facts, f"v{n}", VILLAGE, date(2025, 9, 1 + n), set(), 3, True)
        visited(facts, f"c{n}", commune, date(2025, 9, 1 + n), set(), 1, False)
    return facts


@pytest.fixture(scope="session")
def empty_site(
    session_database: Callable[..., Database], rabbit: Any, stack_state: State, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """As it is right after ``./tungnha up``: no units, no facts."""
    with _served(session_database("reporting"), rabbit, stack_state, tmp_path_factory.mktemp("empty")) as base:
        yield Site(base, stack_state)


@contextmanager
def _served(database: Database, rabbit: Any, state: State, directory: Path) -> Iterator[str]:
    rabbit.purge()
    address = f"127.0.0.1:{free_port()}"
    environment = {
        **os.environ,
        "TUNGNHA_SERVICE_DATABASE_URL": database.app_url,
        "TUNGNHA_VAULT_DATABASE_URL": database.vault_url,
        "TUNGNHA_SERVICE_AMQP_URI": rabbit.uri("reporting"),
        "TUNGNHA_HTTP_ADDRESS": address,
        "TUNGNHA_HASH_KEY": "00" * 32,
        "TUNGNHA_JWKS": str(tokens.jwks(state)),
        "TUNGNHA_ISSUER": tokens.ISSUER,
    }
    log = directory / "api.log"
    with log.open("wb") as output:
        command = [sys.executable, "-W", "ignore", "-m", "services.reporting", "api"]
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        eventually(lambda: answers(f"http://{address}/readyz"), 30)
        yield f"http://{address}"
    finally:
        process.terminate()
        code = process.wait(15)
    assert code == 0, log.read_text()[-3000:]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=install.chromium(), args=["--no-sandbox"])
        yield chromium
        chromium.close()


Opened = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """``opened(link, size=PHONE, scripts=False)``: a page of a visitor of its own; ``refused``: who goes where there is
    nothing for them, which a browser calls an error."""
    contexts, complaints = [], list[str]()

    def complain(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"{message.text} {message.location}")

    def complain_of_more(message: ConsoleMessage) -> None:
        if "responded with a status of 4" not in message.text:
            complain(message)

    def make(link: str, size: Size = DESK, *, scripts: bool = True, refused: bool = False, **options: Any) -> Page:
        view = {"width": size[0], "height": size[1]}
        context = browser.new_context(viewport=view, java_script_enabled=scripts, locale="vi-VN", **options)  # type: ignore[arg-type]  # a TypedDict
        contexts.append(context)
        page = context.new_page()
        expect.set_options(timeout=30_000)  # on a busy machine
        page.set_default_timeout(30_000)
        page.on("console", complain_of_more if refused else complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(link)
        if scripts and "#token=" in link:
            page.wait_for_url(lambda url: "/session" not in url)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []

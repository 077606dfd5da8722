"""What the documents say is what there is."""

from __future__ import annotations

import re
from pathlib import Path

ROUTE = re.compile(r'@(?:route|page)\(\s*"(\w+)",\s*"([^"]+)",.*?scope=(?:"([^"]+)"|(PROBE|PUBLIC))', re.DOTALL)
LISTED = re.compile(r"^\| (GET|POST|DELETE) \| `([^`]+)`[^|]* \| (?:`([^`]+)`|–) \|$", re.MULTILINE)


def test_the_api_page_lists_every_route_with_its_scope(root: Path) -> None:
    sources = [
        *root.glob("services/*/service.py"),
        *root.glob("services/*/service/*.py"),
        root / "shared/edge_feed.py",
        root / "shared/edge_health.py",
        root / "shared/edge_jobs.py",
    ]
    routes = {(m[1], m[2], m[3]) for source in sources for m in ROUTE.finditer(source.read_text(encoding="utf-8"))}
    page = (root / "docs/api.md").read_text(encoding="utf-8")
    listed = {(m[1], m[2], m[3]) for m in LISTED.finditer(page)}
    assert len(routes) > 40
    assert listed == routes


def test_no_route_but_these_is_open_to_everybody(root: Path) -> None:
    """Health and metrics apart, which are for the machines around a process."""
    sources = [*root.glob("services/**/*.py"), *root.glob("shared/*.py")]
    routes = [m for source in sources for m in ROUTE.finditer(source.read_text(encoding="utf-8")) if m[4] == "PUBLIC"]
    open_pages = {
        ("GET", "/session"),
        ("POST", "/session"),
        ("POST", "/session/end"),
        ("GET", "/static/<version>/<name>"),
    }
    assert {(m[1], m[2]) for m in routes} == {("GET", "/v1/certificates/<number>/validity"), *open_pages}
    named = [source for source in sources if re.search(r"scope=PUBLIC\b", source.read_text(encoding="utf-8"))]
    assert {source.relative_to(root).as_posix() for source in named} == {
        "services/training/service/certificates.py",
        "services/reporting/service/pages.py",
        "shared/edge_page.py",  # an example
    }


def test_every_link_of_the_documents_leads_somewhere(root: Path) -> None:
    pages = [*root.glob("*.md"), *root.glob("docs/**/*.md")]
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    ]
    assert links
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []

"""Rules about the rooms of the code that import-linter cannot say: what a domain may import, as a whitelist."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.local.state import ROOT

KERNEL = {"shared.decider", "shared.units"}
# Standard library that reads a clock, makes ids, or reaches outside the process.
IMPURE = {"asyncio", "glob", "http", "io", "os", "pathlib", "random", "secrets", "shutil", "socket", "subprocess"}
IMPURE |= {"sys", "tempfile", "threading", "time", "urllib"}

DOMAINS = sorted(
    file for path in ROOT.glob("services/*/domain*") for file in ([path] if path.is_file() else path.rglob("*.py"))
)


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module == "shared":
                yield from (f"shared.{alias.name}" for alias in node.names)
            else:
                yield ("." * node.level) + (node.module or "")


def is_pure(name: str, own: str) -> bool:
    if name.split(".")[0] in sys.stdlib_module_names:
        return name.split(".")[0] not in IMPURE
    within = name.startswith(".") or name == own or name.startswith(own + ".")
    return within or any(name == room or name.startswith(room + ".") for room in KERNEL)


@pytest.mark.parametrize("file", DOMAINS, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_domain_imports_the_pure_kernel_and_the_standard_library_only(file):
    own = f"services.{file.relative_to(ROOT / 'services').parts[0]}.domain"
    assert [name for name in imported(file) if not is_pure(name, own)] == []


@pytest.mark.parametrize("file", DOMAINS, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_domain_asks_no_clock_and_makes_no_ids(file):
    forbidden = {"now", "today", "utcnow", "uuid1", "uuid4", "uuid7"}
    calls = [node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
    assert names & forbidden == set()


def test_every_service_has_a_domain():
    assert {file.relative_to(ROOT / "services").parts[0] for file in DOMAINS} == {
        *("teams", "visits", "training", "reporting")
    }

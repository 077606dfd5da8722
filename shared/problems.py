"""Errors as ``application/problem+json`` (RFC 9457), in Vietnamese and English.

A ``Problem`` carries a stable code; its texts come from the catalogue: the generic ones of ``problem_texts.py`` and
those a service adds from its ``messages.py`` with ``register``. Params fill the texts and never hold personal data.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from shared.decider import Rejected
from shared.problem_texts import EXPECTED_VI, GENERIC, Text
from shared.problem_texts_files import FILES

__all__ = ["CATALOGUE", "Issue", "Problem", "Text", "from_rejected", "from_validation", "register", "rejection_codes"]

TYPE_BASE = "https://tungnha.vn/problems/"
UNKNOWN = "rejected"
MAX_ISSUES = 50
CATALOGUE: dict[str, Text] = GENERIC | FILES


def register(messages: Mapping[str, Text]) -> None:
    """Adds a service's texts. A generic code keeps its status: clients know it by that."""
    for code, text in messages.items():
        if code in GENERIC and GENERIC[code].status != text.status:
            raise ValueError(f"{code} is a generic problem with status {GENERIC[code].status}")
        CATALOGUE[code] = text


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with the input, at a JSON pointer."""

    code: str
    pointer: str = ""
    params: Mapping[str, object] = field(default_factory=dict)

    def title(self, locale: str) -> str:
        return _text(self.code).titles[locale == "en"]

    def detail(self, locale: str) -> str:
        return _fill(_text(self.code).details[locale == "en"], self.params, locale)


class Problem(Exception):
    """An answer that is an error: raise it anywhere below the edge.

    ``where`` says what the pointer points into when that is not the body: ``query``, ``path`` or ``header``.
    ``issues`` after the first are listed in ``errors``.
    """

    def __init__(
        self,
        code: str,
        pointer: str = "",
        *,
        where: str = "body",
        headers: Mapping[str, str] | None = None,
        others: Iterable[Issue] = (),
        extra: Mapping[str, object] | None = None,
        **params: object,
    ) -> None:
        super().__init__(code)
        self.issues = (Issue(code, pointer, params), *others)
        self.where = where
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    @property
    def code(self) -> str:
        return self.issues[0].code

    @property
    def pointer(self) -> str:
        return self.issues[0].pointer

    @property
    def params(self) -> Mapping[str, object]:
        return self.issues[0].params

    @property
    def status(self) -> int:
        return _text(self.code).status

    def under(self, prefix: str) -> Problem:
        """The same problem found deeper: in row 3 of a batch, ``under("/rows/3")``."""
        moved = [Issue(i.code, prefix + i.pointer, i.params) for i in self.issues]
        problem = Problem(moved[0].code, moved[0].pointer, where=self.where, headers=self.headers, extra=self.extra)
        problem.issues = tuple(moved)
        return problem

    def document(self, locale: str) -> dict[str, Any]:
        """The problem+json members in ``vi`` or ``en``."""
        first = self.issues[0]
        document: dict[str, Any] = {
            "type": TYPE_BASE + first.code,
            "title": first.title(locale),
            "status": self.status,
            "detail": first.detail(locale),
            "pointer": first.pointer,
            "code": first.code,
        }
        if self.where != "body":
            document["in"] = self.where
        if len(self.issues) > 1:
            document["errors"] = [
                {"pointer": i.pointer, "code": i.code, "detail": i.detail(locale)} for i in self.issues
            ]
        return document | self.extra


def from_rejected(rejected: Rejected) -> Problem:
    """The problem a refused command answers with; a code without text answers as ``rejected`` but keeps its name."""
    if rejected.code == "version-changed":
        version = rejected.params.get("version")
        return Problem("precondition-failed", extra={"version": version}, version=version)
    if rejected.code in CATALOGUE:
        problem = Problem(rejected.code, rejected.pointer)
        problem.issues = (Issue(rejected.code, rejected.pointer, dict(rejected.params)),)
        return problem
    return Problem(UNKNOWN, rejected.pointer, reason=rejected.code)


def from_validation(error: ValidationError, prefix: str = "", where: str = "body") -> Problem:
    """The problem for what marshmallow found: the first finding, and all of them (50 at most) in ``errors``."""
    issues: list[Issue] = []
    for pointer, message in _walk(_messages(error), prefix):
        code, params = _classify(message)
        issues.append(Issue(code, pointer, params))
        if len(issues) == MAX_ISSUES:
            break
    problem = Problem(issues[0].code, where=where)
    problem.issues = tuple(issues)
    return problem


def pointer(*steps: object) -> str:
    """A JSON pointer (RFC 6901) from keys and indices."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def rejection_codes(*modules: Path) -> set[str]:
    """Codes that source files reject with, for the test that every one has its texts."""
    calls = (node for path in modules for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    return {
        str(node.args[0].value)
        for node in calls
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in {"Rejected", "Problem"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def _messages(error: ValidationError) -> Any:
    """By field, as ``{"_schema": …}`` where the error is about the whole."""
    return error.messages if isinstance(error.messages, dict) else {"_schema": error.messages}


def _walk(messages: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            yield from _walk(below, path if key == "_schema" else path + pointer(key))
    elif isinstance(messages, list):
        for below in messages:
            yield from _walk(below, path)
    else:
        yield path, str(messages)


_SYMBOLS = (
    ("greater than or equal to", "≥"),
    ("less than or equal to", "≤"),
    ("greater than", ">"),
    ("less than", "<"),
    (" and ", ", "),
)
_PATTERNS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"Missing data for required field\.|Field may not be null\."), "missing-field", ""),
    (re.compile(r"Unknown field\."), "unknown-field", ""),
    (re.compile(r"Invalid input type\.|Invalid type\."), "wrong-type", "object"),
    (re.compile(r"Not a valid (?P<x>.+)\."), "wrong-type", "{x}"),
    (re.compile(r"Must be one of: (?P<x>.+)\."), "unknown-choice", "{x}"),
    (re.compile(r"Must be (?P<x>(?:greater|less) than .+)\."), "out-of-range", "{x}"),
    (re.compile(r"Shorter than minimum length (?P<x>.+)\."), "wrong-length", "≥ {x}"),
    (re.compile(r"Longer than maximum length (?P<x>.+)\."), "wrong-length", "≤ {x}"),
    (re.compile(r"Length must be between (?P<x>.+) and (?P<y>.+)\."), "wrong-length", "{x}–{y}"),
    (re.compile(r"Length must be (?P<x>.+)\."), "wrong-length", "{x}"),
    (re.compile(r"String does not match expected pattern\."), "wrong-format", ""),
)


def _classify(message: str) -> tuple[str, dict[str, object]]:
    """What one of marshmallow's messages means; a schema may also raise ``ValidationError("<code of a text>")``."""
    if message in CATALOGUE:
        return message, {}
    for pattern, code, template in _PATTERNS:
        if match := pattern.fullmatch(message):
            expected = template.format_map(match.groupdict())
            if code == "out-of-range":
                for words, symbol in _SYMBOLS:
                    expected = expected.replace(words, symbol)
            return code, {"expected": expected}
    return "invalid-value", {}


def _text(code: str) -> Text:
    return CATALOGUE.get(code) or CATALOGUE[UNKNOWN]


class _Known(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


def _fill(template: str, params: Mapping[str, object], locale: str) -> str:
    known = _Known(params)
    if locale != "en" and known.get("expected") in EXPECTED_VI:
        known["expected"] = EXPECTED_VI[str(known["expected"])]
    return template.format_map(known)

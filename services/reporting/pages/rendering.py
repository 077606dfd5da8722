"""Pages from templates: autoescaped, with the words of one language and the addresses of our files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.reporting.domain import GAINED
from services.reporting.exports.words import shown_day, shown_number
from services.reporting.indicators import CATALOGUE
from services.reporting.pages.event_names import event_name
from services.reporting.pages.figures import moment, name_of, span, state_of
from services.reporting.pages.files import address
from services.reporting.pages.freshness import counted, freshness
from services.reporting.pages.words import words
from shared.problems import Problem

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals |= {
    "CATALOGUE": CATALOGUE.latest,
    "GAINED": GAINED,
    "name_of": name_of,
    "address": address,
    "counted": counted,
    "event_name": event_name,
    "freshness": freshness,
    "moment": moment,
    "shown_day": shown_day,
    "span": span,
    "state_of": state_of,
}


def rendered(template: str, locale: str, **context: Any) -> str:
    def say(name: str, **params: object) -> str:
        return words(name, locale, **params)

    def number(value: float | None) -> str:
        return shown_number(value, locale)

    return _ENVIRONMENT.get_template(template).render(locale=locale, say=say, number=number, **context)


def problem_page(problem: Problem, locale: str) -> str:
    return rendered("problem.html", locale, problem=problem.document(locale), sub="")

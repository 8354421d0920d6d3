"""Renders a page: the sections that the outline names, each from its context and its template, in one file."""

from __future__ import annotations

import importlib
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.definitions.study import Outcome
from pipeline.pairing.link import ALL
from pipeline.reporting.report import Report

_HERE = Path(__file__).parent


def render(report: Report, page: str) -> bytes:
    """One self-contained HTML page, `funder` or `evaluator`, as UTF-8. A section that fails is an error, never left out."""
    if page == "funder":
        report = replace(report, evaluation=None)
    outline = _outline()[page]
    sections = []
    for section in outline["sections"]:
        context = importlib.import_module(f"pipeline.reporting.sections.{section['id']}").context(report)
        if context is not None:
            body = _environment().get_template(f"sections/{section['id']}.html.j2").render(report=report, **context)
            sections.append({"id": section["id"], "heading": report.text(section["heading"]), "body": Markup(body)})
    study = report.definitions.study.study
    html = (
        _environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            study=study,
            kind=report.text(outline["kind"]),
            running=f"{report.text(study.title)}, release {report.release}"
            + (". " + report.words.SYNTHETIC if study.synthetic else ""),
            sections=sections,
            style=Markup((_HERE / "style.css").read_text(encoding="utf-8")),
        )
    )
    return html.encode("utf-8")


def headline(report: Report) -> str:
    """One line for the terminal: the primary outcomes' verdicts over all sites."""
    sentences = [report.verdict_sentence(report.public.at(outcome.scale, ALL)) for outcome in primary(report)]
    return str(report.words.headline(report.text(report.definitions.study.study.title), sentences))


def primary(report: Report) -> list[Outcome]:
    """The outcomes of the headline: the primary ones, or where a study declares none, all."""
    outcomes = report.definitions.study.outcomes
    return [outcome for outcome in outcomes if outcome.role == "primary"] or list(outcomes)


@cache
def _outline() -> dict[str, Any]:
    with (_HERE / "outline.toml").open("rb") as stream:
        return tomllib.load(stream)


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(_HERE)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["css_string"] = _css_string
    return environment


def _css_string(text: str) -> Markup:
    """Text as a CSS string that can neither end early nor close the style element."""
    return Markup('"' + "".join(c if c.isalnum() or c in " .,-" else f"\\{ord(c):x} " for c in text) + '"')

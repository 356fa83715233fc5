"""Page: one self-contained HTML file with a strict Content-Security-Policy, made from a template of this package."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rtaudit.render.text import shorten, value
from rtaudit.report import Report

_TEMPLATES = Path(__file__).parents[1] / "templates"
VERDICT_CLASSES = {"ready": "ok", "notReady": "bad", "incomplete": "unk"}
"""Verdict of a report -> its CSS class."""


def page(template: str, **values: Any) -> Iterator[str]:
    """The page, in pieces."""
    style, script = _asset("style.css"), _asset("script.js")
    return (
        _environment()
        .get_template(template)
        .generate(
            style=style, script=script, style_hash=_hash(style), script_hash=_hash(script), day_of=day_of, **values
        )
    )


def day_of(text: Any) -> str:
    """A date or time of a document as people read it: `22 Nov 2026, 09:14 UTC`."""
    shown = value(text, 40) if text else "unknown"
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    year, month, rest = shown[:4], shown[5:7], shown[8:10]
    if not (year + month + rest).isdigit() or not 1 <= int(month) <= 12:
        return shown
    day = f"{int(rest)} {months[int(month) - 1]} {year}"
    return f"{day}, {shown[11:16]} UTC" if shown[10:11] == "T" and shown.endswith("Z") else day


def made(report: Report) -> list[tuple[str, str]]:
    """How an answer was made: tool, day, snapshots with their digests, policies with their parameters."""
    rows = [
        ("Tool", f"{value(report.tool.get('name'), 80)} {value(report.tool.get('version'), 80)}"),
        ("Made", day_of(report.generated_at)),
        ("As of", day_of(report.as_of)),
        ("Fails on", f"{report.gate.fail_on}; exit code {report.gate.exit_code}"),
    ]
    rows += [
        (
            f"Snapshot {value(one['environment'], 80)}",
            f"{value(one.get('file'), 200)} {value(one.get('digest'), 100)}, collected {day_of(one.get('collectedAt'))}",
        )
        for one in report.snapshots
    ]
    rows += [
        (
            f"Policy {value(one['name'], 80)}",
            ". ".join(filter(None, (value(one.get("digest") or "", 100), _parameters(one.get("params") or {})))),
        )
        for one in report.policies
    ]
    return rows


def _parameters(params: Any) -> str:
    """The parameters that have a value, as `name value, …`."""
    if not isinstance(params, dict):
        return value(params, 2000)
    chosen = [
        f"{value(key, 60)} {', '.join(value(each, 100) for each in one) if isinstance(one, list) else value(one, 200)}"
        for key, one in params.items()
        if one is not None and one != []
    ]
    return shorten("; ".join(chosen), 2000)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _asset(file: str) -> Markup:
    # Ours, from the package: the only text that is not escaped.
    return Markup((_TEMPLATES / file).read_text(encoding="utf-8"))  # noqa: S704


def _hash(text: str) -> Markup:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return Markup("sha256-" + base64.b64encode(digest).decode("ascii"))  # noqa: S704

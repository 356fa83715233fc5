"""Plan files: which format a file has, and what to do where it is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rtaudit.documents.files import read_bytes
from rtaudit.documents.json import parse_json
from rtaudit.errors import InputError

MAX_BYTES = 512 * 1024 * 1024
"""Largest plan file. A plan of 1,000 accounts has about 60 MB."""

_SHOW = "`terraform show -json PLAN > plan.json` writes one"
_ALL = (
    "give what `terraform show -json PLAN`, `bicep snapshot FILE.bicepparam --mode overwrite`"
    " or `az deployment … what-if --no-pretty-print` writes"
)


def load(path: str) -> tuple[str, dict[str, Any]]:
    """The format (`bicep`, `terraform`, `whatif`) and the document of a plan file (`-` is standard input).

    Raises InputError for what is no plan, with the command that makes one.
    """
    name = "standard input" if path == "-" else path
    data = read_bytes(path, limit=MAX_BYTES)
    if data.startswith(b"PK\x03\x04"):
        raise InputError(
            f"{name} is a binary Terraform plan", f"`terraform show -json {name} > plan.json` makes it JSON"
        )
    text = _text(data, name)
    if not text.lstrip().startswith(("{", "[")):
        problem, hint = _not_json(name, text)
        raise InputError(problem, hint)
    try:
        document = parse_json(text, name)
    except InputError:
        lines = text.lstrip().splitlines()
        if len(lines) > 1 and '"@level"' in lines[0]:
            raise InputError(f"{name} is the log of `terraform plan -json`, not a plan", _SHOW) from None
        raise
    return kind_of(document, name), document


def kind_of(document: Any, name: str) -> str:
    """The format of a parsed document. Raises InputError."""
    if not isinstance(document, dict):
        raise InputError(f"{name} is not a plan: it holds a JSON {type(document).__name__}", _ALL)
    lower = {key.lower(): value for key, value in document.items()}
    for applies, kind in _KINDS:
        if applies(lower):
            return kind
    for applies, problem, hint in _OTHERS:
        if applies(lower):
            raise InputError(f"{name} is {problem}", hint)
    raise InputError(f"{name} is not a plan in a format that rtaudit knows", _ALL)


def _is_what_if(lower: dict[str, Any]) -> bool:
    inner = lower.get("properties")
    nested = isinstance(inner, dict) and any(key.lower() == "changes" for key in inner)
    rows = lower.get("changes")
    if any("fullyqualifiedresourceid" in _keys(row) for row in (rows if isinstance(rows, list) else ())):
        return False  # PowerShell's own form
    return ("changes" in lower and "resource_changes" not in lower) or nested or _failed(lower)


def _failed(lower: dict[str, Any]) -> bool:
    return isinstance(lower.get("error"), dict) and "status" in lower


_KINDS: tuple[tuple[Callable[[dict[str, Any]], bool], str], ...] = (
    (lambda lower: "predictedresources" in lower, "bicep"),
    (
        lambda lower: (
            "format_version" in lower
            and any(key in lower for key in ("planned_values", "resource_changes", "resource_drift", "configuration"))
        ),
        "terraform",
    ),
    (_is_what_if, "whatif"),
)

_OTHERS: tuple[tuple[Callable[[dict[str, Any]], bool], str, str], ...] = (
    (
        lambda lower: "format_version" in lower and "values" in lower,
        "a Terraform state: what was deployed, not what will be",
        _SHOW + "; what is deployed is read with `rtaudit collect`",
    ),
    (
        lambda lower: "lineage" in lower and "serial" in lower,
        "a Terraform state file: what was deployed, not what will be",
        _SHOW + "; what is deployed is read with `rtaudit collect`",
    ),
    (
        lambda lower: "deploymenttemplate" in str(lower.get("$schema", "")).lower(),
        "an ARM template, which leaves values open",
        "`bicep snapshot FILE.bicepparam --mode overwrite` works them out",
    ),
    (
        lambda lower: "deploymentparameters" in str(lower.get("$schema", "")).lower(),
        "a file of deployment parameters",
        "`bicep snapshot FILE.bicepparam --mode overwrite` makes a snapshot with them",
    ),
    (
        lambda lower: str(lower.get("schema", "")).startswith("rtaudit."),
        "a document of rtaudit, not a plan",
        "`rtaudit check` reads snapshots; `rtaudit plan` reads plans",
    ),
    (
        lambda lower: "resourcechanges" in lower or "resourcechanges" in _keys(lower.get("properties")),
        "the what-if result of a deployment stack",
        "use `az deployment group what-if --no-pretty-print` of the stack's template",
    ),
    (
        lambda lower: isinstance(lower.get("changes"), list),
        "a what-if result as PowerShell writes it",
        "`az deployment group what-if --no-pretty-print` writes the form that is read",
    ),
)


def _keys(value: Any) -> set[str]:
    return {str(key).lower() for key in value} if isinstance(value, dict) else set()


def _text(data: bytes, name: str) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not text (byte {error.start:,})", _ALL) from None


def _not_json(name: str, text: str) -> tuple[str, str]:
    head = text[:20_000]
    suffix = Path(name).suffix.lower()
    if suffix in (".bicep", ".bicepparam"):
        return (
            f"{name} is Bicep source",
            f"`bicep snapshot {Path(name).stem}.bicepparam --mode overwrite` makes a snapshot",
        )
    if suffix in (".tf", ".tfvars", ".hcl") or any(
        word in head for word in ('resource "', 'provider "', "terraform {")
    ):
        return (
            f"{name} is Terraform source",
            "run `terraform plan -out PLAN`, then `terraform show -json PLAN > plan.json`",
        )
    if not text.strip():
        return f"{name} is empty", _ALL
    return f"{name} is not JSON", _ALL

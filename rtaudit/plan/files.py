"""Plan files: which format a file has, and what to do where it is none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rtaudit.documents.files import read_bytes
from rtaudit.documents.json import parse_json
from rtaudit.errors import InputError

MAX_BYTES = 512 * 1024 * 1024
"""Largest plan file. A plan of 1,000 accounts has about 60 MB."""

_SHOW = "`terraform show -json PLAN > plan.json` writes one"
_ALONE = (
    "write the JSON alone to the file: without `2>&1`, and in GitHub Actions set `terraform_wrapper: false` of"
    " hashicorp/setup-terraform"
)
_OPENS = re.compile(r"^\s*\{", re.MULTILINE)
"""A line with which a JSON object may begin."""
_FOR_PEOPLE = (
    "execution plan. Resource actions are indicated",
    " will perform the following actions",
    "Your infrastructure matches the configuration",
)
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
        _refuse_mixed(text.lstrip(), name)
        raise
    return kind_of(document, name), document


def _refuse_mixed(text: str, name: str) -> None:
    """Raise InputError where JSON has other text around it, or is a log of many documents."""
    first, _, rest = text.partition("\n")
    if '"@level"' in first and rest.strip():
        raise InputError(f"{name} is the log of `terraform plan -json`, not a plan", _SHOW)
    if not text.startswith("{"):
        if _OPENS.search(text):
            raise InputError(f"{name} has other text before the JSON", _ALONE)
        return
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return
    if not text[end:].strip():
        return  # one document, of which something else is wrong
    raise InputError(
        f"{name} has other text after the JSON, which ends in line {text.count(chr(10), 0, end) + 1}", _ALONE
    )


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
    if _is_of_stack(lower):
        return False
    return ("changes" in lower and "resource_changes" not in lower) or nested or _failed(lower)


def _is_of_stack(lower: dict[str, Any]) -> bool:
    layers = (lower, lower.get("properties"), lower.get("changes"), _value(lower.get("properties"), "changes"))
    return any("resourcechanges" in _keys(one) for one in layers)


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
        lambda lower: "format_version" in lower,
        "a document of Terraform, but not a plan",
        _SHOW,
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
        _is_of_stack,
        "the what-if result of a deployment stack",
        "use `az deployment group what-if --no-pretty-print` of the stack's template",
    ),
    (
        lambda lower: isinstance(lower.get("changes"), list),
        "a what-if result as PowerShell writes it",
        "`az deployment group what-if --no-pretty-print` writes the form that is read",
    ),
    (
        lambda lower: "contentversion" in lower and "resources" in lower,
        "an ARM template, which leaves values open",
        "`bicep snapshot FILE.bicepparam --mode overwrite` works them out",
    ),
    (
        lambda lower: "provisioningstate" in _keys(lower.get("properties")),
        "what was deployed, not what will be",
        "`az deployment group what-if --no-pretty-print` says what a deployment would change",
    ),
    (
        lambda lower: "steps" in lower and "changesummary" in lower,
        "a preview of Pulumi, which rtaudit does not read",
        "collect what it deployed with `rtaudit collect`, and check that",
    ),
    (
        lambda lower: any(name in lower for name in ("resource", "provider", "module")),
        "Terraform source in JSON",
        "run `terraform plan -out PLAN`, then `terraform show -json PLAN > plan.json`",
    ),
)


def _value(value: Any, name: str) -> Any:
    return next((one for key, one in value.items() if key.lower() == name), None) if isinstance(value, dict) else None


def _keys(value: Any) -> set[str]:
    return {str(key).lower() for key in value} if isinstance(value, dict) else set()


_ENCODINGS = {
    b"\xff\xfe\0\0": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"{\0": "utf-16-le",
    b"\0{": "utf-16-be",
}
"""First bytes -> the encoding, where it is not UTF-8."""


def _text(data: bytes, name: str) -> str:
    # Windows PowerShell writes UTF-16.
    encoding = next((name for start, name in _ENCODINGS.items() if data.startswith(start)), "utf-8-sig")
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
    if any(word in head for word in _FOR_PEOPLE):
        return f"{name} is what `terraform plan` prints for people", _SHOW
    if _OPENS.search(text):
        return f"{name} has other text before the JSON", _ALONE
    return f"{name} is not JSON", _ALL

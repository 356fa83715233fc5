"""Evidence: a folder that holds what was evaluated, by what, and the answer; and that can be evaluated again.

`manifest.json` lists every file with its SHA-256. It detects change; it is no signature: sign the manifest to prove who made it.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from rtaudit.contract.probes import load_probe
from rtaudit.documents import Document, canonical, check_schema, dumps, error_for_file, load_json, load_yaml, read_text
from rtaudit.errors import InputError, RtauditError
from rtaudit.policy import Pack, check, load_waivers
from rtaudit.policy.packs import Override
from rtaudit.policy.rules import read_rules
from rtaudit.policy.schema import WAIVERS_SCHEMA
from rtaudit.render import render, whole
from rtaudit.report import Report, dump
from rtaudit.report import load as load_report
from rtaudit.report.files import finding_document
from rtaudit.snapshot import Snapshot
from rtaudit.snapshot import load as load_snapshot
from rtaudit.snapshot.secrets import scrub

SCHEMA = "rtaudit.evidence/1"
"""The schema of the manifest that this version reads and writes."""

MANIFEST = "manifest.json"
RENDERINGS = {
    "html": "report.html",
    "sarif": "report.sarif",
    "junit": "report.xml",
    "markdown": "report.md",
    "csv": "report.csv",
}
"""Format -> file; the report itself is report.json."""

_ANEW = "write the evidence anew, with `check --evidence`"
_STRING = {"type": "string"}
_DIGEST = {"type": "string", "pattern": "^(sha256:)?[0-9a-f]{64}$"}
_NAME = {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z", "x-pattern-means": "a plain file name"}
MANIFEST_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "rtaudit evidence manifest",
    "type": "object",
    "required": ["schema", "tool", "createdAt", "asOf", "commandLine", "verdict", "judgement", "files"],
    "additionalProperties": False,
    "properties": {
        "schema": {"const": SCHEMA},
        "tool": {"type": "object", "additionalProperties": _STRING},
        "createdAt": _STRING,
        "asOf": _STRING,
        "commandLine": {"type": "array", "items": _STRING},
        "verdict": {"enum": ["ready", "notReady", "incomplete"]},
        "judgement": {**_DIGEST, "description": "Of the report without its times, file names and warnings."},
        "files": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "what", "sha256", "bytes"],
                "additionalProperties": False,
                "properties": {
                    "path": _NAME,
                    "what": {"enum": ["snapshot", "policy", "probe", "waivers", "baseline", "report", "rendering"]},
                    "sha256": _DIGEST,
                    "bytes": {"type": "integer", "minimum": 0},
                },
            },
        },
    },
}
"""The manifest."""


def write(
    folder: str | Path,
    report: Report,
    *,
    snapshots: Sequence[Snapshot],
    packs: Sequence[Pack],
    waivers: str | Path | None = None,
    baseline: Report | None = None,
    probes: Sequence[Sequence[dict[str, Any]]] = (),
    command: Sequence[str] = (),
) -> None:
    """Write the evidence of `report` into the folder, which must not be there yet, or be empty: whole or not at all.

    `waivers` is the file that was given, `probes` those of each snapshot, `command` the words of the command line.
    Raises RtauditError.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise RtauditError(
            f"cannot write evidence to {folder}: it already exists",
            "evidence is never overwritten: name a new folder",
        )
    files = _files(report, snapshots, packs, waivers, baseline, probes)
    manifest = {
        "schema": SCHEMA,
        "tool": dict(report.tool),
        "createdAt": report.generated_at,
        "asOf": report.as_of,
        "commandLine": [scrub(word) for word in command],
        "verdict": report.verdict,
        "judgement": judgement(report),
        "files": [
            {"path": name, "what": what, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for name, (what, data) in sorted(files.items())
        ],
    }
    try:
        # Named before it is made, so that a signal between the two leaves nothing.
        temporary = target.absolute().parent / f".{target.name}.{secrets.token_hex(8)}.tmp"
        try:
            temporary.mkdir(mode=0o700)
            for name, (_, data) in files.items():
                (temporary / name).write_bytes(data)
            (temporary / MANIFEST).write_text(dumps(manifest), encoding="utf-8")
            temporary.chmod(0o755)
            os.replace(temporary, target)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
    except OSError as error:
        raise RtauditError(
            f"cannot write evidence to {folder}: {error.strerror or error}", "choose a folder that you may write to"
        ) from None


def verify(folder: str | Path) -> Report:
    """The report of the evidence in `folder`, after every file was found unchanged and the verdict, checked again is the same.

    Raises InputError, which says what differs.
    """
    where = Path(folder)
    manifest = _manifest(where)
    _check_files(where, manifest)
    report = load_report(where / "report.json")
    again = _again(where, manifest, report)
    said = {"verdict": manifest["verdict"], "judgement": manifest["judgement"]}
    for what, one in (("report.json", report), ("the verdict, checked again", again)):
        found = {"verdict": one.verdict, "judgement": judgement(one)}
        if found != said:
            other = manifest["tool"].get("version")
            hint = "the evidence was changed, its manifest too"
            if other != again.tool["version"]:
                hint = f"it was made by rtaudit {other}, and this is {again.tool['version']}: check again with that version"
            raise InputError(
                f"{folder}: {what} is not what the manifest says: {one.verdict}, {found['judgement']}", hint
            )
    return report


def judgement(report: Report) -> str:
    """`sha256:` over the report without what differs from run to run: times, file names, tool, warnings."""
    content = {
        "asOf": report.as_of,
        "snapshots": [[one["environment"], one["digest"]] for one in report.snapshots],
        "policies": list(report.policies),
        "gate": [report.gate.fail_on, report.gate.allow_unknown, report.gate.exit_code, report.gate.fixed],
        "verdict": report.verdict,
        "summary": report.summary,
        "rules": {rule: asdict(text) for rule, text in report.rules.items()},
        "findings": [finding_document(finding) for finding in report.findings],
    }
    return "sha256:" + hashlib.sha256(canonical(content).encode("ascii")).hexdigest()


def _files(
    report: Report,
    snapshots: Sequence[Snapshot],
    packs: Sequence[Pack],
    waivers: str | Path | None,
    baseline: Report | None,
    probes: Sequence[Sequence[dict[str, Any]]],
) -> dict[str, tuple[str, bytes]]:
    """Name -> what it is, and its bytes."""
    files: dict[str, tuple[str, bytes]] = {"report.json": ("report", _bytes(dump(report)))}
    for number, snapshot in enumerate(snapshots, 1):
        # An edited snapshot keeps the digest that it claims: that it was edited is evidence too.
        document = {**snapshot.document(), "digest": snapshot.recorded_digest or snapshot.digest}
        files[f"snapshot-{number}-{_plain_name(snapshot.environment)}.json"] = ("snapshot", _bytes(dumps(document)))
    for number, pack in enumerate(packs, 1):
        files[f"policy-{number}-{_plain_name(pack.name)}.json"] = ("policy", _bytes(dumps(_policy(pack))))
    for number, of_snapshot in enumerate(probes, 1):
        for index, probe in enumerate(of_snapshot, 1):
            files[f"probe-{number}-{index}.json"] = ("probe", _bytes(dumps(probe)))
    if waivers is not None:
        files["waivers.yaml"] = ("waivers", _bytes(_waivers(waivers)))
    if baseline is not None:
        files["baseline.json"] = ("baseline", _bytes(dump(baseline)))
    for format_name, name in RENDERINGS.items():
        files[name] = ("rendering", _bytes(whole(render(report, format_name, snapshots=snapshots))))
    return files


def _waivers(path: str | Path) -> str:
    """The file as it is, or, where a secret is in it, what was read of it: comments may hold one too."""
    text = read_text(path)
    read = [waiver.stated for waiver in load_waivers(path)]
    if scrub(text) == text and read == load_yaml(path, WAIVERS_SCHEMA).value["waivers"]:
        return text
    return dumps({"schema": "rtaudit.waivers/1", "waivers": read})


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _plain_name(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", label)[:60] or "x"


def _policy(pack: Pack) -> dict[str, Any]:
    """A pack as it was evaluated: every rule in full."""
    return {
        "name": pack.name,
        "title": pack.title,
        "rules": [rule.source() for _, rule in sorted(pack.rules.items())],
        "params": dict(pack.params),
        "override": {rule: asdict(override) for rule, override in sorted(pack.overrides.items())},
    }


def _read_policy(path: Path) -> Pack:
    value = load_json(path)
    try:
        rules = read_rules(Document(str(path), value, {}, {}), value["rules"], ("rules",))
        overrides = {rule: Override(**one) for rule, one in value["override"].items()}
        return Pack(
            value["name"], value["title"], {rule.id: rule for rule in rules}, value["params"], overrides, str(path)
        )
    except (KeyError, TypeError, AttributeError, IndexError):
        raise InputError(f"{path} is not a policy as rtaudit writes it into evidence", _ANEW) from None


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(f"{folder} has no {MANIFEST}: it is not a folder of evidence", "give what --evidence wrote")
    manifest = load_json(path)
    error_at = error_for_file(f"{path} is not a manifest of evidence", "give the folder that --evidence wrote")
    check_schema(manifest, MANIFEST_SCHEMA, error_at)
    found: dict[str, Any] = manifest
    return found


def _check_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    listed = {entry["path"]: entry for entry in manifest["files"]}
    present = {path.name for path in folder.iterdir()} - {MANIFEST}
    wrong = [f"{name} is missing" for name in sorted(listed.keys() - present)]
    wrong += [f"{name} is not in the manifest" for name in sorted(present - listed.keys())]
    for name in sorted(listed.keys() & present):
        path = folder / name
        # A link would make the evidence depend on what is elsewhere.
        if path.is_symlink() or not path.is_file():
            wrong.append(f"{name} is not a file")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != listed[name]["sha256"]:
            wrong.append(f"{name} was changed")
    if wrong:
        raise InputError(f"{folder} is not what its manifest says: {'; '.join(wrong)}", "take the original folder")


def _again(folder: Path, manifest: Mapping[str, Any], report: Report) -> Report:
    def of_kind(what: str) -> list[Path]:
        # By number, not by name: snapshot-10 follows snapshot-9.
        names = [entry["path"] for entry in manifest["files"] if entry["what"] == what]
        return [folder / name for name in sorted(names, key=_number)]

    waivers = [waiver for path in of_kind("waivers") for waiver in load_waivers(path)]
    baselines = [load_report(path) for path in of_kind("baseline")]
    snapshots = [load_snapshot(path) for path in of_kind("snapshot")]
    probes: list[list[dict[str, Any]]] = [[] for _ in snapshots]
    for path in of_kind("probe"):
        number = _number(path.name)[0]
        if not 1 <= number <= len(snapshots):
            raise InputError(f"{path} belongs to no snapshot of the evidence", _ANEW)
        probes[number - 1].append(load_probe(path))
    return check(
        snapshots,
        [_read_policy(path) for path in of_kind("policy")],
        as_of=date.fromisoformat(report.as_of),
        fail_on=report.gate.fail_on,
        allow_unknown=report.gate.allow_unknown,
        waivers=waivers,
        baseline=baselines[0] if baselines else None,
        baseline_name=report.gate.baseline,
        probes=probes,
    )


def _number(name: str) -> tuple[int, str]:
    found = re.match(r"[a-z]+-(\d+)-", name)
    return (int(found.group(1)) if found else 0, name)

"""Source: finds the file and line of planned resources in the code that they come from.

No plan says where a resource is written. A place is given only where it is certain: one block of the right type and name in
the module's folder (Terraform), or one declaration that can be meant (Bicep). Otherwise there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.documents.files import OTHERS_FOLDERS, read_bytes, real_path
from rtaudit.errors import InputError, RtauditError
from rtaudit.plan.addresses import module_names, resource_of
from rtaudit.plan.model import Plan

CodePlace = tuple[str, int]
"""File, as a path from the working directory where it is below it, and line (1-based)."""

_MAX_BYTES = 4 * 1024 * 1024
_MAX_FILES = 5000
"""Bicep files that are read; with more no place is certain."""

_BLOCK = re.compile(r'\s*resource\s+"?([A-Za-z][\w-]*)"?\s+"?([A-Za-z_][\w-]*)"?\s*\{')
_HEREDOC = re.compile(r"<<[-~]?([A-Za-z_]\w*)\s*\Z")
_DECLARED = re.compile(r"\s*resource\s+[A-Za-z_]\w*\s+'([^'@]+)@[^']*'\s*=\s*(.*)")
_NAMED = re.compile(r"\s*name:\s*'((?:[^'\\$]|\\.)*)'\s*\Z")
_NAME = re.compile(r"\s*name\s*:")
_REMOTE = re.compile(r"\s*module\s+[A-Za-z_]\w*\s+'(?:br|ts)[:/]")


def locate(plan: Plan, document: dict[str, Any], folder: str) -> None:
    """Set the place of each resource of `plan` that is certain to be written somewhere in `folder`.

    Of a Terraform plan `folder` is the root module's. Raises InputError where it is no folder.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"no such folder: {folder}", "--source takes the folder of the code that the plan was made of")
    find = _Terraform(document, root) if plan.format == "Terraform plan" else _Bicep(root)
    for planned in plan.resources:
        planned.source = find.place(planned.address, planned.id)


class _Terraform:
    """The blocks of a root module and of the local modules that it calls."""

    def __init__(self, document: dict[str, Any], root: Path) -> None:
        config = document.get("configuration")
        self._root_module = config.get("root_module") if isinstance(config, dict) else None
        self._root = root
        self._blocks: dict[Path, dict[tuple[str, str], CodePlace | None]] = {}

    def place(self, address: str, _resource_id: str) -> CodePlace | None:
        module, kind, name = resource_of(address)
        folder = self._folder(module)
        if folder is None:
            return None
        if folder not in self._blocks:
            self._blocks[folder] = _blocks_of(folder)
        return self._blocks[folder].get((kind, name))

    def _folder(self, instance: str) -> Path | None:
        """The folder of a module instance; None for a module that is not in the source tree."""
        folder, module = self._root, self._root_module
        for name in module_names(instance):
            calls = module.get("module_calls") if isinstance(module, dict) else None
            call = calls.get(name) if isinstance(calls, dict) else None
            source = call.get("source") if isinstance(call, dict) else None
            if not isinstance(call, dict) or not isinstance(source, str) or not source.startswith(("./", "../")):
                return None
            folder, module = folder / source, call.get("module")
        # A plan is not trusted: what it names outside of the tree is not read.
        try:
            there = real_path(folder)
            inside = any(there.is_relative_to(real_path(one)) for one in (self._root, Path()))
            return there if inside and there.is_dir() else None
        except (OSError, ValueError):
            return None  # a path that no system has


def _blocks_of(folder: Path) -> dict[tuple[str, str], CodePlace | None]:
    """(type, name) -> the place of the resource block; None where there are several."""
    found: dict[tuple[str, str], CodePlace | None] = {}
    for path in _entries(folder) or ():
        if path.suffix not in (".tf", ".tofu") or path.stem == "override" or path.stem.endswith("_override"):
            continue
        for number, line in _hcl_lines(_text(path) or ""):
            match = _BLOCK.match(line)
            if match is not None:
                key = (match[1], match[2])
                found[key] = None if key in found else (_shown(path), number)
    return found


def _hcl_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of HCL without comments and the content of heredocs, with their numbers."""
    closing, inside = "", False
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw
        if closing:
            closing = "" if line.strip() == closing else closing
            continue
        if inside:
            _, end, line = line.partition("*/")
            if not end:
                continue
            inside = False
        line = re.sub(r"/\*.*?\*/", "", line)
        if line.lstrip().startswith(("#", "//")):
            continue
        if "/*" in line and line.count('"', 0, line.index("/*")) % 2 == 0:
            line, inside = line[: line.index("/*")], True
        started = _HEREDOC.search(line)
        closing = started[1] if started else ""
        yield number, line


@dataclass
class _Declared:
    kind: str
    """The type in lower case; of a nested declaration its last segment alone."""
    name: str | None
    """The name where it is a plain text."""
    place: CodePlace


class _Bicep:
    """The resource declarations of all Bicep files below a folder."""

    def __init__(self, root: Path) -> None:
        self._declared: dict[str, list[_Declared]] = {}
        self._whole = True
        """False where modules of a registry, or folders and files that cannot be read, may declare resources too."""
        for path in _bicep_files(root):
            text = _text(path) if path is not None else None
            if path is None or text is None:
                self._whole = False
                continue
            lines = text.splitlines()
            self._whole = self._whole and not any(_REMOTE.match(line) for line in lines)
            for declared in _declarations(path, lines):
                self._declared.setdefault(declared.kind, []).append(declared)

    def place(self, _address: str, resource_id: str) -> CodePlace | None:
        kind = arm_id.type_of(resource_id)
        found: list[_Declared] = [*self._declared.get(kind, ()), *self._declared.get(kind.rpartition("/")[2], ())]
        if not self._whole or not found:
            return None
        if len(found) == 1:
            return found[0].place
        # Several of the type: the name decides, where each of them states its own.
        if any(one.name is None for one in found):
            return None
        named = [
            one for one in found if str(one.name).rpartition("/")[2].lower() == arm_id.name_of(resource_id).lower()
        ]
        return named[0].place if len(named) == 1 else None


def _entries(folder: Path) -> list[Path] | None:
    """What is in a folder, sorted; None where it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return None


def _bicep_files(root: Path) -> list[Path | None]:
    """The files below a folder; None for each folder that cannot be read, and for what is beyond the limit."""
    found: list[Path | None] = []
    waiting = [root]
    while waiting:
        if len(found) >= _MAX_FILES:
            return [*found, None]
        entries = _entries(waiting.pop())
        if entries is None:
            found.append(None)
        for path in entries or ():
            if path.is_symlink():
                continue
            if path.is_dir():
                waiting += [path] if path.name not in OTHERS_FOLDERS else []
            elif path.suffix == ".bicep":
                found.append(path)
    return found


def _declarations(path: Path, lines: list[str]) -> Iterator[_Declared]:
    inside = text = False
    for index, line in enumerate(lines):
        # Texts of several lines and comments of several lines declare nothing.
        if text or line.count("'''") % 2:
            text = text != bool(line.count("'''") % 2)
            continue
        if inside:
            inside = "*/" not in line
            continue
        inside = line.lstrip().startswith("/*") and "*/" not in line
        match = None if inside else _DECLARED.match(line)
        if match is not None and not match[2].startswith("existing"):
            yield _Declared(match[1].lower(), _stated_name(lines[index + 1 :]), (_shown(path), index + 1))


def _stated_name(lines: list[str]) -> str | None:
    """The name that a declaration states as a plain text: the first `name:` after its head."""
    for line in lines[:40]:
        match = _NAMED.match(line)
        if match is not None:
            return match[1]
        if _NAME.match(line) or line.startswith("}") or _DECLARED.match(line):
            return None
    return None


def _text(path: Path) -> str | None:
    """The text of a file; None where it cannot be read."""
    try:
        return read_bytes(str(path), limit=_MAX_BYTES).decode("utf-8-sig", "replace") if path.is_file() else None
    except (OSError, RtauditError):
        return None


def _shown(path: Path) -> str:
    """A path from the working directory where it is below it, with forward slashes."""
    here, there = real_path(Path.cwd()), real_path(path)
    return (there.relative_to(here) if there.is_relative_to(here) else path).as_posix()

"""Matching: hold the patterns of source checks against what the files of a tree say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from packaging.version import Version

from rtaudit.scan.belongs import name_of
from rtaudit.scan.branches import OTHER
from rtaudit.scan.checks import Find, SourceCheck
from rtaudit.scan.keys import keys_in
from rtaudit.scan.marks import Mark, Source, near
from rtaudit.scan.projects import Tree
from rtaudit.scan.sides import CODE
from rtaudit.scan.urls import GA, PREVIEW, Url

Test = Callable[[Source, Mark, Tree], bool]


@dataclass(frozen=True)
class CheckMatch:
    """One place that a pattern fits."""

    check: SourceCheck
    find: Find
    source: Source
    mark: Mark
    found: str
    url: Url | None = None


@cache
def _regex(pattern: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile(pattern, flags)


def matches(check: SourceCheck, tree: Tree) -> Iterator[CheckMatch]:
    """What a check finds in a tree, packages aside."""
    for find in check.finds:
        if "package" in find.match:
            continue
        for source in tree.sources:
            if source.side in find.sides and _may(find.match, source, tree):
                yield from _in_source(check, find, source, tree)


def _may(stated: Mapping[str, Any], source: Source, tree: Tree) -> bool:
    """Whether the signs that a pattern asks of the file or project are there: what is cheap is asked first."""
    for one in stated.get("near", ()):
        if "sign" in one and len(one) == 2 and not _signed(one, source, tree):
            return False
    return not any("sign" in one and _signed(one, source, tree) for one in stated.get("without", ()))


def _signed(one: Mapping[str, Any], source: Source, tree: Tree) -> bool:
    sign = one["sign"]
    return sign in source.signs or (one.get("within") == "project" and sign in tree.signs(source))


def _in_source(check: SourceCheck, find: Find, source: Source, tree: Tree) -> Iterator[CheckMatch]:
    stated = find.match
    if "secret" in stated:
        for mark, found in keys_in(stated["secret"], source, tree):
            yield CheckMatch(check, find, source, mark, found)
        return
    for mark, found, url in _candidates(stated, source, tree):
        if _holds(stated, source, mark, tree):
            yield CheckMatch(check, find, source, mark, found, url)


def _candidates(
    stated: Mapping[str, Any], source: Source, tree: Tree, *, used: bool = False
) -> Iterator[tuple[Mark, str, Url | None]]:
    if "url" in stated:
        own = tree.belongings[source.path]
        for url, mark in (*own.urls, *own.used) if used else own.urls:
            if _url_fits(stated["url"], url):
                yield mark, mark.shown, url
    if "entry" in stated:
        for mark in tree.entries(source, stated["entry"].get("key", "")):
            if _entry_fits(stated["entry"], mark):
                yield mark, f"{mark.key}: {mark.shown}" if mark.shown else mark.key, None
    for kind in ("call", "import"):
        if kind in stated:
            pattern = _regex(stated[kind])
            for mark in source.of(kind):
                if pattern.search(mark.key):
                    yield mark, mark.key, None
    if "text" in stated:
        pattern = _regex(stated["text"])
        for mark in source.of("text"):
            found = pattern.search(mark.value if stated.get("literal") else mark.shown)
            if found:
                yield mark, found.group(), None
    if "word" in stated:
        yield from _words(stated["word"], source)
    if "syntax" in stated:
        for mark in source.of("syntax"):
            if mark.value == stated["syntax"].get(source.grammar):
                yield mark, mark.key, None


def _words(pattern: str, source: Source) -> Iterator[tuple[Mark, str, Url | None]]:
    compiled = _regex(pattern, 0)
    for number, line in enumerate(source.lines, 1):
        for found in compiled.finditer(line[:20_000]):
            if not source.commented(number, found.start() + 1):
                mark = Mark("word", found.group(), "", "", (), number, found.start() + 1, (0, 0, 0))
                yield mark, found.group(), None


def _url_fits(stated: Mapping[str, Any], url: Url) -> bool:
    if "api" in stated and (url.api or "none") not in stated["api"]:
        return False
    if "host" in stated and url.vendor not in stated["host"]:
        return False
    if "scheme" in stated and url.scheme not in stated["scheme"]:
        return False
    if "regional" in stated and url.regional != stated["regional"]:
        return False
    if any(name not in url.query for name in stated.get("query", ())):
        return False
    return not any(name in url.query for name in stated.get("without", ()))


def _entry_fits(stated: Mapping[str, str], mark: Mark) -> bool:
    for name, pattern in stated.items():
        no = name.startswith("not")
        text = _TEXTS[name[3:].lower() if no else name](mark)
        if (_regex(pattern).search(text) is not None) == no:
            return False
    return True


_TEXTS: dict[str, Callable[[Mark], str]] = {
    "key": lambda mark: mark.key,
    "value": lambda mark: mark.shown,
    "call": lambda mark: mark.call,
    "under": lambda mark: ".".join(mark.under),
    "form": lambda mark: mark.form,
}


def _holds(stated: Mapping[str, Any], source: Source, mark: Mark, tree: Tree) -> bool:
    around = f"{mark.call}.{mark.key}" if mark.kind == "call" else mark.call
    if "inCall" in stated and not _regex(stated["inCall"]).search(around):
        return False
    if "notInCall" in stated and _regex(stated["notInCall"]).search(around):
        return False
    if "notUnder" in stated and _regex(stated["notUnder"]).search(".".join(mark.under)):
        return False
    if "belongs" in stated and not _belongs(stated, source, mark, tree):
        return False
    if any(not _is_near(one, source, mark, tree) for one in stated.get("near", ())):
        return False
    if any(_is_near(one, source, mark, tree) for one in stated.get("without", ())):
        return False
    if "through" in stated and not _is_through(stated["through"], source, mark, tree):
        return False
    if "unguarded" in stated and any(
        name in mark.shown or name in _line(source, mark) or (stated["unguarded"] == "any" and name != OTHER)
        for name in mark.guards
    ):
        return False
    if stated.get("reaches") and not _reaches(source, mark, tree):
        return False
    for package, floor in stated.get("newer", {}).items():
        version = tree.version(source, package)
        if version is not None and version >= Version(floor):
            return False
    return True


def _belongs(stated: Mapping[str, Any], source: Source, mark: Mark, tree: Tree) -> bool:
    if tree.belongs(source, mark) in stated["belongs"]:
        return True
    # A setting whose own name leads to a session needs no neighbour that says so.
    return bool(stated.get("reaches")) and not name_of(mark.key) and bool(tree.reach.leads(mark.key, source))


def _line(source: Source, mark: Mark) -> str:
    return source.lines[mark.line - 1] if 0 < mark.line <= len(source.lines) else ""


def _is_near(one: Mapping[str, Any], source: Source, mark: Mark, tree: Tree) -> bool:
    within = one.get("within", "function")
    if "sign" in one:
        return _signed(one, source, tree)
    places: Sequence[Source] = [source]
    if within == "project":
        project = tree.projects[source.project]
        places = [other for other in project.sources if other.side in CODE or other is source]
    for place in places:
        key = (id(one), place.path)
        if key not in tree.near:
            tree.near[key] = [other for other, _, _ in _candidates(one, place, tree, used=True)]
        for other in tree.near[key]:
            if within in ("file", "project") or near(mark, other, within):
                return True
    return False


_RECEIVER = re.compile(r"(?:^|\.)(\w+)(?:\.(?:beta|realtime|with_options|aio|client_secrets|sessions|calls|connect))+$")


def _is_through(stated: Mapping[str, str], source: Source, mark: Mark, tree: Tree) -> bool:
    """Whether the object that is called was made by such a call: by its name, else by what the file, else the project, makes."""
    wanted, otherwise = _regex(stated["call"]), _regex(stated.get("otherwise", r"\A\Z"))
    receiver = _RECEIVER.search(mark.key)
    project = [other for other in tree.projects[source.project].sources if other.side in CODE]
    if receiver:
        name = receiver[1]
        taken = {word for one in source.of("import") for word in re.findall(r"\w+", one.key)}
        imported = [other for other in project if other.path.rsplit("/", 1)[-1].partition(".")[0] in taken]
        for place in ([source], imported, project):
            makers = [
                (other, wanted.search(call.key) is not None) for other in place for call in other.of("call")
                if call.under and call.under[-1] == name and (wanted.search(call.key) or otherwise.search(call.key))
            ]  # fmt: skip
            if makers:
                # Files that have nothing to do with this one may use the name for another object: then nothing is known.
                files = {other.path for other, _ in makers}
                return {other.path for other, fits in makers if fits} == files
    for place in ([source], project):
        made = [call.key for other in place for call in other.of("call")]
        if any(wanted.search(one) for one in made):
            return not any(otherwise.search(one) for one in made)
        if any(otherwise.search(one) for one in made):
            return False
    return False


_MINIFIED = 5000
"""Characters of a line in which everything is near everything: no value is followed there."""


def _reaches(source: Source, mark: Mark, tree: Tree) -> bool:
    """A setting whose value code sends to realtime; where no code reads it, one beside a realtime deployment and no other."""
    if "realtime" in mark.key.lower() and "voiceLive" not in source.signs:
        return True
    if len(source.lines[mark.line - 1]) > _MINIFIED:
        return False
    if source.side == "config" and tree.belongings[source.path].is_of_control_plane(mark.key):
        return False
    for name in (f"{mark.under[-1]}.{mark.key}" if mark.under else "", mark.key):
        reached = tree.reach.reaches(name, source) if name else None
        if reached is not None:
            return reached
    if "chat" in source.signs or "voiceLive" in source.signs:
        return False
    return "speaks" in source.signs and tree.belongs(source, mark) in ("azure", "")


def in_ga_file(source: Source, mark: Mark, tree: Tree) -> bool:
    """Whether what is near a mark opens sessions at the current path, although other code of the project has the preview's."""
    own = tree.belongings[source.path]
    urls = [(url, one) for url, one in (*own.urls, *own.used) if url.vendor in ("azure", "gateway", "unknown")]
    preview = [one for url, one in urls if url.api in PREVIEW]
    # A path without /openai before it may be the one of OpenAI's own service, where the file has Azure's beside it.
    ga = [one for url, one in urls if url.api in GA or (url.api == "own" and not preview and "azure" in source.signs)]
    if not ga or any("output_modalities" in line for line in source.lines):
        return False
    return any(near(mark, one, "function") for one in ga) or not any(near(mark, one, "function") for one in preview)

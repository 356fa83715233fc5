"""Tokens: read what no grammar reads: Bicep, `.env`, properties, XML, Dockerfiles, templates, minified code, prose."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rtaudit.scan.marks import Comment, Mark

WINDOW = 20_000
"""Characters of a line that are read at a time: minified code has lines of megabytes."""
OVERLAP = 400
MAX_MARKS = 20_000
"""How many marks one file may give."""

_SLASHES = (".bicep", ".bicepparam", ".jsonc", ".cshtml", ".razor", ".fs", ".fsx", ".c", ".cc", ".cpp", ".h", ".m", ".mm",
            ".js", ".ts", ".tsx", ".jsx", ".java", ".cs", ".go", ".kt", ".swift", ".dart", ".gradle", ".proto", ".zig", ".hpp", ".hh", ".cxx", ".ino", ".groovy")  # fmt: skip
_ANGLES = (".xml", ".config", ".csproj", ".fsproj", ".props", ".targets", ".plist", ".xaml", ".html", ".md")
_SEMICOLONS = (".ini", ".cfg", ".reg")

_COMMENT_HASH = re.compile(r"(?:^|(?<=\s))#.*")
_COMMENT_SLASH = re.compile(r"(?<![:\"'\w/])//.*|/\*.*?(?:\*/|\Z)")
_COMMENT_SEMICOLON = re.compile(r"^\s*;.*")

_STRING = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.|'')*)'|`([^`]*)`")
_ENTRY = re.compile(
    r"(?<![\w.$:-])(?P<q>[\"']?)(?P<key>[A-Za-z_$][\w.$:-]{0,80}?)(?P=q)\]?\s*(?:=>|:=|=|:)\s*"
    r"(?:\"(?P<d>(?:[^\"\\\n]|\\.)*)\"|'(?P<s>(?:[^'\\\n]|\\.|'')*)'|`(?P<b>[^`\n]*)`|(?P<bare>[^\s\"'`,;{}\[\]()#][^\s,;{}#]*))"
)
_PARAMETER = re.compile(
    r"^\s*(?:param|var|output|local|const|let)\s+(?P<key>\w+)(?:\s+[\w|?\[\]]+)?\s*=\s*(?:'(?P<s>[^']*)'|(?P<bare>[\w.]+))"
)
_DOCKER = re.compile(r"^\s*(?:ENV|ARG)\s+(?P<key>\w+)(?:=|\s+)[\"']?(?P<s>[^\"'\s]*)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(?:key|name)=\"(?P<key>[^\"]+)\"[^>]*?(?:value)=\"(?P<s>[^\"]*)\"", re.IGNORECASE)
_ELEMENT = re.compile(r"<(?P<key>[\w.:-]+)(?:\s[^>]*)?>(?P<s>[^<\n]+)</")
_NAMED_ELEMENT = re.compile(
    r"<[\w.:-]+\s(?:[^<>]{0,200}\s)?name=\"(?P<key>[^\"<>]{1,200})\"[^<>]{0,200}>(?P<s>[^<\n]+)</"
)
_DEFINE = re.compile(r"^\s*#\s*define\s+(?P<key>\w+)\s+\(?\w{0,2}\"(?P<s>(?:[^\"\\\n]|\\.)*)\"")
_BUILD_FIELD = re.compile(
    r"\b(?:buildConfigField|resValue)\b\W+\w+[\"']\s*,\s*[\"'](?P<key>\w+)[\"']\s*,\s*(?:\\?[\"']){1,2}(?P<s>[^\"'\\]+)"
)
"""A constant that Gradle builds into an app."""
_OPTION = re.compile(r"(?<![\w-])--(?P<key>[a-z][\w-]{2,60})[ =]+[\"']?(?P<s>[A-Za-z0-9][\w./:@+-]*)")
_ENVIRONMENT = re.compile(r"^(\s*)\$env:(?=\w+\s*=)", re.IGNORECASE)
_LINE_ENV = re.compile(r"^\s*(?:-\s+|export\s+|set\s+|\$env:)?[\"']?(?P<key>[A-Za-z_][\w.-]*)\s*[=:]\s*(?P<s>.*?)\s*$")
_INTERPOLATED = re.compile(r"\$\{([^{}]*)\}|\$\(([\w.]+)\)|\{\{-?\s*([^{}]*?)\s*-?\}\}|\$([A-Za-z_]\w*)|%([A-Z_]\w*)%")
_DEFAULTED = re.compile(r"([A-Za-z_]\w*)(?::?[-=]|\?:)(.*)\Z", re.DOTALL)
"""`NAME:-value` of shells and compose files, `NAME=value` of azd's parameters."""
_URL = re.compile(r"\b(?:wss?|https?)://[^\s\"'`)\]|\\]+|(?<=[ =:`])[^\s\"'`=:]*/openai/[^\s\"'`)]*")
_FUNCTION = re.compile(r"^\S")


def read_tokens(text: str, name: str, *, first: int = 1, wide: bool = False) -> tuple[list[Mark], list[Comment]]:
    """The marks and comments of a text; `name` (lower case) says what begins a comment; `first` is its first line's number.

    `wide` reads only the neighbourhood of what may matter: of files that are too large to be read whole.
    """
    marks: list[Mark] = []
    comments: list[Comment] = []
    hash_, slash, angle, semicolon = _styles(name)
    prose = name.endswith((".md", ".mdx", ".rst", ".adoc", ".txt", ".log"))
    block: int | None = None
    for number, whole in enumerate(text.split("\n"), first):
        if len(marks) > MAX_MARKS:
            break
        for start, line in _windows(whole, wide=wide):
            clean = line
            if angle or slash:
                clean, block = _blocks(clean, number, block, comments, angle=angle)
            for used, pattern in ((hash_, _COMMENT_HASH), (slash, _COMMENT_SLASH), (semicolon, _COMMENT_SEMICOLON)):
                if used:
                    clean = _cut(clean, pattern, number, comments)
            if clean.strip():
                marks += _line(clean, number, start, prose=prose, wide=wide, name=name)
    return _paired(marks), comments


def _styles(name: str) -> tuple[bool, bool, bool, bool]:
    slash, angle = name.endswith(_SLASHES), name.endswith(_ANGLES)
    return not slash and not angle, slash, angle, name.endswith(_SEMICOLONS)


def _windows(line: str, *, wide: bool) -> Iterator[tuple[int, str]]:
    if len(line) <= WINDOW:
        yield 0, line
        return
    if not wide:
        for start in range(0, min(len(line), 50 * WINDOW), WINDOW - OVERLAP):
            yield start, line[start : start + WINDOW]
        return
    end = -1
    for found in NEEDLES.finditer(line):
        if found.start() >= end:
            start = max(0, found.start() - OVERLAP * 2)
            end = found.start() + OVERLAP * 4
            yield start, line[start:end]


NEEDLES = re.compile(
    r"openai[./]|realtime\?|realtime[/\"'`]|api-key|API_KEY|_KEY\b|api-version|apiVersion|OpenAI-Beta|dangerouslyAllowBrowser|JQQJ9|"
    r"realtimertc|client_secrets|response\.(?:audio|text)\.|input_audio_(?:format|transcription)|AzureOpenAI|RTClient"
)
"""What is looked for in lines that are too long to be read whole."""


def _blocks(
    line: str, number: int, block: int | None, comments: list[Comment], *, angle: bool
) -> tuple[str, int | None]:
    opens, closes = ("<!--", "-->") if angle else ("/*", "*/")
    if block is not None:
        at = line.find(closes)
        if at < 0:
            comments.append(Comment(number, number, 1))
            return "", block
        comments.append(Comment(number, number, 1))
        line, block = " " * (at + len(closes)) + line[at + len(closes) :], None
    at = line.find(opens)
    if at >= 0 and (angle or not re.search(r"[\"':\w]", line[max(0, at - 1) : at])):
        end = line.find(closes, at + len(opens))
        comments.append(Comment(number, number, at + 1))
        if end < 0:
            return line[:at], number
        return line[:at] + " " * (end + len(closes) - at) + line[end + len(closes) :], block
    return line, block


def _cut(line: str, pattern: re.Pattern[str], number: int, comments: list[Comment]) -> str:
    """The line without its comment: one that begins within a string is none."""
    for found in pattern.finditer(line):
        before = line[: found.start()]
        if before.count('"') % 2 or before.count("'") % 2:
            continue
        comments.append(Comment(number, number, found.start() + 1))
        return before
    return line


def _line(line: str, number: int, start: int, *, prose: bool, wide: bool, name: str) -> Iterator[Mark]:
    seen: set[int] = set()

    def mark(kind: str, at: int, key: str, value: str, refs: tuple[str, ...] = ()) -> Mark:
        return Mark(kind, key, value, "", (), number, start + at + 1, (0, number, 0), refs)

    special = _DOCKER if "dockerfile" in name else _BUILD_FIELD if "gradle" in name else _PARAMETER
    line = _ENVIRONMENT.sub(r"\1     ", line)
    for pattern in (special, _DEFINE, _ATTRIBUTE, _NAMED_ELEMENT, _ELEMENT, _OPTION):
        found = pattern.search(line) if pattern is special else None
        for one in [found] if found else pattern.finditer(line) if pattern is not special else ():
            bare = one.groupdict().get("bare")
            value, refs = ("{" + bare + "}", (bare.split(".")[-1],)) if bare else holes(one["s"] or "")
            seen.add(one.start("key"))
            yield mark("entry", one.start("key"), one["key"], value, refs)
            yield mark("text", one.start("s") if not bare else one.start("bare"), "", value, refs)
    whole = _LINE_ENV.match(line) if _is_settings(name) else None
    if whole and whole.start("key") not in seen:
        stated = whole["s"]
        quoted = _STRING.match(stated)
        value = next((group for group in quoted.groups() if group is not None), "") if quoted else stated
        value, refs = holes(value)
        yield mark("entry", whole.start("key"), whole["key"], value, refs)
        yield mark("text", whole.start("s"), "", value, refs)
        return
    inside: list[tuple[int, int]] = []
    for one in _ENTRY.finditer(line):
        if one.start("key") in seen or ("//" in one.group() and one["bare"]):
            continue
        group = next((name for name in ("d", "s", "b") if one[name] is not None), "bare")
        value, refs = holes(one[group])
        if group == "bare":
            if not re.fullmatch(r"[\w.-]+|\$\{?[\w.]+\}?", one["bare"]):
                continue
            if re.fullmatch(r"[A-Za-z_][\w.]*", one["bare"]):
                value, refs = "{" + one["bare"].split(".")[-1] + "}", (one["bare"].split(".")[-1],)
        yield mark("entry", one.start("key"), one["key"].lstrip("$"), value, refs)
        if group == "bare" and not refs and not wide:
            yield mark("text", one.start(group), "", value)
        inside.append((one.start(group), one.end(group)))
    for one in _STRING.finditer(line):
        value, refs = holes(next((group for group in one.groups() if group is not None), ""))
        yield mark("text", one.start(), "", value, refs)
        inside.append((one.start(), one.end()))
    for one in _URL.finditer(line):
        if prose or not any(first <= one.start() < last for first, last in inside):
            value, refs = holes(one.group())
            yield mark("text", one.start(), "", value, refs)


def _is_settings(name: str) -> bool:
    return (
        ".env" in name or name.startswith("env.") or name.endswith((".properties", ".ini", ".cfg", ".conf", ".sample", ".example", ".template"))
    )  # fmt: skip


def holes(value: str) -> tuple[str, tuple[str, ...]]:
    """A value with `{name}` for what is filled in, or what represents it by default; and those names."""
    refs: list[str] = []

    def hole(found: re.Match[str]) -> str:
        inner = next((group for group in found.groups() if group), "")
        defaulted = _DEFAULTED.match(inner)
        words = re.findall(r"[A-Za-z_]\w*", defaulted[1] if defaulted else inner)
        ref = words[-1] if words else ""
        refs.append(ref)
        return (defaulted[2] if defaulted else "") or "{" + ref + "}"

    return _INTERPOLATED.sub(hole, value), tuple(refs)


def _paired(marks: list[Mark]) -> list[Mark]:
    """`name: X` with `value: Y` beside it gives X the value Y: Bicep, Kubernetes, Terraform, App Service settings."""
    marks.sort(key=lambda mark: (mark.line, mark.column))
    return marks + list(pairs(marks))


_COMMAND = re.compile(r"^(?:run|cmd|args|shell|entrypoint)$|script$|commands?$|arguments?$", re.IGNORECASE)
_VARIABLE = re.compile(r"(?<![\w$-])(?P<key>[A-Z][A-Z0-9_]{2,60})=[\"']?(?P<s>[\w./:@+-]+)")


def commands(marks: list[Mark]) -> Iterator[Mark]:
    """What the commands in settings give values to: the steps of a workflow, the hooks of a deployment."""
    for mark in marks:
        if mark.kind != "text" or len(mark.value) > WINDOW or not any(map(_COMMAND.search, mark.under[-2:])):
            continue
        for row, line in enumerate(mark.value.split("\n")):
            for pattern in (_OPTION, _VARIABLE):
                for one in pattern.finditer(line):
                    place = (mark.line + row, mark.column, mark.scope)
                    yield Mark("entry", one["key"], one["s"], mark.call, mark.under, *place)
                    yield Mark("text", "", one["s"], mark.call, mark.under, *place)


def build_fields(text: str) -> Iterator[Mark]:
    """The constants that a build file of Gradle gives an app."""
    for number, line in enumerate(text.split("\n"), 1):
        for one in _BUILD_FIELD.finditer(line):
            yield Mark("entry", one["key"], one["s"], "", (), number, one.start("s") + 1, (0, number, 0))


_LISTED = re.compile(r"([A-Z][A-Z0-9_]{2,60})=(\S.*)\Z")


def pairs(marks: list[Mark]) -> Iterator[Mark]:
    """The entries that `name` and `value` make together, where they are at most three lines apart."""
    last: Mark | None = None
    for mark in marks:
        listed = _LISTED.match(mark.value) if mark.kind == "text" else None
        if listed:
            # `- NAME=value`, in the environment of a compose file.
            refs = tuple(ref for ref in mark.refs if ref != listed[1])
            yield Mark("entry", listed[1], listed[2], mark.call, mark.under, mark.line, mark.column, mark.scope, refs)
        if mark.kind != "entry":
            continue
        key = mark.key.lower()
        if key == "string" and last is not None and last.key == "key" and mark.line - last.line <= 1:
            # <key>NAME</key><string>value</string>, in a property list.
            yield Mark("entry", last.value, mark.value, mark.call, mark.under, mark.line, mark.column, mark.scope)
            last = None
        elif key in ("name", "key") and re.fullmatch(r"[\w.:-]+", mark.value):
            last = mark
        elif key in ("value", "default", "defaultvalue") and mark.under and (last is None or last.under != mark.under):
            yield Mark(
                "entry",
                mark.under[-1],
                mark.value,
                mark.call,
                mark.under[:-1],
                mark.line,
                mark.column,
                mark.scope,
                mark.refs,
            )
        elif key in ("value", "default") and last is not None:
            if mark.line - last.line <= 3 and mark.under == last.under:
                yield Mark(
                    "entry",
                    last.value,
                    mark.value,
                    mark.call,
                    mark.under,
                    mark.line,
                    mark.column,
                    mark.scope,
                    mark.refs,
                )
            last = None

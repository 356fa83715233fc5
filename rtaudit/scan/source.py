"""Sources: read one file into marks: code by its grammar, notebooks cell by cell, pages script by script, the rest as text."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from functools import partial

from rtaudit.scan import languages
from rtaudit.scan.marks import Comment, Mark, Source
from rtaudit.scan.sides import side_of
from rtaudit.scan.syntax import Place, SyntaxReader, TooDeep
from rtaudit.scan.tokens import build_fields, commands, holes, pairs, read_tokens

MAX_PARSED = 400_000
"""A text of more characters is read as text: the grammar of minified code takes a second a megabyte."""
_MAX_LINE = 50_000
_MAX_ERRORS = 0.4
"""The part of a text that its grammar may not fit, before it is read as text."""

_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_NO_FIELDS = re.compile(r"<(script|style)\b|<(!)--", re.IGNORECASE)
_TAG = re.compile(r"<[A-Za-z][^<>]{5,2000}>")
_ATTRIBUTE = re.compile(r"\s([A-Za-z][\w-]*)=(?:\"([^\"]*)\"|'([^']*)')")
_FRONTMATTER = re.compile(r"\A---\n(.*?)\n---", re.DOTALL)
_MAGIC_ENV = re.compile(r"^(\s*)%(?:set_)?env\s+(\w+)[=\s]\s*([^\s\"'\\{$]+)[ \t]*$", re.MULTILINE)
_MAGIC = re.compile(r"^(\s*)[%!?].*$", re.MULTILINE)
_PIECE = tuple[str, str, Place]


def read_source(path: str, text: str, packages: Collection[str] = (), *, parse: bool = True) -> Source:
    """What a file says. `packages` are the names in its project's manifest, which tell where script runs.

    Without `parse` it is read as text.
    """
    name = path.rsplit("/", 1)[-1].lower()
    side = side_of(path, text, packages)
    source = Source(path, text.split("\n"), languages.grammar_of(name), side)
    if side == "prose" or not parse or not (pieces := list(_pieces(name, text, source.grammar))):
        source.marks, source.comments = read_tokens(text, name, wide=len(text) > MAX_PARSED)
        return source
    for piece, grammar, place in pieces:
        source.grammar = source.grammar or grammar
        _read_piece(source, piece, grammar, place, name)
    if name.endswith(languages.MARKUP):
        source.marks += _fields(text)
    if "gradle" in name:
        source.marks += build_fields(text)
    return source


def _fields(text: str) -> Iterator[Mark]:
    """What the fields of a page hold at first, by their ids or names; and what its elements carry as data."""
    text = _without_scripts(text)
    line = at = 0
    for tag in _TAG.finditer(text):
        line += text.count("\n", at, tag.start())
        at = tag.start()
        stated = {found[1].lower(): found for found in _ATTRIBUTE.finditer(tag.group())}
        named = next((stated[one] for one in ("id", "name", "property") if one in stated), None)
        for attribute, found in stated.items():
            if attribute in ("value", "content"):
                key = (named[2] or named[3] or "") if named else attribute
            elif attribute.startswith("data-"):
                key = attribute[5:]
            else:
                continue
            value = found[2] if found[2] is not None else found[3]
            group = 2 if found[2] is not None else 3
            before = text.rfind("\n", 0, tag.start() + found.start(group)) + 1
            row = line + 1 + tag.group().count("\n", 0, found.start(group))
            spot = (row, tag.start() + found.start(group) - before + 1, (0, row, 0))
            yield Mark("entry", key, value, "", (), *spot)
            yield Mark("text", "", value, "", (), *spot)


def _without_scripts(text: str) -> str:
    """A page without its scripts, styles and comments, line by line as long."""
    kept, at = [], 0
    while begin := _NO_FIELDS.search(text, at):
        closing = f"</{begin[1]}" if begin[1] else "-->"
        end = text.find(closing, begin.end())
        end = len(text) if end < 0 else end + len(closing)
        kept += [text[at : begin.start()], re.sub(r"[^\n]", " ", text[begin.start() : end])]
        at = end
    return "".join(kept) + text[at:]


def _pieces(name: str, text: str, grammar: str) -> Iterator[_PIECE]:
    if name.endswith(".ipynb"):
        yield from _cells(text)
    elif name.endswith(languages.MARKUP):
        yield from _scripts(name, text)
    elif grammar and len(text) <= MAX_PARSED and max(map(len, text.split("\n"))) <= _MAX_LINE:
        yield text, grammar, _in_file


def _scripts(name: str, text: str) -> Iterator[_PIECE]:
    front = _FRONTMATTER.search(text) if name.endswith(".astro") else None
    spots = [(found.start(2), found[2], found[1]) for found in _SCRIPT.finditer(text)]
    if front:
        spots.append((front.start(1), front[1], "ts"))
    for start, script, attributes in spots:
        if len(script) > MAX_PARSED or "json" in attributes:
            continue
        line = text.count("\n", 0, start)
        column = start - (text.rfind("\n", 0, start) + 1)
        grammar = "typescript" if "ts" in attributes else "javascript"
        yield script, grammar, partial(_in_page, line, column)


def _cells(text: str) -> Iterator[_PIECE]:
    try:
        notebook = json.loads(text)
        cells = notebook.get("cells") if isinstance(notebook, dict) else None
        language = str(notebook.get("metadata", {}).get("kernelspec", {}).get("language", "python")).lower()
    except (ValueError, AttributeError, RecursionError):
        return
    grammar = {"c#": "csharp", "csharp": "csharp", "javascript": "javascript", "typescript": "typescript"}.get(
        language, "python"
    )
    at = row = 0
    for cell in cells if isinstance(cells, list) else ():
        if not isinstance(cell, dict) or cell.get("cell_type", "code") != "code":
            continue
        stated = cell.get("source", "")
        written = stated if isinstance(stated, list) else str(stated).splitlines(keepends=True)
        rows: list[int] = []
        for one in map(str, written):
            # Where the line is in the file: as JSON writes it, from the last one on.
            raw = json.dumps(one.rstrip("\n"), ensure_ascii=False)[1:-1]
            found = text.find(raw, at) if raw else at
            if found >= 0:
                row += text.count("\n", at, found)
                at = found
            rows.append(row)
            row += text.count("\n", at, at + len(raw))
            at += len(raw)
        code = _MAGIC.sub(r"\1pass", _MAGIC_ENV.sub(r'\1\2 = "\3"', "".join(map(str, written))))
        yield code, grammar, partial(_in_cell, rows)


def _in_file(row: int, column: int) -> tuple[int, int]:
    return row + 1, column + 1


def _in_page(line: int, first: int, row: int, column: int) -> tuple[int, int]:
    return line + row + 1, column + 1 + (first if row == 0 else 0)


def _in_cell(rows: Sequence[int], row: int, column: int) -> tuple[int, int]:
    return (rows[min(row, len(rows) - 1)] if rows else 0) + 1, column + 1


def _read_piece(source: Source, piece: str, grammar: str, place: Place, name: str) -> None:
    from ast_grep_py import SgRoot

    if not piece.isascii():
        # Half a character of UTF-16, which JSON may hold, is no text to a grammar.
        piece = piece.encode("utf-8", "replace").decode("utf-8")
    reader = SyntaxReader(piece, grammar, place)
    try:
        root = SgRoot(piece, grammar).root()
        reader.read(root)
        fits = reader.errors <= _MAX_ERRORS * len(piece)
        if grammar in languages.DATA:
            fits = reader.errors == 0
    except (TooDeep, RecursionError):
        fits = False
    if fits:
        if grammar in languages.DATA:
            for mark in reader.marks:
                if "${" in mark.value:
                    mark.value, mark.refs = holes(mark.value)
        source.marks += reader.marks
        if grammar in languages.DATA:
            source.marks += [*pairs(reader.marks), *commands(reader.marks)]
        source.comments += reader.comments
        return
    source.parsed = False
    first = place(0, 0)[0]
    marks: list[Mark]
    comments: list[Comment]
    marks, comments = read_tokens(piece, name, first=first)
    source.marks += marks
    source.comments += comments

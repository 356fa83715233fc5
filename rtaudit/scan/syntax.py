"""Syntax: turn the syntax tree of a piece of code into marks, whatever its language."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from rtaudit.scan import languages as kinds
from rtaudit.scan.branches import OTHER, PREVIEW_ONLY, asks_for, asks_for_preview
from rtaudit.scan.jsontext import json_entries
from rtaudit.scan.marks import HOLE, Comment, Mark
from rtaudit.scan.template import StringTemplate, dotted, split_entry

Place = Callable[[int, int], tuple[int, int]]
"""Line and column of a piece (0-based) -> line and column of its file (1-based)."""

_DEPTH = 180
"""How deep a tree is followed; what is deeper is generated, and not read."""
_NODES = 120_000
"""How many nodes of one piece are visited."""
_SHOWN = 300
_ARGUMENT = re.compile(r"\([^()]*\)")
_VERSIONS = re.compile(r"\b\w*version\w*\b(?![.(\[])", re.IGNORECASE)
_NEGATED = re.compile(r"!|\bnot\b|\bis None\b|== ?(?:None|null|undefined|nil|\"\"|'')")
_JSON_MACRO = re.compile(r"(?:\w+::)*json!\s*[(\[{]\s*(.*)", re.DOTALL)
"""Rust's way to write JSON."""
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+")
"""The name of a header or of a query parameter, which words in a list seldom are."""
_ADDS = re.compile(r"(?:^|\.)(?:append|push|add|insert|Add|Append)\Z")
_HEADER_LABELS = ("forHTTPHeaderField", "forHeader", "name")


class TooDeep(Exception):  # noqa: N818 - not an error: the piece is read as text then
    """More nodes than one piece may have."""


class SyntaxReader:
    """Reads one tree."""

    def __init__(self, text: str, grammar: str, place: Place) -> None:
        """A reader of a piece of code in this grammar."""
        self.text, self.grammar, self.place = text, grammar, place
        self.marks: list[Mark] = []
        self.comments: list[Comment] = []
        self.errors = 0
        self._nodes = 0
        self._numbers = 0
        self._call = ""
        self._under: tuple[str, ...] = ()
        self._guards: tuple[str, ...] = ()
        self._function = self._statement = self._in_call = 0
        self._template = StringTemplate(grammar)

    def read(self, root: Any) -> None:
        """Read the tree below `root`. Raises TooDeep for more than one piece may have."""
        self._walk(root, 0)

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _mark(self, kind: str, node: Any, key: str, value: str = "", refs: Sequence[str] = (), full: str = "") -> None:
        start = node.range().start
        line, column = self.place(start.line, start.column)
        scope = (self._function, self._statement, self._in_call)
        self.marks.append(
            Mark(
                kind,
                key[:_SHOWN],
                value,
                self._call,
                self._under,
                line,
                column,
                scope,
                tuple(refs),
                full,
                "",
                self._guards,
            )
        )

    def _walk(self, node: Any, depth: int) -> None:
        kind = node.kind()
        self._nodes += 1
        if self._nodes > _NODES:
            raise TooDeep
        if depth > _DEPTH:
            return
        if kind in kinds.COMMENTS:
            self._comment(node)
        elif kind == "union_type":
            # `"a" | "b"` as a type lists what may be given, and gives nothing.
            return
        elif kind in kinds.IMPORTS:
            self._mark("import", node, " ".join(node.text()[:_SHOWN].split()))
        elif self._is_string(kind):
            self._string(node, depth)
        elif kind in kinds.CALLS:
            self._walk_call(node, depth)
            if kind == "macro_invocation" and (found := _JSON_MACRO.match(node.text())):
                self._json(node, found[1])
        elif kind in kinds.ENTRIES and self._walk_entry(node, kind, depth):
            pass
        elif kind == "block" and self.grammar == "hcl":
            self._walk_block(node, depth)
        elif kind in ("anonymous_object_creation_expression", "dictionary_literal"):
            self._walk_flat(node, depth)
        else:
            if kind in kinds.LISTS or kind == "infix_expression":
                self._pair(node, kind)
            if kind == "ERROR":
                span = node.range()
                self.errors += span.end.index - span.start.index
            self._walk_children(node, kind, depth)

    def _walk_children(self, node: Any, kind: str, depth: int) -> None:
        children = node.children()
        if kind == "expression_statement" and self.grammar == "python" and len(children) == 1:
            only = children[0]
            if only.kind() in ("string", "concatenated_string"):
                self._comment(only)
                return
        if kind in kinds.CONDITIONS or (kind in kinds.CHOICES and len(children) > 2):
            self._walk_condition(children, kind, depth)
            return
        saved, around, guards = (self._function, self._statement), (self._call, self._in_call), self._guards
        if kind in kinds.FUNCTIONS or kind in kinds.LAMBDAS:
            # What a function that is given to a call does is none of what the call is given.
            self._call, self._in_call = "", 0
        if kind in kinds.FUNCTIONS or (kind in kinds.LAMBDAS and not self._function):
            self._function = self._number()
        elif (kind.endswith("_statement") and kind not in kinds.COMPOUND) or kind in kinds.STATEMENTS:
            self._statement = self._number()
        for child in children:
            if child.is_named():
                self._walk(child, depth + 1)
                if child.kind() in kinds.CONDITIONS and self._leaves(child):
                    # What comes after `if is_azure: return …` is for the others.
                    self._guards = (*self._guards, OTHER)
        self._function, self._statement = saved
        self._call, self._in_call = around
        self._guards = guards

    def _walk_condition(self, children: Sequence[Any], kind: str, depth: int) -> None:
        """`if version: …`: what is in its first branch is there where the version is given, and for whom the condition asks."""
        named = [child for child in children if child.is_named() and child.kind() not in kinds.COMMENTS]
        if kind == "conditional_expression" and self.grammar == "python":
            named[:2] = named[1::-1]
        condition = named[0].text()[:_SHOWN] if named else ""
        given = () if _NEGATED.search(condition) else tuple(_VERSIONS.findall(condition))
        azure, preview = asks_for(condition), asks_for_preview(condition)
        saved = self._guards
        for number, child in enumerate(named):
            more = (PREVIEW_ONLY,) if number and preview is (number == 1) else ()
            if number == 1:
                more = (*more, *given, *((OTHER,) if azure is False else ()))
            elif number > 1 and azure:
                more = (*more, OTHER)
            self._guards = (*saved, *more)
            self._walk(child, depth + 1)
        self._guards = saved

    def _leaves(self, node: Any) -> bool:
        """Whether it is `if azure: …`, without an `else`, and its last statement leaves the function."""
        named = [child for child in node.children() if child.is_named() and child.kind() not in kinds.COMMENTS]
        if len(named) != 2 or not asks_for(named[0].text()[:_SHOWN]):
            return False
        last = named[1]
        while last.kind() not in kinds.LEAVES:
            inner = [child for child in last.children() if child.is_named() and child.kind() not in kinds.COMMENTS]
            if not inner or last.kind() in kinds.CONDITIONS:
                return False
            last = inner[-1]
        return True

    def _is_string(self, kind: str) -> bool:
        return (
            kind in kinds.STRINGS
            or (kind in kinds.CONCATS and kind != "infix_expression")
            or (self.grammar == "bash" and kind in ("word", "concatenation"))
        )

    def _string(self, node: Any, depth: int) -> None:
        value, refs = self._template.of(node)
        if value is None:
            self._walk_children(node, "", depth)
            return
        self._mark("text", node, "", value, refs)
        self._json(node, value)
        # What is in the holes is code of its own: calls with arguments, mostly.
        self._walk_holes(node, depth)

    def _json(self, node: Any, value: str) -> None:
        """What a string of JSON gives values to: messages are often written so."""
        saved = self._under
        rows = node.range().end.line - node.range().start.line
        for one in json_entries(value):
            self._under = (*saved, *one.under)
            self._mark("entry", node, one.key, one.value, HOLE.findall(one.value))
            self.marks[-1].form = "json"
            self.marks[-1].line += min(one.row, rows)
            if one.value and self.grammar not in kinds.DATA:
                self._mark("text", node, "", one.value, HOLE.findall(one.value))
                self.marks[-1].line += min(one.row, rows)
        self._under = saved

    def _walk_holes(self, node: Any, depth: int) -> None:
        if depth > _DEPTH:
            return
        for child in node.children():
            kind = child.kind()
            if kind in kinds.HOLES or kind in kinds.CONCATS:
                self._walk_holes(child, depth + 1)
            elif not self._is_string(kind) and child.is_named() and kind not in kinds.CONTENTS | kinds.ESCAPES:
                self._walk(child, depth + 1)

    def _comment(self, node: Any) -> None:
        span = node.range()
        first, column = self.place(span.start.line, span.start.column)
        last, _ = self.place(span.end.line, max(0, span.end.column - 1))
        self.comments.append(Comment(first, max(first, last), column))

    def _walk_call(self, node: Any, depth: int) -> None:
        children = node.children()
        arguments = next((child for child in children if child.kind() in kinds.ARGUMENTS), None)
        start = node.range().start.index
        if self.grammar == "bash":
            name, before, after = (children[0].text() if children else ""), [], children[1:]
        elif arguments is not None:
            at = arguments.range().start.index
            name = _callee(self.text[max(start, at - _SHOWN) : at])
            before = [child for child in children if child.is_named() and child.range().start.index < at]
            after = [child for child in children if child.is_named() and child.range().start.index >= at]
        else:
            name = _callee(self.text[start : min(node.range().end.index, start + _SHOWN)].partition("{")[0])
            before, after = [], [child for child in children if child.is_named()]
        if node.kind() == "implicit_object_creation_expression":
            name = _declared(node)
        for child in before:
            if child.kind() not in kinds.NAMES:
                self._walk(child, depth + 1)
        saved = self._call, self._in_call
        self._call, self._in_call = name, self._number()
        if name in ("require", "import") and arguments is not None:
            self._mark("import", node, " ".join(arguments.text()[:_SHOWN].split()))
        else:
            passed = _arguments(after)
            refs = [ref for one in passed[:12] for ref in self._template.refs_of(one)]
            self._mark("call", node, name, "", refs)
            self._pairs(name, passed)
            for child in after:
                self._walk(child, depth + 1)
        self._call, self._in_call = saved

    def _pairs(self, name: str, passed: Sequence[Any]) -> None:
        """`headers.set("api-key", key)` gives a name a value, and so does `forHTTPHeaderField:`."""
        positional = [_bare(one) for one in passed]
        step = len(positional) if name.endswith(("Map.of", "dict.fromkeys", ".headers")) else 2
        for index in range(0, min(step, len(positional) - 1), 2):
            key = self._template.literal(positional[index])
            if key and len(key) <= 80:
                value, refs = self._template.of(positional[index + 1])
                self._mark("entry", passed[index], key, value or "", refs)
        for one in passed[1:]:
            label, value = split_entry(one)
            if label is not None and value is not None and label.text().rstrip(":") in _HEADER_LABELS:
                key = self._template.literal(value)
                if key:
                    text, refs = self._template.of(positional[0])
                    self._mark("entry", one, key, text or "", refs)

    def _pair(self, node: Any, kind: str) -> None:
        """`[("api-key", key)]` gives a name a value too, in a list or added to one; so does Kotlin's `"api-key" to key`."""
        named = [child for child in node.children() if child.is_named() and child.kind() not in kinds.COMMENTS]
        if kind == "infix_expression":
            if len(named) != 3 or named[1].text() not in ("to", "->"):
                return
            named = [named[0], named[2]]
        elif len(named) != 2 or not self._is_listed(node):
            return
        key = self._template.literal(_bare(named[0]))
        if key and _HEADER.fullmatch(key):
            value, refs = self._template.of(_bare(named[1]))
            self._mark("entry", node, key, value or "", refs)
            self.marks[-1].form = "pair"

    def _is_listed(self, node: Any) -> bool:
        """Whether it is an element of a list, or added to one."""
        around = node.parent()
        while around is not None and around.kind() in kinds.ELEMENTS:
            around = around.parent()
        kind = around.kind() if around is not None else ""
        return kind in kinds.LISTS or (kind in kinds.ARGUMENTS and _ADDS.search(self._call) is not None)

    def _walk_entry(self, node: Any, kind: str, depth: int) -> bool:
        """True where it is an entry: some kinds are one only with a name."""
        if kind == "attribute" and self.grammar != "hcl":
            return False
        if kind == "initializer_expression":
            named = [child for child in node.children() if child.is_named()]
            if len(named) != 2 or not self._template.literal(named[0]):
                return False
            label, value = named[0], named[1]
        else:
            label, value = split_entry(node)
        if label is None or value is None:
            return False
        key, full = self._template.name_of(label)
        if not key:
            return False
        saved = self._statement, self._under
        if kind in kinds.STATEMENTS:
            self._statement = self._number()
        text, refs = self._template.of(value)
        self._mark("entry", node, key, text or "", refs, full)
        self.marks[-1].form = "subscript" if "[" in full else kind
        self._under = (*self._under, key)
        self._walk(value, depth + 1)
        self._under = saved[1]
        if label.kind() in kinds.MEMBERS:
            for child in label.children():
                if child.kind() in kinds.CALLS:
                    self._walk(child, depth + 1)
        self._statement = saved[0]
        return True

    def _walk_block(self, node: Any, depth: int) -> None:
        """Terraform's `variable "name" { default = … }`: the name is what is given the value."""
        label = ""
        for child in node.children():
            if child.kind() == "string_lit":
                label = self._template.literal(child) or label
            elif child.kind() == "body":
                self._under = (*self._under, label) if label else self._under
                self._walk_children(child, "", depth + 1)
                self._under = self._under[:-1] if label else self._under

    def _walk_flat(self, node: Any, depth: int) -> None:
        """Names and values in turn, without a node for each pair: Swift's dictionaries, anonymous objects of C#."""
        children = node.children()
        for label, sign, value in zip(children, children[1:], children[2:], strict=False):
            if sign.kind() not in ("=", ":") or not label.is_named() or not value.is_named():
                continue
            key = self._template.literal(label) or (label.text()[:100] if label.kind() == "identifier" else "")
            if key:
                text, refs = self._template.of(value)
                self._mark("entry", label, key, text or "", refs)
                self.marks[-1].form = "pair"
                self._under = (*self._under, key)
                self._walk(value, depth + 1)
                self._under = self._under[:-1]


def _callee(text: str) -> str:
    """`new  A<B>( x ).c` as `A.c()`: what is called, without what is given."""
    for _ in range(6):
        shorter = _ARGUMENT.sub("", text)
        if shorter == text:
            break
        text = shorter
    text = re.sub(r"[({\[][^)}\]]*\Z", "", text) if text.endswith(("(", "{")) else text
    text = re.sub(r"<[^<>]*>|\s+|[?!](?=\.)|^new\b|^await\b", lambda one: " " if one.group().isspace() else "", text)
    return dotted(text.replace(" ", "").removeprefix("new").removeprefix("await"))


def _declared(node: Any) -> str:
    """`A a = new(…)` of C# as `A`: the type that is declared, before the value or of the property."""
    around = node.parent()
    while around is not None and around.kind() in (
        "equals_value_clause",
        "variable_declarator",
        "arrow_expression_clause",
        "conditional_expression",
    ):
        around = around.parent()
    stated = around.field("type") if around is not None else None
    return _callee(stated.text()[:_SHOWN]) if stated is not None else ""


def _arguments(after: Sequence[Any]) -> list[Any]:
    """The arguments of a call, through the wrappers that some grammars put around them."""
    found: list[Any] = []
    for one in after:
        if one.kind() in kinds.ARGUMENTS:
            found += _arguments([child for child in one.children() if child.is_named()])
        else:
            found.append(one)
    return found


def _bare(node: Any) -> Any:
    while node.kind() in ("argument", "value_argument", "literal_element"):
        named = [child for child in node.children() if child.is_named()]
        if not named:
            break
        node = named[-1]
    return node

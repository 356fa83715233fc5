"""Templates: the text of a string, a concatenation or a name, with holes where it is no literal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rtaudit.scan import languages as kinds

_MAX = 4000
"""Characters of a value that are kept."""
_ENVIRONMENT = re.compile(
    r"(?:getenv|environ(?:\.get)?|GetEnvironmentVariable|Getenv|LookupEnv|env\.get|env|config|get_env|requireEnv|"
    r"require_env|GetValue|fromEnvironment|environ\.setdefault|ENV\.fetch|Environment\.Get|getRequiredEnv|env_var)\Z"
)
_THROUGH = re.compile(
    r"(?:^|\.)(?:URL|Uri|URI|String|str|parse|create|url|urljoin|toString|rstrip|strip|lstrip|replace|trim|trimEnd|TrimEnd|"
    r"Trim|encode|BinaryData|from|of|unwrap|expect|to_string|into|removesuffix|removeprefix|replaceAll|SecretStr|"
    r"require|cast|toURI|ToString|httpUrl|toHttpUrl|build)\Z"
)
_METHODS = re.compile(r"\.(?:replace|replaceAll|[lr]?strip|trim\w*|removesuffix|removeprefix|TrimEnd|Trim)\Z")
_MODULES = frozenset({"strings", "bytes", "re", "regexp", "StringUtils"})
_FORMATS = re.compile(r"(?:^|\.)(?:Sprintf|format|Format|format!|sprintf|printf)!?\Z")
_QUERIES = re.compile(
    r"(?:^|\.)(?:urlencode|URLSearchParams|stringify|build_query|http_build_query|QueryString|encode)\Z"
)
_SPOT = re.compile(r"%[-+0-9.]*[sdvqr]|\{[\w:.!]*\}")
_ESCAPED = {"\\n": "\n", "\\t": "\t", '\\"': '"', "\\'": "'", "\\\\": "\\", "\\/": "/", "\\r": "", "\\`": "`"}
_SEPARATORS = ("=", ":=", "=>", ":", "+=")


def dotted(text: str) -> str:
    """The last 160 characters of a dotted name, from a whole part on."""
    return text if len(text) <= 160 else text[-160:].partition(".")[2] or text[-160:]


def split_entry(node: Any) -> tuple[Any | None, Any | None]:
    """The name and the value of an entry, or Nones."""
    children = node.children()
    at = -1
    for separator in _SEPARATORS:
        at = next((i for i, child in enumerate(children) if not child.is_named() and child.kind() == separator), -1)
        if at > 0:
            break
    if at <= 0:
        if len(children) >= 2 and children[0].kind() == "label":
            return children[0], children[-1]
        return None, None
    before = [child for child in children[:at] if child.is_named() and child.kind() not in _TYPES]
    after = [child for child in children[at + 1 :] if child.is_named() and child.kind() not in kinds.COMMENTS]
    if not before or not after:
        return None, None
    # Where the type has no sign of its own, it comes after the name.
    return (before[0] if node.kind() in _TYPED_AFTER else before[-1]), after[0]


_TYPED_AFTER = frozenset({"const_spec", "var_spec", "val_definition"})
_TYPES = frozenset({"type_annotation", "type", "modifiers", "modifier", "user_type", "predefined_type", "implicit_type",
                    "binding_pattern_kind", "value_binding_pattern", "accessibility_modifier", "nullable_type",
                    "reference_type", "decorator", "comment", "mutable_specifier", "slice_type", "attribute_item"})  # fmt: skip


class StringTemplate:
    """Evaluates nodes of one grammar to text."""

    def __init__(self, grammar: str) -> None:
        """Of a grammar of ast-grep."""
        self.grammar = grammar

    def of(self, node: Any, depth: int = 0) -> tuple[str | None, tuple[str, ...]]:
        """The text of a value and the names in it; None where it is neither text nor a name."""
        text, refs = self._of(node, depth)
        return (text if text is None else text[:_MAX]), refs

    def literal(self, node: Any) -> str | None:
        """The text of a string that is a literal all through, or None."""
        text, refs = self._of(node, 0)
        return text if text is not None and not refs and "{" not in text else None

    def refs_of(self, node: Any) -> tuple[str, ...]:
        """The names that a value is made of."""
        return self._of(node, 0)[1]

    def name_of(self, node: Any) -> tuple[str, str]:
        """The last part of a name on the left side, and the whole of it."""
        kind = node.kind()
        if kind in kinds.SUBSCRIPTS or kind == "element_binding_expression" or "[" in node.text()[:200]:
            literal = self._index(node)
            if literal:
                return literal, node.text()[:100]
        if self._is_string(kind) or kind == "configurable_uri":
            text, _ = self._of(node, 0)
            return (text or "")[:100], ""
        full = node.text()[:120].strip().strip("\"'`").rstrip(":")
        if kind in ("object_pattern", "tuple_pattern", "pattern_list", "array_pattern") or "\n" in full:
            return "", ""
        return re.split(r"\.|->|::|\?\.", full)[-1].strip("$@ !?"), full

    def _is_string(self, kind: str) -> bool:
        return kind in kinds.STRINGS or (self.grammar == "bash" and kind in ("word", "concatenation"))

    def _of(self, node: Any, depth: int) -> tuple[str | None, tuple[str, ...]]:
        kind = node.kind()
        if depth > 60:
            return None, ()
        if self._is_string(kind):
            return self._string(node, depth)
        if kind in kinds.CONCATS or kind == "concatenation":
            return self._concat(node, depth)
        if kind in ("integer", "number", "integer_literal", "decimal_integer_literal", "true", "false", "int_literal"):
            return node.text(), ()
        if kind in kinds.NAMES:
            name = node.text()[:80].strip("$")
            return "{" + name + "}", (name,)
        if kind in ("expansion", "simple_expansion"):
            text, names = self._hole(node, depth)
            return text, tuple(names)
        if kind in kinds.CALLS:
            return self._call(node, depth)
        if kind in kinds.SUBSCRIPTS:
            name = self._index(node)
            return ("{" + name + "}", (name,)) if name else (None, ())
        if self.grammar == "hcl" and kind == "expression" and re.fullmatch(r"[a-z_]\w*(?:\.\w+)+", node.text()[:120]):
            name = node.text().rpartition(".")[2]
            return "{" + name + "}", (name,)
        if kind in kinds.WRAPPERS or kind in ("expression", "string_scalar", "flow_node"):
            named = [child for child in node.children() if child.is_named()]
            if named:
                return self._of(named[0] if kind != "argument" else named[-1], depth + 1)
            return None, ()
        if kind in kinds.MEMBERS:
            return self._member(node)
        if kind in ("conditional_expression", "ternary_expression"):
            return self._either(node, depth)
        return None, ()

    def _member(self, node: Any) -> tuple[str | None, tuple[str, ...]]:
        text = node.text()
        if len(text) > 120 or any(mark in text for mark in "([\n"):
            return None, ()
        name = re.split(r"\.|->|::", text)[-1].strip("!?$ ")
        return "{" + name + "}", (name,)

    def _index(self, node: Any) -> str | None:
        """The literal between the brackets of `x["name"]`."""
        stack = list(node.children())[::-1]
        for _ in range(40):
            if not stack:
                return None
            child = stack.pop()
            if self._is_string(child.kind()):
                return self.literal(child)
            if child.is_named() and child.kind() not in kinds.NAMES:
                stack += list(child.children())[::-1]
        return None

    def _string(self, node: Any, depth: int) -> tuple[str, tuple[str, ...]]:
        parts: list[str] = []
        refs: list[str] = []
        seen = False
        children = node.children()
        if node.kind() == "template_expr" and children:
            children = children[0].children()
        if (
            len(children) == 1
            and node.kind() in ("string_literal", "template_expr")
            and children[0].kind() not in kinds.CONTENTS
        ):
            inner = children[0].children()
            children = inner or children
        for child in children:
            kind = child.kind()
            if kind in kinds.CONTENTS or kind in kinds.ESCAPES:
                seen = True
                parts.append(_unescaped(child.text()))
            elif kind in kinds.HOLES or (child.is_named() and kind in kinds.NAMES):
                seen = True
                text, names = self._hole(child, depth)
                parts.append(text)
                refs += names
        if not seen:
            return _unquoted(node.text()), ()
        return "".join(parts), tuple(refs)

    def _hole(self, node: Any, depth: int) -> tuple[str, Sequence[str]]:
        kind = node.kind()
        if kind in ("interpolated_identifier", "variable_name", "simple_expansion", *kinds.NAMES):
            name = node.text().strip("${} ")
            return "{" + name + "}", (name,)
        if kind == "expansion":  # ${A:-default}
            name, _, default = node.text().strip("${} ").partition(":-")
            return (default or "{" + name + "}"), (name,)
        for child in node.children():
            if child.is_named() and child.kind() not in ("interpolation_brace", "format_specifier", "type_conversion",
                                                         "template_interpolation_start", "template_interpolation_end"):  # fmt: skip
                text, names = self._of(child, depth + 1)
                if text is None:
                    return "{}", names
                return text, names
        return "{}", ()

    def _concat(self, node: Any, depth: int) -> tuple[str | None, tuple[str, ...]]:
        children = node.children()
        named = [child for child in children if child.is_named() and child.kind() not in kinds.COMMENTS]
        signs = {child.text() for child in children if not child.is_named()}
        if node.kind() in ("concatenated_string", "concatenation") or signs & {"+", "."}:
            texts = [self._of(child, depth + 1) for child in named[:80]]
            refs = tuple(ref for _, names in texts for ref in names)
            if all(text is None for text, _ in texts) or not any(self._texty(child) for child in named):
                return None, refs
            return "".join("{}" if text is None else text for text, _ in texts), refs
        if len(named) == 2 and "%" in signs:
            text, _ = self._of(named[0], depth + 1)
            if text is not None and self._texty(named[0]):
                return self._filled(text, [named[1]], depth)
            return None, ()
        if len(named) == 2 and signs & {"or", "||", "??", "?:"}:
            left, left_refs = self._of(named[0], depth + 1)
            right, right_refs = self._of(named[1], depth + 1)
            if right is not None and self._texty(named[1]):
                return right, (*left_refs, *right_refs)
            return left, (*left_refs, *right_refs)
        if not signs and len(named) == 2 and node.kind().startswith(("elvis", "nil", "null", "if_null")):
            return self._of(named[1], depth + 1)
        return None, ()

    def _texty(self, node: Any) -> bool:
        kind = node.kind()
        if self._is_string(kind):
            return True
        if kind in kinds.CONCATS or kind in kinds.WRAPPERS:
            return any(self._texty(child) for child in node.children() if child.is_named())
        return kind in kinds.CALLS and self._of(node, 50)[0] is not None

    def _either(self, node: Any, depth: int) -> tuple[str | None, tuple[str, ...]]:
        named = [child for child in node.children() if child.is_named()]
        python = self.grammar == "python"
        for child in named[:1] + named[2:] if python else named[1:]:
            if self._texty(child):
                return self._of(child, depth + 1)
        return None, ()

    def _call(self, node: Any, depth: int) -> tuple[str | None, tuple[str, ...]]:
        children = node.children()
        arguments = next((child for child in children if child.kind() in kinds.ARGUMENTS), None)
        if arguments is None:
            return None, ()
        whole = node.text()
        cut = whole[: arguments.range().start.index - node.range().start.index]
        name = re.sub(r"\s+", "", cut.removeprefix("new ").removeprefix("const ")[-80:])
        name = re.sub(r"<[^<>]*>|[!?]", "", name)
        passed = self._passed(arguments)
        if _ENVIRONMENT.search(name) and passed:
            key = self.literal(passed[0])
            if key:
                if len(passed) > 1:
                    default, refs = self._of(passed[1], depth + 1)
                    if default is not None:
                        return default, (key, *refs)
                return "{" + key + "}", (key,)
        receiver = children[0] if children and children[0].kind() in kinds.MEMBERS else None
        if _FORMATS.search(name):
            if passed and self._texty(passed[0]) and not name.startswith(('"', "'", "`")):
                text, _ = self._of(passed[0], depth + 1)
                return self._filled(text or "", passed[1:], depth)
            inner = receiver.children()[0] if receiver is not None and receiver.children() else None
            if inner is not None and self._texty(inner):
                text, _ = self._of(inner, depth + 1)
                return self._filled(text or "", passed, depth)
        if _QUERIES.search(name) and passed and passed[0].kind() in _MAPS:
            return self._query(passed[0], depth)
        if _THROUGH.search(name):
            # A method of a text gives the text; a function of one, what it is given.
            if receiver is not None and receiver.children():
                inner = receiver.children()[0]
                text, refs = self._of(inner, depth + 1)
                if text is not None and (
                    self._texty(inner)
                    or not passed
                    or not self._texty(passed[0])
                    or (_METHODS.search(name) and inner.text() not in _MODULES)
                ):
                    return text, refs
            if passed:
                return self._of(passed[0], depth + 1)
        refs = tuple(ref for one in passed[:6] for ref in self._of(one, depth + 1)[1])
        return None, refs

    def _passed(self, arguments: Any) -> list[Any]:
        found: list[Any] = []
        for child in arguments.children():
            if child.kind() in kinds.ARGUMENTS:
                found += self._passed(child)
            elif child.is_named() and child.kind() not in kinds.COMMENTS:
                if child.kind() in ("argument", "value_argument"):
                    inner = [one for one in child.children() if one.is_named()]
                    found += inner[-1:]
                elif child.kind() in ("keyword_argument", "named_argument"):
                    found += [one for one in child.children() if one.is_named()][-1:]
                else:
                    found.append(child)
        return found

    def _filled(self, text: str, values: Sequence[Any], depth: int) -> tuple[str, tuple[str, ...]]:
        if len(values) == 1 and values[0].kind() in ("tuple", "parenthesized_expression"):
            values = [child for child in values[0].children() if child.is_named()]
        refs: list[str] = []
        for value in values[:12]:
            filled, names = self._of(value, depth + 1)
            refs += names
            put = filled if filled is not None else "{}"
            text = _SPOT.sub(lambda _: put.replace("{", "\0").replace("}", "\1"), text, count=1)  # noqa: B023
        return text.replace("\0", "{").replace("\1", "}"), tuple(refs)

    def _query(self, node: Any, depth: int) -> tuple[str, tuple[str, ...]]:
        parts: list[str] = []
        refs: list[str] = []
        for child in node.children():
            label, value = split_entry(child) if child.is_named() else (None, None)
            if label is not None and value is not None:
                text, names = self._of(value, depth + 1)
                refs += names
                parts.append(f"{self.name_of(label)[0]}={'{}' if text is None else text}")
            elif child.kind() == "shorthand_property_identifier":
                parts.append(f"{child.text()}={{{child.text()}}}")
        return "&".join(parts), tuple(refs)


_MAPS = frozenset(
    {"dictionary", "object", "hash", "array_creation_expression", "set_or_map_literal", "dictionary_literal"}
)


def _unescaped(text: str) -> str:
    return re.sub(r"\\.", lambda one: _ESCAPED.get(one.group(), one.group()), text) if "\\" in text else text


def _unquoted(text: str) -> str:
    text = text.strip()
    text = re.sub(r"\A[rRbBuUfF@$#]{0,3}(\"\"\"|'''|\"|'|`|\|-?|>-?)", "", text, count=1)
    return _unescaped(text.rstrip("\"'`#"))

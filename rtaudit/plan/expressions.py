"""Template expressions: `[format('{0}/x', …)]` worked out as far as a plan tells, and no further.

What is open stays open: a subscription or resource group that the snapshot was made without gets a placeholder that is the
same throughout one file, so that resources still find their parents; anything else is a hole. Grammar: Microsoft, "Syntax
and expressions in ARM templates".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rtaudit.plan.model import Unknown

SUBSCRIPTION = "/planned/subscription"
"""In place of `/subscriptions/ID` where the plan does not name the subscription."""
GROUP = "resource-group"
"""In place of the name of a resource group that the plan does not name."""
HOLE = "\0"
"""A part of a text that is not known."""

OPEN = "the template does not settle it before the deployment"

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_][\w.]*)|(?P<mark>[()\[\],.]))", re.DOTALL
)
_MAX = 20_000


def is_expression(value: Any) -> bool:
    """True for a whole string `[…]`; `[[…]` is the escape of a literal bracket."""
    return isinstance(value, str) and value.startswith("[") and value.endswith("]") and not value.startswith("[[")


def evaluated(text: str) -> str:
    """What an expression comes to; each unknown part is a HOLE, and an expression that cannot be read is one."""
    if len(text) > _MAX:
        return HOLE
    try:
        tokens = _tokens(text[1:-1])
        node, end = _parse(tokens, 0)
    except (ValueError, IndexError, RecursionError):
        return HOLE
    # A number alone is no text, and what has something left over is no expression.
    return _evaluate(node) if end == len(tokens) and tokens[0][0] != "number" else HOLE


def plain(value: Any) -> Any:
    """`value` with every expression replaced: by what it comes to where that is known whole, else by an Unknown."""
    if isinstance(value, str):
        if not is_expression(value):
            return value[1:] if value.startswith("[[") else value
        text = evaluated(value)
        return Unknown(OPEN) if HOLE in text else text
    if isinstance(value, dict):
        if any(is_expression(key) for key in value):
            return Unknown(OPEN)
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


@dataclass
class _Call:
    name: str
    arguments: list[Any]


@dataclass
class _Open:
    """Something whose value only the deployment knows, such as a member of a `reference()`."""

    text: str = ""


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(text[at:])
        found.append((str(match.lastgroup), match[match.lastgroup or 0]))
        at = match.end()
    return found


def _parse(tokens: list[tuple[str, str]], at: int) -> tuple[Any, int]:
    kind, text = tokens[at]
    at += 1
    node: Any
    if kind == "text":
        node = text[1:-1].replace("''", "'")
    elif kind == "number":
        node = text
    elif kind == "name":
        node = _Open(text)
        if at < len(tokens) and tokens[at][1] == "(":
            at += 1
            arguments = []
            while tokens[at][1] != ")":
                argument, at = _parse(tokens, at)
                arguments.append(argument)
                if tokens[at][1] == ",":
                    at += 1
            at += 1
            node = _Call(text.lower(), arguments)
    else:
        raise ValueError(text)
    return _members(node, tokens, at)


def _members(node: Any, tokens: list[tuple[str, str]], at: int) -> tuple[Any, int]:
    while at < len(tokens) and tokens[at][1] in (".", "["):
        if tokens[at][1] == ".":
            member, at = tokens[at + 1][1], at + 2
        else:
            _, at = _parse(tokens, at + 1)
            if tokens[at][1] != "]":
                raise ValueError(tokens[at][1])
            member, at = "[]", at + 1
        called = node.name if isinstance(node, _Call) and not node.arguments else ""
        node = _Open(f"{called}.{member.lower()}")
    return node, at


def _evaluate(node: Any) -> str:
    if isinstance(node, str):
        return node
    if isinstance(node, _Open):
        return {"subscription.subscriptionid": HOLE + "s", "resourcegroup.name": GROUP, "subscription.id": SUBSCRIPTION,
                "resourcegroup.id": f"{SUBSCRIPTION}/resourceGroups/{GROUP}"}.get(node.text, HOLE)  # fmt: skip
    texts = [_evaluate(argument) for argument in node.arguments]
    result = _FUNCTIONS[node.name](texts) if node.name in _FUNCTIONS and texts else HOLE
    return result.replace("/subscriptions/" + HOLE + "s", SUBSCRIPTION)


def _format(texts: list[str]) -> str:
    def fill(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0][0] if found[0] in ("{{", "}}") else HOLE  # `{0:D3}`, `{0,5}`: .NET's own forms
        index = int(found[1][:4]) + 1
        return texts[index] if index < len(texts) else HOLE

    return re.sub(r"\{\{|\}\}|\{(\d+)\}|[{}]", fill, texts[0])


def _resource_id(texts: list[str]) -> str:
    index = next((index for index, text in enumerate(texts) if "/" in text and "." in text), None)
    if index is None or index > 2:
        return HOLE
    before = texts[:index]
    subscription = f"/subscriptions/{before[0]}" if index == 2 else SUBSCRIPTION
    group = before[-1] if before else GROUP
    return f"{subscription}/resourceGroups/{group}" + _below(texts[index], texts[index + 1 :])


def _subscription_resource_id(texts: list[str]) -> str:
    index = 0 if "/" in texts[0] else 1
    subscription = f"/subscriptions/{texts[0]}" if index else SUBSCRIPTION
    return subscription + (_below(texts[index], texts[index + 1 :]) if index < len(texts) else HOLE)


def _extension_resource_id(texts: list[str]) -> str:
    if len(texts) < 3:
        return HOLE
    return texts[0].rstrip("/") + _below(texts[1], texts[2:])


def _below(resource_type: str, names: list[str]) -> str:
    namespace, *kinds = resource_type.split("/")
    if len(kinds) != len(names):
        return HOLE
    return f"/providers/{namespace}/" + "/".join(f"{kind}/{name}" for kind, name in zip(kinds, names, strict=True))


_FUNCTIONS: dict[str, Callable[[list[str]], str]] = {
    "format": _format,
    "concat": "".join,
    "resourceid": _resource_id,
    "subscriptionresourceid": _subscription_resource_id,
    "extensionresourceid": _extension_resource_id,
    "tolower": lambda texts: texts[0].lower(),
}
"""Function, lower case -> what it makes of its arguments' texts."""

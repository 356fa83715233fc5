"""Addresses of Terraform: their steps, modules and indexes."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from rtaudit.snapshot.secrets import scrub

_STEP = re.compile(r'([^.\["]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]')


def steps_of(address: str) -> list[Any]:
    """An address or reference as steps; a count index is a number."""
    found: list[Any] = []
    for match in _STEP.finditer(address):
        if match[2] is not None:
            found.append(int(match[2]))
        else:
            found.append(match[1] if match[1] is not None else match[3].replace('\\"', '"'))
    return found


def module_names(instance: str) -> list[str]:
    """The names of the modules of an instance's address, from the outside in."""
    names: list[str] = []
    while instance:
        instance, name = split_module(instance)
        names.insert(0, name)
    return names


def split_module(instance: str) -> tuple[str, str]:
    """The address of the module instance above, and the last module's name without its index."""
    depth, at = 0, -1
    quoted = False
    for position, letter in enumerate(instance):
        if letter == '"' and instance[position - 1 : position] != "\\":
            quoted = not quoted
        elif not quoted and letter == "[":
            depth += 1
        elif not quoted and letter == "]":
            depth -= 1
        elif not quoted and depth == 0 and instance.startswith(".module.", position):
            at = position
    above = instance[:at] if at >= 0 else ""
    last = instance[at + 8 :] if at >= 0 else instance.removeprefix("module.")
    return above, last.split("[", 1)[0]


def module_index(instance: str) -> Any:
    """The count or for_each key of a module instance; None without."""
    found = re.search(r'\[(?:(\d+)|"((?:[^"\\]|\\.)*)")\]\Z', instance)
    if found is None:
        return None
    return int(found[1]) if found[1] is not None else found[2].replace('\\"', '"')


def resource_of(address: str) -> tuple[str, str, str]:
    """The module instance of a resource's address, its type, and its name."""
    module, last = "", address
    if address.startswith("module."):
        # The last two steps of an address are type and name; the module instance is before them.
        above, _ = split_module(address)
        tail = address[len(above) :].removeprefix(".") if above else address
        found = re.match(r'module\.[^.\["]+(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?', tail)
        if found is None:
            return "", "", ""
        module = f"{above}.{found[0]}" if above else found[0]
        last = tail[found.end() + 1 :]
    steps = steps_of(last)
    return (module, str(steps[0]), str(steps[1])) if len(steps) >= 2 else ("", "", "")


_PLAIN = re.compile(r'[A-Za-z0-9_.-]+|(?:[A-Za-z0-9_.]|\[\d+\]|\["\w+"\])+', re.ASCII)


def slug(address: str) -> str:
    """An address as one segment of an id; of two addresses that would look alike in it, each has its own."""
    shown = scrub(address)
    text = re.sub(r"[^A-Za-z0-9_.-]+", "-", shown).strip("-")
    return (
        text
        if shown == address and _PLAIN.fullmatch(address)
        else f"{text}-{hashlib.sha256(address.encode()).hexdigest()[:6]}"
    )

"""Ceilings: compute the newest version that a requirement admits, by the rules of its ecosystem."""

from __future__ import annotations

import re

from packaging.version import InvalidVersion, Version

_ANY = 10**9


def ceiling(stated: str, ecosystem: str, *, locked: bool = False) -> Version | None:
    """The newest version that is admitted; None for no bound, or one that is not read.

    A version that is `locked` is the one that is installed.
    """
    return _exact(stated) if locked else _CEILINGS.get(ecosystem, _exact)(stated)


_NUMBER = re.compile(r"\d+(?:\.\d+)*")


def _exact(stated: str) -> Version | None:
    try:
        return Version(stated.strip("=v ").split("+")[0])
    except InvalidVersion:
        numbers = _numbers(stated)
        return _version(numbers) if numbers else None


def _version(numbers: tuple[int, ...]) -> Version:
    return Version(".".join(map(str, numbers)))


def _numbers(text: str) -> tuple[int, ...]:
    match = _NUMBER.search(text)
    return tuple(int(part) for part in match.group().split(".")[:4]) if match and len(match.group()) < 60 else ()


def _bumped(version: tuple[int, ...], keep: int) -> Version:
    """Just below the next version when the first `keep` numbers may not change."""
    return _version((*(*version, 0, 0, 0)[: max(keep, 1)], _ANY, _ANY))


def _just_below(version: tuple[int, ...]) -> Version:
    trimmed = list(version)
    while len(trimmed) > 1 and trimmed[-1] == 0:
        trimmed.pop()
    return _version((*trimmed[:-1], trimmed[-1] - 1, _ANY)) if trimmed[-1] else Version("0")


def _python(stated: str) -> Version | None:
    tops = []
    for clause in stated.split(","):
        numbers, sign = _numbers(clause), clause.strip()[:2]
        if not numbers:
            continue
        if sign.startswith("==") or (sign[:1] == "=" and sign[1:2].isdigit()):
            tops.append(
                _bumped(numbers, len(numbers)) if "*" in clause else _exact(clause.strip(" =")) or _version(numbers)
            )
        elif sign == "~=":
            tops.append(_bumped(numbers, len(numbers) - 1))
        elif sign.startswith("^"):
            tops.append(_bumped(numbers, 1))
        elif sign.startswith("~"):
            tops.append(_bumped(numbers, 2))
        elif sign.startswith("<"):
            tops.append(_version(numbers) if sign == "<=" else _just_below(numbers))
        elif clause.strip()[:1].isdigit():
            tops.append(_exact(clause) or _version(numbers))
    return min(tops) if tops else None


def _npm(stated: str) -> Version | None:
    if "||" in stated:
        tops = [_npm(one) for one in stated.split("||")]
        return None if None in tops else max(top for top in tops if top is not None)
    stated = stated.strip().removeprefix("npm:").rpartition("@")[2] if stated.startswith("npm:") else stated.strip()
    numbers = _numbers(stated)
    if not numbers or any(word in stated for word in (" - ", "*", "/", ":")):
        return None
    if re.fullmatch(r"\d+(?:\.\d+)?(?:\.x)?|\d+\.x(?:\.x)?", stated):
        return _bumped(numbers, len(numbers))
    clauses = [clause for clause in re.split(r"\s+", stated) if clause]
    if any(clause.startswith(">") for clause in clauses):
        uppers = [clause for clause in clauses if clause.startswith("<")]
        return _npm(uppers[0]) if uppers else None
    if stated.startswith("^"):
        # Below 1.0.0 the second number may not change either.
        return _bumped(numbers, 1 if numbers[0] else 2)
    if stated.startswith("~"):
        return _bumped(numbers, 2)
    if stated.startswith("<"):
        return _version(numbers) if stated.startswith("<=") else _just_below(numbers)
    return _exact(stated)


def _nuget(stated: str) -> Version | None:
    if "," in stated:
        upper = stated.rpartition(",")[2].strip()
        numbers = _numbers(upper)
        return (_just_below(numbers) if upper.endswith(")") else _version(numbers)) if numbers else None
    numbers = _numbers(stated)
    return (_bumped(numbers, len(numbers)) if "*" in stated else _exact(stated.strip("[]"))) if numbers else None


_CEILINGS = {"pypi": _python, "npm": _npm, "nuget": _nuget}

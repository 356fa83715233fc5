"""Completion: the values that a shell offers for an option, in place of the names of files."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def _policies() -> Sequence[str]:
    from rtaudit.policy import builtin_names

    return builtin_names()


def _rules() -> Sequence[str]:
    from rtaudit.policy import library

    return sorted(library())


def _formats() -> Sequence[str]:
    from rtaudit.render import FORMATS

    return list(FORMATS)


def _severities() -> Sequence[str]:
    from rtaudit.report.gate import SEVERITIES

    return SEVERITIES


def _groups() -> Sequence[str]:
    from rtaudit.policy import library

    return sorted({rule.group for rule in library().values()})


def _inventories() -> Sequence[str]:
    from rtaudit.inventory import INVENTORIES

    return list(INVENTORIES)


def _behaviours() -> Sequence[str]:
    from rtaudit.simulate.realtime import BEHAVIOURS

    return list(BEHAVIOURS)


def _schemas() -> Sequence[str]:
    from rtaudit.api.schemas import SCHEMAS

    return list(SCHEMAS)


_ABOVE: dict[str, Callable[[], Sequence[str]]] = {
    "policies": _policies,
    "rules": _rules,
    "formats": _formats,
    "severities": _severities,
    "groups": _groups,
    "inventories": _inventories,
    "behaviours": _behaviours,
    "schemas": _schemas,
}
"""Lists of packages that `rtaudit.settings` may not know."""


def completer(name: str) -> Callable[[str], list[str]]:
    """What a shell asks: the words of the list `name` that begin with what is typed."""
    return lambda incomplete: [word for word in words_of(name) if word.startswith(incomplete)]


def words_of(name: str) -> Sequence[str]:
    """The words of the list `name`."""
    from rtaudit.settings.values import LISTS

    return (_ABOVE.get(name) or LISTS[name])()

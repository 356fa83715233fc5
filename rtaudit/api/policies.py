"""Policies: list the rules, with the packs that select them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from rtaudit.errors import UsageError, allowed_hint


def list_rules(
    policies: Sequence[str] = (), *, pack: str | None = None, severity: str | None = None, group: str | None = None
) -> list[dict[str, Any]]:
    """The rules as rows: `id`, `name`, `severity`, `each`, `packs`, `title`; source checks have `each` "source".

    `policies` are packs besides the built-in ones, by name or path. Only rules that `pack` selects, with the severity that it
    gives them; only those of a severity; only those of a group (`NET`). Raises UsageError for an unknown severity or group.
    """
    from rtaudit.policy import builtin_names, library, load_policies
    from rtaudit.report import SEVERITIES
    from rtaudit.scan.checks import library as source_checks

    extra = [*policies, *([pack] if pack else [])]
    packs = load_policies(list(dict.fromkeys([*builtin_names(), *extra])))
    rules = dict(library())
    for one in packs:
        rules |= one.rules
    if pack is not None:
        selected = [found for one in load_policies([pack]) for found in one.judged()]
        rules = {rule.id: replace(rule, severity=in_force) for rule, in_force in selected}
    if severity is not None:
        _one_of(severity, SEVERITIES, "--severity")
    named = group.upper() if group is not None else None
    if named is not None:
        _one_of(named, sorted({rule.group for rule in (*library().values(), *rules.values())} | {"SRC"}), "--group")
    rows = [
        _row(rule, rule.each, [one.name for one in packs if rule.id in one.rules])
        for _, rule in sorted(rules.items())
        if severity in (None, rule.severity) and named in (None, rule.group)
    ]
    if pack is None and named in (None, "SRC"):
        checks = [one for _, one in sorted(source_checks().items()) if severity in (None, one.severity)]
        rows += [_row(one, "source", ["client scan"]) for one in checks]
    return rows


def _row(rule: Any, each: str, packs: list[str]) -> dict[str, Any]:
    return {
        "id": rule.id, "name": rule.name, "severity": rule.severity, "each": each, "packs": packs, "title": rule.title,
    }  # fmt: skip


def _one_of(word: str, allowed: Iterable[str], option: str) -> None:
    if word not in allowed:
        raise UsageError(f"{option} cannot be '{word}'", allowed_hint(word, allowed))

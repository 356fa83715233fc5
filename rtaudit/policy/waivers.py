"""Waivers: accept findings until a day; and the baseline, findings that are known already."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import Any

from rtaudit.documents import canonical, load_yaml
from rtaudit.documents.wildcards import wildcards
from rtaudit.errors import did_you_mean
from rtaudit.policy.packs import library
from rtaudit.policy.schema import WAIVERS_SCHEMA
from rtaudit.report import Finding, Report
from rtaudit.snapshot.secrets import scrub

_PROSE = ("reason", "owner", "ticket")
"""Fields that every output repeats, and people write into."""
_INDEX = re.compile(r"\[[0-9]+\]")


@dataclass(frozen=True)
class Waiver:
    """One accepted finding, or several by a pattern."""

    rule: str
    resource: re.Pattern[str]
    accepts: str
    """The outcome it accepts: fail or unknown."""
    expires: date | None
    """Valid to the end of that day, UTC; None for ever."""
    stated: dict[str, Any]
    """As the file states it, without secrets."""
    place: str
    """`file:line`."""

    def matches(self, finding: Finding) -> bool:
        """True when it speaks of this finding, expired or not."""
        return (
            finding.rule.lower() == self.rule.lower()
            and finding.outcome == self.accepts
            and self.covers(finding.resource)
        )

    def covers(self, resource: str) -> bool:
        """True when its `resource` speaks of this one: its id by a pattern, or its name, or `account/deployment`."""
        return self.resource.fullmatch(resource.rstrip("/")) is not None or (
            "*" not in self.stated["resource"] and self.stated["resource"].strip("/").lower() in _short_names(resource)
        )


def load_waivers(path: str | Path) -> list[Waiver]:
    """The waivers in a file. Raises InputError, at the line, for a broken one."""
    document = load_yaml(path, WAIVERS_SCHEMA)
    waivers = []
    for index, raw in enumerate(document.value["waivers"]):
        stated = {field: scrub(value) if field in _PROSE else value for field, value in raw.items()}
        expires = date.fromisoformat(stated["expires"]) if "expires" in stated else None
        line, _ = document.position(("waivers", index))
        pattern = wildcards(stated["resource"].rstrip("/"))
        accepts = stated.get("accepts", "fail")
        waivers.append(Waiver(stated["rule"], pattern, accepts, expires, stated, f"{document.name}:{line}"))
    return waivers


def _short_names(resource: str) -> tuple[str, ...]:
    parts = resource.lower().rstrip("/").split("/")
    return (parts[-1], f"{parts[-3]}/{parts[-1]}") if len(parts) > 3 else (parts[-1],)


def apply_waivers(
    findings: Sequence[Finding], waivers: Sequence[Waiver], today: date, rules: Collection[str] = ()
) -> list[str]:
    """Mark what is waived (and what an expired waiver no longer covers); the warnings about the waivers themselves.

    `rules` are the ids of the rules that were checked: a waiver of another one says what may have been meant.
    """
    matched: set[int] = set()
    placed: dict[tuple[str, str], list[tuple[int, Waiver]]] = {}
    """Rule and what the waiver names (`*` for any pattern) -> the waivers, each with its place in the file."""
    for number, waiver in enumerate(waivers):
        named = waiver.stated["resource"].strip("/").lower()
        placed.setdefault((waiver.rule.lower(), "*" if "*" in named else named), []).append((number, waiver))
    of_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        rule, resource = finding.rule.lower(), finding.resource
        of_rule.setdefault(rule, []).append(finding)
        if finding.outcome not in ("fail", "unknown"):
            continue
        names = {"*", resource.strip("/").lower(), *_short_names(resource)}
        near = (
            sorted((one for name in names for one in placed.get((rule, name), ())), key=itemgetter(0)) if placed else ()
        )
        mine = [(number, one) for number, one in near if one.matches(finding)]
        matched.update(number for number, _ in mine)
        valid = [one for _, one in mine if one.expires is None or one.expires >= today]
        if valid:
            finding.waiver = dict(valid[0].stated)
            finding.outcome = "waived"
        elif mine:
            finding.waiver = {**mine[0][1].stated, "expired": True}
    complaints = [one for waiver in waivers for one in _complaints(waiver, today)]
    unmatched = [waiver for number, waiver in enumerate(waivers) if number not in matched]
    return complaints + [_unmatched(waiver, of_rule.get(waiver.rule.lower(), ()), rules) for waiver in unmatched]


def _unmatched(waiver: Waiver, of_rule: Sequence[Finding], rules: Collection[str]) -> str:
    """What a waiver that matches nothing would have had to say; `of_rule` are the findings of its rule."""
    what = f"{waiver.place}: the waiver of {waiver.rule} for {waiver.stated['resource']} matches no finding"
    if not of_rule and waiver.rule.upper() not in rules:
        if waiver.rule.upper() in library():
            return f"{what}: no selected pack has that rule"
        meant = did_you_mean(waiver.rule, rules)
        return f"{what}: no rule {waiver.rule} was checked" + (f"; {meant} may be meant" if meant else "")
    covered = [one for one in of_rule if waiver.covers(one.resource)]
    if covered:
        outcomes = sorted({one.outcome for one in covered})
        return f"{what}: it accepts {waiver.accepts}, and the rule's outcome there is {' and '.join(outcomes)}"
    open_ones = sorted({one.resource for one in of_rule if one.outcome in (waiver.accepts, "waived")})
    if open_ones:
        more = f" and {len(open_ones) - 3} more" if len(open_ones) > 3 else ""
        return f"{what}: what would match is {', '.join(open_ones[:3])}{more}"
    outcome = "fails" if waiver.accepts == "fail" else "is unknown"
    return f"{what}: nothing {outcome} by that rule; the waiver may be taken out"


def _complaints(waiver: Waiver, today: date) -> Iterable[str]:
    what = f"{waiver.place}: the waiver of {waiver.rule} for {waiver.stated['resource']}"
    if waiver.expires is None:
        yield f"{what} never expires; add `expires: YYYY-MM-DD`"
    elif waiver.expires < today:
        yield f"{what} expired on {waiver.expires} and has no effect any more"


def apply_baseline(findings: Sequence[Finding], baseline: Report) -> int:
    """Mark the findings that the baseline holds with every observation (or gap); the number of those that are fixed since."""
    before = {_key(one): one for one in baseline.findings if one.outcome in ("fail", "unknown")}
    open_now: set[tuple[str, str]] = set()
    for finding in findings:
        if finding.outcome not in ("fail", "unknown", "waived"):
            continue
        open_now.add(_key(finding))
        old = before.get(_key(finding))
        if old is not None and finding.outcome == old.outcome and _details(finding) <= _details(old):
            finding.known = True
    return len(before.keys() - open_now)


def _key(finding: Finding) -> tuple[str, str]:
    return finding.fingerprint, finding.environment


def _details(finding: Finding) -> set[str]:
    if finding.outcome == "unknown":
        return {f"{gap.scope.lower()}\n{gap.aspect}" for gap in finding.gaps}
    # An index says nothing: a rule inserted before it moves it.
    return {
        f"{_INDEX.sub('[]', one.field)}\n{canonical(one.actual)}\n{one.resource.lower()}"
        for one in finding.observations
    }

"""Impact: joins a drift with the rules, so that each change names those that it turns red, or green.

Of both sides what the changes can turn is checked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from rtaudit.azure import arm_id, shapes
from rtaudit.azure.resource_types import ACCOUNT, DEPLOYMENT, PRIVATE_ENDPOINT, SUBSCRIPTION
from rtaudit.documents.trees import no_cycles
from rtaudit.drift import sides
from rtaudit.drift.model import Change, Comparison, Drift, with_rules
from rtaudit.snapshot import ASPECTS, Snapshot

if TYPE_CHECKING:
    from rtaudit.policy import Pack
    from rtaudit.policy.conditions import EvalContext
    from rtaudit.policy.evaluate import Among, Detail
    from rtaudit.report import Finding
    from rtaudit.subjects import Attribute, EstateIndex

_SUBJECTS = {
    "account": ACCOUNT,
    "deployment": DEPLOYMENT,
    "realtimeDeployment": DEPLOYMENT,
    "privateEndpoint": PRIVATE_ENDPOINT,
    "subscription": SUBSCRIPTION,
    "client": sides.CLIENT,
}
"""Kind of subject -> its type; kinds that are not here are no resource."""

_EVERYTHING = ""
_FAMILY = re.compile(r"/providers/(?:microsoft\.cognitiveservices/accounts|microsoft\.network/privateendpoints)/[^/]+")


def join_rules(drift: Drift, snapshots: Sequence[Snapshot], packs: Sequence[Pack], as_of: date) -> Drift:
    """`drift` with, at each change that counts, the rules of `packs` that it turns.

    Those whose outcome differs between the two sides, one of the two being a failure, and that read what changed.
    """
    if not any(change.decision == "drift" for comparison in drift.comparisons for change in comparison.changes):
        return drift
    from rtaudit.subjects import EstateIndex

    evaluator = _Evaluator(packs, as_of)
    base, *others = map(EstateIndex, snapshots)
    with no_cycles():
        comparisons = [
            _Join(evaluator, comparison, (base, other)).joined()
            for comparison, other in zip(drift.comparisons, others, strict=True)
        ]
    return replace(drift, comparisons=comparisons)


@dataclass(frozen=True, slots=True)
class Reads:
    """What a rule looks at."""

    each: str
    """The kind of its subjects."""
    fields: Mapping[str, frozenset[str]]
    """Type -> dotted paths that it reads of resources of this type; an empty path is the whole resource."""

    @property
    def type(self) -> str | None:
        """Type of its subjects; None where they are no resource."""
        return _SUBJECTS.get(self.each)

    def holds(self, resource_type: str, pointer: str) -> bool:
        """True when the rule reads what a change at `pointer` of a resource of this type changed."""
        paths = self.fields.get(resource_type)
        if paths is None:
            return False
        # Roles and locks are compared as what is held at an account, which is no field of theirs.
        path = "" if resource_type in sides.HELD else ".".join(pointer.split("/")[1:])
        return any(_within(path, one) or _within(one, path) for one in paths)


def rule_reads(packs: Sequence[Pack], as_of: date) -> dict[str, Reads]:
    """What each rule of some packs looks at, by its id: of its expressions and of what the facts in them declare."""
    from rtaudit.subjects import ATTRIBUTES

    found: dict[str, Reads] = {}
    for pack in packs:
        for bound in pack.bind(as_of):
            kind = bound.rule.each
            fields: dict[str, set[str]] = defaultdict(set)
            roots: list[str] = []
            for condition in (bound.when, bound.require):
                for path, at_subject in condition.paths() if condition is not None else ():
                    for root in path.roots if at_subject else ():
                        whole = _resource(ATTRIBUTES[kind].get(root))
                        below = path.text.removeprefix(f"{root}.")
                        if whole is not None and below != path.text and below.replace(".", "").isalnum():
                            # Of a resource that it hands on, the rule says which field it reads.
                            fields[whole].add(below)
                            roots.append(f"{root}.")
                        elif root in ATTRIBUTES[kind]:
                            roots.append(root)
                        elif kind in _SUBJECTS:
                            fields[_SUBJECTS[kind]].add(path.text)
            for root in dict.fromkeys(roots):
                part = ATTRIBUTES[kind][root.removesuffix(".")]
                for resource_type, one in part_reads(kind, part):
                    if one or not root.endswith("."):
                        fields[resource_type].add(one)
            known = found.get(bound.rule.id)
            if known is not None:
                for resource_type, paths in known.fields.items():
                    fields[resource_type] |= paths
            found[bound.rule.id] = Reads(kind, {one: frozenset(paths) for one, paths in fields.items()})
    return found


def role_reads() -> Reads:
    """What decides whether a deployment is one of realtime: it is asked before every rule about these."""
    from rtaudit.subjects import ATTRIBUTES

    kind = "realtimeDeployment"
    return Reads(kind, _by_type(part_reads(kind, ATTRIBUTES[kind]["facts.realtimeRole"])))


def _resource(part: Attribute | None) -> str | None:
    """The type of the one resource that a relation hands on as it is (`account` of a deployment); else None."""
    whole = [resource_type for resource_type, path in (part.fields if part and part.fields else ()) if not path]
    return whole[0] if len(whole) == 1 and part is not None and not part.name.startswith("facts.") else None


def part_reads(kind: str, part: Attribute) -> Iterator[tuple[str, str]]:
    """What a fact or relation reads: type and dotted path. One that declares no fields may read all of its aspects' types."""
    if part.fields is not None:
        yield from part.fields
        return
    if kind in _SUBJECTS:
        yield _SUBJECTS[kind], _EVERYTHING
    for aspect in (*part.aspects, *part.helped_by):
        yield from ((resource_type, _EVERYTHING) for resource_type in ASPECTS[aspect].types)


@dataclass(frozen=True, slots=True)
class _OutcomeChange:
    """A rule whose outcome for one subject differs between the two sides."""

    rule: str
    subject: str
    left: str
    right: str
    evidence: frozenset[str]
    """Keys of the changed resources that the failure names, where it names one: it turns by these and no others."""

    @property
    def group(self) -> tuple[str, str, str]:
        return self.rule, self.left, self.right

    def by(self, resource: str, *, own: bool) -> bool:
        """True when a change of the resource (a key) can be what turned it. `own`: it is of the type of the rule's subjects."""
        return resource in self.evidence if self.evidence else (not own or resource == self.subject)


class _Evaluator:
    """The packs, bound to a day."""

    def __init__(self, packs: Sequence[Pack], as_of: date) -> None:
        from rtaudit.policy.check import rule_texts

        self._bound = [(pack, pack.bind(as_of)) for pack in packs]
        self.reads = rule_reads(packs, as_of)
        self.texts = rule_texts(self._bound)

    def findings(self, estate: EstateIndex, among: Among, detail: Detail) -> list[Finding]:
        """The findings of a check of the subjects that `among` picks for a rule."""
        from rtaudit.policy.evaluate import evaluate, join_packs
        from rtaudit.report import Gate

        per_pack = [evaluate(estate, rules, pack.name, detail=detail, among=among) for pack, rules in self._bound]
        return join_packs(per_pack, Gate("high", allow_unknown=False).blocks)


class _Join:
    """One comparison, and the rules that turn in it. Resources of both sides are called by the base's keys."""

    def __init__(self, evaluator: _Evaluator, comparison: Comparison, estates: tuple[EstateIndex, EstateIndex]) -> None:
        self.evaluator, self.reads, self.comparison, self._estates = evaluator, evaluator.reads, comparison, estates
        self._role = role_reads()
        self._pairs = {arm_id.key(pair.left): arm_id.key(pair.right) for pair in comparison.pairs}
        environments = (comparison.left.environment, comparison.right.environment)
        self._pairs[f"/environment/{environments[0].lower()}"] = f"/environment/{environments[1].lower()}"
        self._back = {there: here for here, there in self._pairs.items()}
        self._neighbours = self._connected(estate.snapshot for estate in estates)
        self._changed: dict[str, list[Change]] = defaultdict(list)
        self._touched: dict[tuple[str, str], set[str]] = defaultdict(set)
        """Type and path -> the families that changed there, and those connected to them; `_EVERYTHING` for what many share."""
        for change in comparison.changes:
            if change.decision == "drift":
                key = self._key(change)
                self._changed[key].append(change)
                family = _family(key) if _FAMILY.search(key) else _EVERYTHING
                self._touched[change.type, change.path] |= {family, *self._neighbours.get(family, ())}
        self._families: dict[str, set[str]] = {}
        self._asked: dict[tuple[int, str, str], bool] = {}
        self._by_family: dict[str, list[_OutcomeChange]] = defaultdict(list)
        self._anywhere: list[_OutcomeChange] = []
        self._loose: dict[tuple[str, str, str], _OutcomeChange] = {}
        self._named: dict[str, list[_OutcomeChange]] = defaultdict(list)
        self._turn()

    def joined(self) -> Comparison:
        """The comparison with the rules that turn at each of its changes."""
        said: dict[tuple[tuple[str, str, str], ...], list[dict[str, Any]]] = {}
        changes = []
        for change in self.comparison.changes:
            found = tuple(sorted(self._rules(change))) if change.decision == "drift" else ()
            if found not in said:
                said[found] = [self._said(*turn) for turn in found]
            changes.append(with_rules(change, said[found]) if found else change)
        return replace(self.comparison, changes=changes)

    def _said(self, rule: str, left: str, right: str) -> dict[str, Any]:
        text = self.evaluator.texts[rule]
        return {"rule": rule, "title": text.title, "severity": text.severity, "left": left, "right": right}

    def _rules(self, change: Change) -> set[tuple[str, str, str]]:
        key = self._key(change)
        if _FAMILY.search(key):
            turns: Iterable[_OutcomeChange] = (*self._by_family.get(_family(key), ()), *self._anywhere)
            return {one.group for one in turns if self._turned(one, change, key)}
        # What many accounts share can turn a rule for any of them: asked once for each way in which a rule turned.
        found = (*self._loose.values(), *self._named.get(key, ()))
        return {one.group for one in found if self._turned(one, change, key)}

    def _turned(self, turn: _OutcomeChange, change: Change, key: str) -> bool:
        reads = self.reads[turn.rule]
        if not turn.by(key, own=change.type == reads.type):
            return False
        # Whether a deployment is one of realtime at all is asked before the rule, and known for all that passed or failed.
        role = self._role if reads.each == "realtimeDeployment" and "unknown" in (turn.left, turn.right) else None
        return self._reads_change(reads, change) or (role is not None and self._reads_change(role, change))

    def _reads_change(self, reads: Reads, change: Change) -> bool:
        asked = id(reads), change.type, change.path
        known = self._asked.get(asked)
        if known is None:
            known = self._asked[asked] = reads.holds(change.type, change.path)
        return known

    def _turn(self) -> None:
        here, there = (
            self.evaluator.findings(estate, self._among(names), "outcome")
            for estate, names in zip(self._estates, (self._pairs, self._back), strict=True)
        )
        others = {(finding.rule, arm_id.key(finding.resource)): finding for finding in there}
        turned = []
        for finding in here:
            other = others.get((finding.rule, self._pairs.get(arm_id.key(finding.resource), "")))
            if other is not None and other.outcome != finding.outcome and "fail" in (finding.outcome, other.outcome):
                turned.append((finding, other))
        seen_in = self._seen(turned)
        seen: set[tuple[tuple[str, str, str], frozenset[str]]] = set()
        for finding, other in turned:
            key = arm_id.key(finding.resource)
            evidence = self._evidence(finding, other, seen_in)
            turn = _OutcomeChange(finding.rule, key, finding.outcome, other.outcome, evidence)
            # One that may turn by anything, or one of each thing that it turns by, says it all.
            if turn.group not in self._loose and (turn.group, turn.evidence) not in seen:
                seen.add((turn.group, turn.evidence))
                if not turn.evidence:
                    self._loose[turn.group] = turn
                for named in turn.evidence:
                    self._named[named].append(turn)
            if _FAMILY.search(key):
                for family in (_family(key), *self._neighbours.get(_family(key), ())):
                    self._by_family[family].append(turn)
            else:
                self._anywhere.append(turn)

    def _among(self, paired: Mapping[str, str]) -> Among:
        """Of a rule's subjects on one side those that both have and that a change can turn. `paired`: this side's keys."""
        placed: dict[str, tuple[bool, str | None]] = {}

        def place(resource: str) -> tuple[bool, str | None]:
            """Whether both sides have it, and the family that it belongs to, where it does."""
            if resource not in placed:
                key = arm_id.key(resource)
                base = key if paired is self._pairs else self._back.get(key, key)
                placed[resource] = (key in paired, _family(base) if _FAMILY.search(base) else None)
            return placed[resource]

        def among(rule: str, scopes: Sequence[EvalContext]) -> Sequence[EvalContext]:
            touched = self._touched_by(rule)
            everything = _EVERYTHING in touched
            placed_scopes = [(scope, place(scope.subject.resource)) for scope in scopes] if touched else ()
            return [
                scope
                for scope, (is_paired, family) in placed_scopes
                if is_paired and (everything or family is None or family in touched)
            ]

        return among

    def _touched_by(self, rule: str) -> set[str]:
        """The families with a change that a rule reads, those connected to them, and `_EVERYTHING` where what many share changed."""
        if rule not in self._families:
            reads = self.reads[rule]
            # Whether a deployment is one of realtime at all is asked before the rule.
            asked = [reads, self._role] if reads.each == "realtimeDeployment" else [reads]
            read = [found for way, found in self._touched.items() if any(one.holds(*way) for one in asked)]
            self._families[rule] = set().union(*read)
        return self._families[rule]

    def _seen(self, turned: Sequence[tuple[Finding, Finding]]) -> dict[tuple[int, str, str], Finding]:
        """Side, rule and resource -> the failure with what was seen: asked only of those that turn."""
        found: dict[tuple[int, str, str], Finding] = {}
        for number, estate in enumerate(self._estates):
            failed = {(pair[number].rule, pair[number].resource) for pair in turned if pair[number].outcome == "fail"}

            def among(
                rule: str, scopes: Sequence[EvalContext], failed: set[tuple[str, str]] = failed
            ) -> list[EvalContext]:
                return [scope for scope in scopes if (rule, scope.subject.resource) in failed]

            findings = self.evaluator.findings(estate, among, "seen") if failed else ()
            found.update({(number, one.rule, one.resource): one for one in findings if one.outcome == "fail"})
        return found

    def _evidence(self, one: Finding, other: Finding, seen: Mapping[tuple[int, str, str], Finding]) -> frozenset[str]:
        side, failed = (0, one) if one.outcome == "fail" else (1, other)
        observed = seen[side, failed.rule, failed.resource].observations
        named = {self._back.get(key, key) for key in (arm_id.key(at.resource) for at in observed)}
        subjects = {self._back.get(key, key) for key in (arm_id.key(one.resource), arm_id.key(other.resource))}
        reads = self.reads[failed.rule]
        return frozenset(
            key
            for key in named - subjects
            if any(self._reads_change(reads, change) for change in self._changed.get(key, ()))
        )

    def _key(self, change: Change) -> str:
        if change.left is not None:
            return arm_id.key(change.left)
        key = arm_id.key(change.right or "")
        family = _family(key)
        # What came to an account of both sides is a matter of that account.
        return self._back.get(key) or (self._back.get(family, family) + key[len(family) :])

    def _connected(self, snapshots: Iterable[Snapshot]) -> dict[str, set[str]]:
        """Accounts and private endpoints, each with those that it is connected to."""
        found: dict[str, set[str]] = defaultdict(set)
        for snapshot in snapshots:
            for endpoint in snapshot.index.by_type.get(PRIVATE_ENDPOINT, ()):
                key = arm_id.key(endpoint["id"])
                for target in shapes.targets(endpoint):
                    one, other = self._back.get(key, key), self._back.get(target, target)
                    found[one].add(other)
                    found[other].add(one)
        return found


def _by_type(reads: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for resource_type, path in reads:
        found[resource_type].add(path)
    return {resource_type: frozenset(paths) for resource_type, paths in found.items()}


def _within(path: str, top: str) -> bool:
    return not top or path == top or path.startswith((top + ".", top + "["))


def _family(key: str) -> str:
    """The account or private endpoint that a resource belongs to; else the resource itself."""
    found = _FAMILY.search(key)
    return key[: found.end()] if found else key

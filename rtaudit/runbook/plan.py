"""Plan: take the failures that block, choose the next step until none is left, and prove each on the edited snapshot."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.documents import canonical
from rtaudit.policy import Pack, Waiver, check
from rtaudit.policy.edit import EditError, answered, asks_in
from rtaudit.policy.fix_order import comes_before
from rtaudit.report import SEVERITIES, Finding, Observation, Report
from rtaudit.report.runbook import ByHand, Effect, Runbook, RunbookStep, Unseen
from rtaudit.report.steps import Step
from rtaudit.runbook.state import State, Terms, key_of
from rtaudit.snapshot import Snapshot
from rtaudit.snapshot.gaps import ASSIGNED

ONE_BY_ONE = 2000
"""Resources of a snapshot up to which each step is proved alone; above, the steps of different accounts are proved together."""

TRIES = 2
"""Times that one observation may ask for the step in one place: rules that undo each other's steps would ask for ever."""

OF_CLIENT = "It is changed in the client and in its contract."
OF_PROBE = "It is changed where the probe ran: in its network, or at its client."
NONE_FITS = "None of the rule's steps fits what was found."
UNSTATED = "The rule does not state what its fix changes, so nothing can be proved."


def runbook(
    snapshots: Sequence[Snapshot],
    packs: Sequence[Pack],
    *,
    as_of: date | None = None,
    fail_on: str = "high",
    allow_unknown: bool | Sequence[str] = False,
    waivers: Sequence[Waiver] = (),
    baseline: Report | None = None,
    baseline_name: str | None = None,
    probes: Sequence[Sequence[dict[str, Any]]] = (),
    all_failures: bool = False,
    answers: Mapping[str, str] | None = None,
) -> Runbook:
    """The steps that make the snapshots ready, in order, each proved by evaluating an edited copy again.

    The options are those of `check`. `all_failures` takes what does not block too; `answers` are values for what commands
    ask for, by name. Nothing is executed. The verdict after the last step is that of `check` on the edited snapshots.
    Raises InputError for a rule that cannot be compiled.
    """
    today = as_of or datetime.now(UTC).date()
    terms = Terms(packs, today, fail_on, allow_unknown, waivers, baseline, all_failures)

    def report_of(of: Sequence[Snapshot], *, steps: bool) -> Report:
        return check(
            of,
            packs,
            as_of=today,
            fail_on=fail_on,
            allow_unknown=allow_unknown,
            waivers=waivers,
            baseline=baseline,
            baseline_name=baseline_name,
            probes=probes,
            steps=steps,
        )

    before = report_of(snapshots, steps=True)
    alone = before.findings if len(snapshots) == 1 else ()
    plans = [
        _Plan(State.of(one, terms, probes[index] if probes else (), alone), dict(answers or {}))
        for index, one in enumerate(snapshots)
    ]
    steps: list[RunbookStep] = []
    for one in plans:
        steps += one.run(len(steps))
    after = report_of([one.state.snapshot for one in plans], steps=False)
    return Runbook(
        before=before,
        after=after,
        steps=steps,
        by_hand=[each for one in plans for each in one.by_hand()],
        unseen=[each for one in plans for each in one.unseen()],
        warnings=[*before.warnings, *(each for one in plans for each in one.warnings)],
    )


def edited_snapshots(snapshots: Sequence[Snapshot], steps: Sequence[RunbookStep]) -> list[Snapshot]:
    """The snapshots with the steps applied in the order given. Raises EditError."""
    from rtaudit.policy.edit import edited

    return [
        edited(one, [change for step in steps if step.environment == one.environment for change in step.step.sets])
        for one in snapshots
    ]


@dataclass
class _Candidate:
    """A step with every finding that asks for it."""

    step: Step
    at: tuple[str, str, int]
    """Rule, resource and place in the fix, of the worst finding that asks for it."""
    rank: int
    findings: list[Finding] = field(default_factory=list)
    asks: list[tuple[Finding, Observation]] = field(default_factory=list)
    """The observations that ask for it."""

    @property
    def order(self) -> tuple[int, tuple[str, str, int]]:
        return self.rank, self.at

    @property
    def rules(self) -> set[str]:
        return {one.rule for one in self.findings}


class _Plan:
    """The plan of one environment."""

    def __init__(self, state: State, answers: dict[str, str]) -> None:
        self.state = state
        self.answers = answers
        self.warnings: list[str] = []
        self._used: set[str] = set()
        self._earlier: dict[str, list[RunbookStep]] = defaultdict(list)
        """Root of a resource -> the steps so far that change something there."""
        self._tried: dict[tuple[str, str, int], Counter[str]] = {}
        """Rule, resource and place in the fix -> how often each observation asked for a step there that was taken."""
        self._before = comes_before({one: bound.rule.steps for one, bound in state.terms.rules.items()})
        self._alone = len(state.snapshot.resources) <= ONE_BY_ONE

    def run(self, done: int) -> list[RunbookStep]:
        """Choose and apply steps until no failure has one that was not tried."""
        planned: list[RunbookStep] = []
        while group := self._next():
            taken = self._apply(group, done + len(planned))
            for one in taken:
                for root in self._roots(one.step.sets):
                    self._earlier[root].append(one)
            planned += taken
        return planned

    def _next(self) -> list[_Candidate]:
        """The next step; in a large snapshot the next of each account, as far as they touch nothing in common."""
        candidates = sorted(self._candidates().values(), key=lambda one: one.order)
        pending = {rule for one in candidates for rule in one.rules}
        free = [one for one in candidates if not self._waits_for(one, pending)] or candidates
        if self._alone:
            return free[:1]
        chosen: list[_Candidate] = []
        taken: dict[str, str] = {}
        for one in free:
            touches = self._touches(one)
            # Two steps that make the very same thing are no quarrel.
            if all(root not in taken or (how and taken[root] == how) for root, how in touches.items()):
                taken |= touches
                chosen.append(one)
        return chosen

    def _candidates(self) -> dict[str, _Candidate]:
        """The first step of each observation that has not been taken; the same step is one, whoever asks for it."""
        found: dict[str, _Candidate] = {}
        for finding in self.state.findings.values():
            if not self.state.terms.wanted(finding):
                continue
            for observation in finding.observations:
                for place, step in enumerate(observation.steps):
                    key = _identity(step)
                    if not step.sets or step.manual or key in self._used or self._in_vain(finding, observation, step):
                        continue
                    rank = SEVERITIES.index(finding.severity)
                    at = (finding.rule, arm_id.key(finding.resource), place)
                    one = found.setdefault(key, _Candidate(step, at, rank))
                    if (rank, at) < one.order:
                        one.rank, one.at = rank, at
                    if not one.findings or one.findings[-1] is not finding:
                        one.findings.append(finding)
                    one.asks.append((finding, observation))
                    break
        return found

    def _in_vain(self, finding: Finding, observation: Observation, step: Step) -> bool:
        """Whether the same was observed, and mended in the same way, so often that it will not hold."""
        tried = self._tried.get(_place(finding, step))
        return tried is not None and tried[_observed(observation)] >= TRIES

    def _waits_for(self, one: _Candidate, pending: set[str]) -> set[str]:
        """The rules whose steps have to come before it and have not all been taken."""
        return {first for rule in one.rules for first in self._before.get(rule, ())} & (pending - one.rules)

    def _touches(self, one: _Candidate) -> dict[str, str]:
        """What a step touches: the account or resource, and, where it only makes a resource, what it makes."""
        found: dict[str, str] = {}
        for change in self._filled(one.step):
            if "add" in change:
                found.setdefault(_root(str(change["add"]["id"])), canonical(change["add"]))
            else:
                found[_root(str(change.get("at", "")))] = ""
        return found

    def _filled(self, step: Step) -> list[dict[str, Any]]:
        filled: list[dict[str, Any]] = answered(list(step.sets), {**step.examples, **self.answers})
        return filled

    def _apply(self, group: list[_Candidate], done: int) -> list[RunbookStep]:
        tried: list[tuple[_Candidate, list[dict[str, Any]]]] = []
        changes: list[dict[str, Any]] = []
        for one in group:
            self._used.add(_identity(one.step))
            for place, observed in {(_place(finding, one.step), _observed(seen)) for finding, seen in one.asks}:
                self._tried.setdefault(place, Counter())[observed] += 1
            tried.append((one, self._filled(one.step)))
            changes += tried[-1][1]
        try:
            changed = self.state.apply(changes)
        except EditError as error:
            if len(group) == 1:
                named = one.step.say or (one.step.command.line() if one.step.command else "")
                self.warnings.append(f"a step of {one.at[0]} cannot be proved: {error.message} ({named})")
                return []
            return [each for one in group for each in self._apply([one], done)]
        effects = _share(changed, [one for one, _ in tried], [self._roots(sets) for _, sets in tried])
        return [
            self._planned(one, sets, done + number, effects[number - 1]) for number, (one, sets) in enumerate(tried, 1)
        ]

    def _roots(self, sets: Sequence[Mapping[str, Any]]) -> set[str]:
        return {_root(str(one["add"]["id"] if "add" in one else one.get("at", ""))) for one in sets}

    def _planned(
        self,
        one: _Candidate,
        sets: list[dict[str, Any]],
        number: int,
        changed: Sequence[tuple[Finding | None, Finding | None]],
    ) -> RunbookStep:
        step = one.step
        command = step.command.answered(self.answers) if step.command else None
        firsts = {first for rule in one.rules for first in self._before.get(rule, ())}
        assumed = {name: step.examples[name] for name in asks_in(step.sets) if name in step.examples}
        bad, roots = ("fail", "unknown"), self._roots(sets)
        return RunbookStep(
            number=number,
            environment=self.state.snapshot.environment,
            step=Step(
                step.say, command, step.line, sets, step.risk, step.before, step.after, step.manual, step.examples
            ),
            severity=SEVERITIES[one.rank],
            mends=[_effect(each) for each in sorted(one.findings, key=lambda each: each.order)],
            clears=[
                _effect(after or was, outcome=after.outcome if after else "notApplicable")
                for was, after in changed
                if was is not None and was.outcome in bad and (after is None or after.outcome not in bad)
            ],
            causes=[
                _effect(after)
                for was, after in changed
                if after is not None and after.outcome in bad and (was is None or was.outcome not in bad)
            ],
            follows=sorted(
                {each.number for root in roots for each in self._earlier[root] if firsts.intersection(each.rules)}
            ),
            assumed={name: value for name, value in assumed.items() if name not in self.answers},
        )

    def by_hand(self) -> list[ByHand]:
        """The failures that are left, with what is to be done by hand."""
        rules = self.state.terms.rules
        return [
            each
            for one in self._left("fail")
            for each in _by_hand(one, NONE_FITS if rules[one.rule].steps else UNSTATED)
        ]

    def _left(self, outcome: str) -> Iterator[Finding]:
        terms = self.state.terms
        left = [one for one in self.state.findings.values() if one.outcome == outcome]
        for one in sorted(left, key=lambda each: each.order):
            if terms.wanted(one) if outcome == "fail" else terms.gates(one):
                yield one

    def unseen(self) -> list[Unseen]:
        """What is in the way of an answer: the gaps of the unknowns that gate, each once."""
        found: dict[tuple[str, str], Unseen] = {}
        for finding in self._left("unknown"):
            for gap in finding.gaps:
                if gap.reason == ASSIGNED:
                    continue  # of a plan: nothing that is collected before the deployment tells it
                key = (arm_id.key(gap.scope), gap.aspect)
                known = found.get(key)
                rules = [*(known.rules if known else ()), finding.rule]
                role = "Reader" if gap.needs and gap.needs.lower().endswith("/read") else None
                found[key] = Unseen(
                    self.state.snapshot.environment,
                    gap.scope,
                    gap.aspect,
                    gap.reason,
                    gap.needs,
                    role,
                    gap.message or "",
                    list(dict.fromkeys(rules)),
                )
        return list(found.values())


def _share(
    changed: Sequence[tuple[Finding | None, Finding | None]], group: Sequence[_Candidate], roots: Sequence[set[str]]
) -> list[list[tuple[Finding | None, Finding | None]]]:
    """The changes of a group by the step that made them: the one that asked for it, the one of the same account, else the last."""
    shares: list[list[tuple[Finding | None, Finding | None]]] = [[] for _ in group]
    by_finding = {key_of(each): index for index, one in enumerate(group) for each in one.findings}
    by_root = {root: index for index, each in enumerate(roots) for root in each}
    for was, after in changed:
        finding = after or was
        assert finding is not None
        index = by_finding.get(key_of(finding), by_root.get(_root(finding.resource), len(group) - 1))
        shares[index].append((was, after))
    return shares


def _root(resource: str) -> str:
    """The account or private endpoint that a resource belongs to, or the resource itself."""
    for kind in ("/providers/microsoft.cognitiveservices/accounts/", "/providers/microsoft.network/privateendpoints/"):
        head, found, rest = arm_id.key(resource).partition(kind)
        if found:
            return head + found + rest.partition("/")[0]
    return arm_id.key(resource)


def _place(finding: Finding, step: Step) -> tuple[str, str, int]:
    return finding.rule, arm_id.key(finding.resource), step.place


def _observed(observation: Observation) -> str:
    return f"{observation.resource.lower()}\0{observation.field}\0{observation.actual!r}\0{observation.element!r}"


def _identity(step: Step) -> str:
    words = step.command.arguments() if step.command else (step.line or step.say,)
    return "\0".join((*words, canonical(list(step.sets))))


def _effect(finding: Finding | None, outcome: str | None = None) -> Effect:
    assert finding is not None
    message = finding.message if (outcome or finding.outcome) in ("fail", "unknown") else ""
    return Effect(finding.rule, finding.resource, finding.severity, outcome or finding.outcome, message)


def _by_hand(finding: Finding, without: str) -> Iterator[ByHand]:
    """What is left of a failure, once for each reason; `without` is that of one that has no step."""
    of_kind = {"client": OF_CLIENT, "probe": OF_PROBE}.get(finding.each, UNSTATED)
    reasons: dict[str, list[Step]] = {}
    for observation in finding.observations:
        for step in observation.steps:
            if step.sets and not step.manual:
                reasons.setdefault("Its steps were not enough.", [])
            else:
                reasons.setdefault(step.manual or of_kind, []).append(step)
    for reason, steps in (reasons or {without: []}).items():
        unique = {_identity(step): step for step in steps}
        yield ByHand(
            finding.environment,
            finding.rule,
            finding.resource,
            finding.severity,
            finding.message,
            reason,
            list(unique.values()),
        )

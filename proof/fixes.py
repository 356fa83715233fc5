"""Fixes: run each command that a rule prints with the real Azure CLI on the simulated Azure, collect again, and check.

    python proof/fixes.py AZ_PYTHON [--rule RTA-…] [--page docs/fixes.md]

AZ_PYTHON is the interpreter of an environment that holds azure-cli. For each case that must fail the estate of the case is
served; the rule's steps are taken one after another, as the runbook would print them, each command is run by az, and the
estate is collected again by the real collector. The rule must then pass, and no other rule may have got worse but those that
the step names as coming later. Ends with 1 where one does not. What was proved is the request and what the simulated
Resource Manager makes of it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import rtaudit
from rtaudit import assets
from rtaudit.policy.cases import Case, CaseFile, bind_case, changed, load_cases
from rtaudit.policy.evaluate import evaluate
from rtaudit.policy.packs import library
from rtaudit.policy.rules import BoundRule, bind
from rtaudit.report import Finding
from rtaudit.report.steps import Step
from rtaudit.simulate import Simulator
from rtaudit.snapshot import Snapshot, load
from rtaudit.subjects import EstateIndex

WORKER = Path(__file__).with_name("az_worker.py")
MAX_STEPS = 12
ANSWERS = json.loads(Path(__file__).with_name("answers.json").read_text(encoding="utf-8"))
"""What commands ask for that no case answers, by name; and, by rule and name, what it is for one rule."""

UNTRIED = {
    "asks": "asks for names that only a reader knows (a new account, a model)",
    "case": "no case fails in the way that it mends",
    "unserved": "asks what the simulated Azure does not serve",
}

UNSERVED = {("RTA-CAP-007", 0)}
"""Steps whose command asks for a list that no snapshot holds."""

SKIPPED = {
    # Azure's own role is edited in the case, which nobody can; az finds roles by name.
    ("RTA-ID-004", "notDataActions take it back"),
    ("RTA-ID-004", "a custom role copied before the action existed"),
}

Key = tuple[str, int]
"""Rule, and place of the step in its fix."""


@dataclass
class Tally:
    """What became of each command."""

    proved: Counter[Key] = field(default_factory=Counter)
    ran: Counter[Key] = field(default_factory=Counter)
    asks: set[Key] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    commands: int = 0


class Az:
    """The Azure CLI in an environment of its own, led to the simulator."""

    def __init__(self, python: str, simulator: Simulator, folder: Path) -> None:
        # Nothing of this shell's: no proxy, no login, no configuration.
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
        environment = {
            **kept,
            **simulator.environ,
            "HOME": str(folder),
            "AZURE_CONFIG_DIR": str(folder / "azure"),
            "AZURE_CORE_INSTANCE_DISCOVERY": "false",
            "AZURE_CORE_COLLECT_TELEMETRY": "0",
            "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
            "AZURE_AUTO_UPGRADE_ENABLE": "no",
            "PYTHONWARNINGS": "ignore",
            "LANG": "C.UTF-8",
        }
        self._said = (folder / "stderr.txt").open("w+b")
        self._process = subprocess.Popen(
            [python, str(WORKER)],
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            encoding="utf-8",
        )
        for words in (
            ["cloud", "register", "-n", "Simulated", "--endpoint-resource-manager", simulator.url],
            ["cloud", "set", "-n", "Simulated"],
            ["login", "--identity"],
        ):
            code, said = self.run(words)
            if code:
                raise SystemExit(f"az {' '.join(words)} ended with {code}: {said}")

    def run(self, words: Sequence[str]) -> tuple[int, str]:
        """The exit code of `az` with these arguments, and what it said on stderr."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(list(words)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"az died at: az {' '.join(words)}")
        answer = json.loads(line)
        self._said.seek(0)
        said = self._said.read().decode(errors="replace").strip(" \n\0")
        self._said.truncate(0)
        self._said.seek(0)
        return answer["code"], said[-600:]

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._process.wait(30)
        self._said.close()


class _Token:
    """A credential whose token is good for the simulator alone."""

    def get_token(self, *_: str, **__: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken("simulated", int(time.time()) + 3600)


def collected(simulator: Simulator, like: Snapshot) -> Snapshot:
    """The served estate, collected by the real collector, with the contracts of the case."""
    # Over plain http: the collector trusts the system's authorities alone.
    with Simulator([simulator.served.snapshot(like)], record=False) as again:
        request = rtaudit.collection(
            subscriptions=list(like.scope["subscriptions"]), aspects=sorted(like.aspects), environment=like.environment
        )
        found = rtaudit.collect_snapshot(request, arm_endpoint=again.url, credential=_Token())
    return found.snapshot.with_clients(like.clients)


def main() -> int:
    """Try every case; print what failed, and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("az_python")
    parser.add_argument("--rule", default="")
    parser.add_argument("--page")
    chosen = parser.parse_args()
    started, tally = time.monotonic(), Tally()
    good = load(assets.policies() / "rules" / "good.json")
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulator([good], writable=True, tls=Path(folder), record=False) as simulator,
    ):
        az = Az(chosen.az_python, simulator, Path(folder))
        try:
            for file, case in _cases(chosen.rule):
                _try(file, case, simulator, az, tally)
        finally:
            az.close()
    took = time.monotonic() - started
    for one in tally.wrong:
        print(f"FAILED {one}")
    steps = [key for key, _ in _commands()]
    print(
        f"{tally.commands} commands run by az in {took:.0f} s: {len(tally.proved)} of {len(steps)} printed commands proved, "
        f"{len(tally.ran)} that only read ran, {len(set(steps) - set(tally.proved) - set(tally.ran))} not tried, "
        f"{len(tally.wrong)} failed"
    )
    if chosen.page:
        page = _page(tally)
        Path(chosen.page).write_text(page, encoding="utf-8")
    return 1 if tally.wrong else 0


def _cases(only: str) -> Iterator[tuple[CaseFile, Case]]:
    for path in sorted((assets.policies() / "rules").glob("*.cases.yaml")):
        file = load_cases(path)
        for case in file.cases:
            if (case.rule, case.name) in SKIPPED:
                continue
            if case.expect == "fail" and case.rule.startswith(only) and file.rules[case.rule].each != "probe":
                yield file, case


def _commands() -> list[tuple[Key, str]]:
    return [
        ((rule.id, place), step.az)
        for rule in library().values()
        for place, step in enumerate(rule.steps)
        if step.az or step.plain.startswith("az ")
    ]


def _try(file: CaseFile, case: Case, simulator: Simulator, az: Az, tally: Tally) -> None:
    bound = bind_case(file, case)
    if all(step.stated.plain for step in bound.steps):
        return
    base = load(file.base)
    snapshot, _ = changed(file, case, base.with_clients(file.clients) if file.clients else base)
    if snapshot.gaps or case.mended == "unknown":
        return  # what a gap hides is not served
    answers = {**ANSWERS, **ANSWERS.get(case.rule, {}), **file.answers, **case.answers}
    simulator.reset([snapshot])
    before, used, taken = snapshot, set(), []
    name = f"{case.rule}, {case.name}"
    for _ in range(MAX_STEPS):
        failed = [one for one in _judged(snapshot, [bound]) if one.outcome == "fail"]
        step = next((one for one in _steps(failed) if repr(one) not in used), None)
        if step is None:
            break
        used.add(repr(step))
        key = (case.rule, step.place)
        assert step.command is not None
        command = step.command.answered(
            {asked: str(answers[asked]) for asked in answers if isinstance(answers[asked], str)}
        )
        if command.asks:
            tally.asks.add(key)
        if command.asks or key in UNSERVED:
            continue
        tally.commands += 1
        code, said = az.run(command.arguments()[1:])
        if code:
            tally.wrong.append(f"{name}: `{command.line()}` ended with {code}: {said}")
            return
        if step.manual or not step.sets:
            tally.ran[key] += 1
            continue
        taken.append((key, step))
        snapshot = simulator.served.snapshot(snapshot)
    if not taken:
        return
    after = collected(simulator, before)
    wrong = _unmended(bound, before, after, [step for _, step in taken])
    if wrong:
        tally.wrong.append(f"{name}: {wrong}")
    else:
        tally.proved.update(key for key, _ in taken)


def _judged(snapshot: Snapshot, rules: Sequence[BoundRule]) -> list[Finding]:
    return evaluate(EstateIndex(snapshot), rules, "proof")


def _steps(failed: Sequence[Finding]) -> Iterator[Step]:
    """What is to be run: first what only looks, then what mends."""
    steps = [step for one in failed for seen in one.observations for step in seen.steps if step.command is not None]
    yield from (one for one in steps if one.manual or not one.sets)
    yield from (one for one in steps if one.sets and not one.manual)


def _unmended(bound: BoundRule, before: Snapshot, after: Snapshot, taken: Sequence[Step]) -> str | None:
    """What is wrong after the steps, or None."""
    manual = {
        one.resource
        for one in _judged(before, [bound])
        if any(s.manual for seen in one.observations for s in seen.steps)
    }
    for one in _judged(after, [bound]):
        if one.outcome in ("fail", "unknown") and one.resource not in manual:
            gaps = "; ".join(str(gap.message) for gap in one.gaps)
            return f"it is {one.outcome} afterwards: {one.message or one.note or ''} {gaps}"
    expected = {rule for step in taken for rule in (*step.before, *step.after)}
    others = [bind(rule, {}, bound.steps[0].today) for rule in library().values() if rule.id != bound.rule.id]
    was = {(one.rule, one.resource.lower()): one.outcome for one in _judged(before, others)}
    for one in _judged(after, others):
        known = was.get((one.rule, one.resource.lower()), "new")
        if one.outcome == "fail" and known != "fail" and one.rule not in expected:
            return f"{one.rule} got worse ({known}, then fail): {one.message}"
    return None


def _page(tally: Tally) -> str:
    rows, counts = [], Counter[str]()
    for key, az in _commands():
        rule, place = key
        if key in tally.proved:
            kind, words = "proved", f"proved ({tally.proved[key]} case{'' if tally.proved[key] == 1 else 's'})"
        elif key in tally.ran:
            kind, words = "ran", "only reads: ran"
        else:
            kind = "not tried"
            why = "unserved" if key in UNSERVED else "asks" if key in tally.asks else "case"
            words = f"not tried: {UNTRIED[why]}"
        counts[kind] += 1
        rows.append(f"| {rule} | {place + 1} | `{' '.join(az.split()[:6])}` | {words} |".replace("{", "&#123;"))
    summary = (
        f"Of {sum(counts.values())} printed commands {counts['proved']} are proved, {counts['ran']} only read and ran, and "
        f"{counts['not tried']} were not tried, for the reason given."
    )
    return "\n".join(
        [
            "# Fixes, run by the real Azure CLI",
            "",
            "<!-- Written by `make fixes`; not by hand. -->",
            "",
            "`make fixes` takes each case of a rule that must fail, serves it as Azure Resource Manager on loopback, lets the real",
            "Azure CLI run the commands that rtaudit prints for it, collects again, and checks: the rule passes, and no other",
            "rule got worse but those whose steps come later. What is proved is the request that az makes of the command, and",
            "its effect on the simulated Resource Manager; what a resource provider would refuse is not simulated.",
            "",
            summary,
            "",
            "| rule | step | command | result |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

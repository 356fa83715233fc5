"""Runbooks: what is promised is what check says of the edited snapshot; the order, the effects, and what is no step."""

from __future__ import annotations

import dataclasses
import json
import random
import shlex
import subprocess
from datetime import date
from functools import lru_cache
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtaudit import assets
from rtaudit.policy import Pack, check, library, load_policies
from rtaudit.policy.cases import load_cases
from rtaudit.policy.edit import EditError, edited
from rtaudit.policy.waivers import load_waivers
from rtaudit.render.runbook import render
from rtaudit.report.runbook import ENVELOPE, Runbook, RunbookStep
from rtaudit.runbook import plan, runbook
from rtaudit.runbook.plan import edited_snapshots
from rtaudit.runbook.state import touched
from rtaudit.settings.values import RUNBOOKS
from rtaudit.snapshot import Gap, Snapshot, load
from tests.conftest import Run
from tests.policy.judging import pack, rule
from tests.subjects.estates import account, estate

DAY = date(2026, 11, 22)
NO_PERIMETER = {"at": "perimeter:east-perimeter", "delete": True}
PROD = assets.snapshots() / "prod.json"


@lru_cache
def packs() -> Any:
    return load_policies(["production"])


@lru_cache
def good() -> Snapshot:
    return load(assets.policies() / "rules" / "good.json")


@lru_cache
def changes() -> list[Any]:
    """What makes a rule fail, of every case that must fail with no parameter of its own."""
    return [
        case.change
        for file in sorted((assets.policies() / "rules").glob("*.cases.yaml"))
        for case in load_cases(file).cases
        if case.expect == "fail" and not case.params and case.change
        if not any(
            "gap" in one or "skip" in one or str(one.get("at", "")).startswith(("client", "probe"))
            for one in case.change
        )
    ]


def of(*snapshots: Snapshot, **options: Any) -> Runbook:
    return runbook(snapshots, options.pop("packs", None) or packs(), as_of=DAY, **options)


def some(*rules: str) -> Pack:
    return Pack("some", "some", {one: library()[one] for one in rules}, {}, {})


def broken(numbers: list[int]) -> Snapshot:
    """The good environment with some cases' changes on top of each other, as far as they can be."""
    snapshot = good()
    for number in numbers:
        try:
            snapshot = edited(snapshot, changes()[number % len(changes())])
        except EditError:
            continue
    return snapshot


def overlap(one: RunbookStep, other: RunbookStep, snapshot: Snapshot) -> bool:
    return not set(map(str.lower, touched(snapshot, one.step.sets))).isdisjoint(
        map(str.lower, touched(snapshot, other.step.sets))
    )


@settings(max_examples=4, deadline=None)
@given(st.lists(st.integers(0, 999), min_size=1, max_size=4), st.booleans())
def test_the_promised_verdict_is_that_of_check_on_the_edited_snapshot(numbers, every):
    snapshot = broken(numbers)
    found = of(snapshot, all_failures=every)
    after = edited_snapshots([snapshot], found.steps)
    report = check(after, packs(), as_of=DAY)
    assert found.verdict == report.verdict
    assert found.after.summary == report.summary
    left = {
        (one.rule, one.resource)
        for one in report.findings
        if one.outcome == "fail" and (every or one.severity in ("critical", "high"))
    }
    assert left == {(one.rule, one.resource) for one in found.by_hand}


@settings(max_examples=3, deadline=None)
@given(st.lists(st.integers(0, 999), min_size=2, max_size=4), st.integers(0, 99))
def test_another_allowed_order_ends_in_the_same_snapshot(numbers, seed):
    snapshot = broken(numbers)
    found = of(snapshot, all_failures=True)
    last = edited_snapshots([snapshot], found.steps)[0]
    rest, order = list(found.steps), []
    while rest:
        free = [
            one
            for index, one in enumerate(rest)
            if not any(overlap(one, other, last) or other.number in one.follows for other in rest[:index])
        ]
        order.append(random.Random(seed).choice(free))
        rest.remove(order[-1])
    assert edited_snapshots([snapshot], order)[0].digest == last.digest


@settings(max_examples=2, deadline=None)
@given(st.lists(st.integers(0, 999), min_size=1, max_size=4))
def test_proved_together_ends_as_proved_one_by_one(numbers):
    snapshot = broken(numbers)
    alone = of(snapshot)
    plan.ONE_BY_ONE, kept = 0, plan.ONE_BY_ONE
    try:
        together = of(snapshot)
    finally:
        plan.ONE_BY_ONE = kept
    assert together.verdict == alone.verdict
    assert together.after.summary == alone.after.summary


def test_of_the_sample():
    found = of(load(PROD))
    assert [one.rules for one in found.steps] == [
        ["RTA-NET-009", "RTA-NET-006"], ["RTA-DNS-002"], ["RTA-ID-001"], ["RTA-MOD-006"],
    ]  # fmt: skip
    assert "RTA-RES-001" in {one.rule for one in found.steps[3].clears}
    assert {one.rule for one in found.steps[0].causes} >= {"RTA-DNS-001"}
    assert (found.before.verdict, found.verdict) == ("notReady", "incomplete")
    assert [(one.aspect, one.scope.rsplit("/")[-1]) for one in found.unseen] == [("privateEndpoints", "guest-pe")]


def test_public_access_goes_off_after_the_endpoint_is_approved():
    status = "properties.privateEndpointConnections[0].properties.privateLinkServiceConnectionState.status"
    open_to_all = {"properties.publicNetworkAccess": "Enabled", "properties.networkAcls.defaultAction": "Allow"}
    snapshot = edited(good(), [NO_PERIMETER, {"at": "account:east", "set": {status: "Pending", **open_to_all}}])
    found = of(snapshot, packs=[some("RTA-NET-001", "RTA-NET-002", "RTA-NET-006")])
    assert [one.rules[0] for one in found.steps] == ["RTA-NET-006", "RTA-NET-001"]
    assert found.steps[1].follows == [1]
    assert "properties.publicNetworkAccess=Disabled" in found.steps[1].step.lines()[-1]
    assert not found.steps[1].causes
    assert found.verdict == "ready"


def test_what_a_step_causes_is_mended_in_its_turn():
    none = [
        {"at": "account:east", "set": {"properties.privateEndpointConnections": []}},
        {"at": "privateEndpoint:east-pe", "delete": True},
        {"at": "zoneGroup:east-pe/default", "delete": True},
    ]
    found = of(edited(good(), none), all_failures=True)
    assert [one.rules[0] for one in found.steps][:2] == ["RTA-NET-009", "RTA-DNS-002"]
    assert "RTA-DNS-001" in {one.rule for one in found.steps[0].causes}
    assert found.verdict == "ready"


@pytest.mark.parametrize(
    ("fix", "reason"),
    [
        (["az x --name {name}"], plan.UNSTATED),
        ([{"say": "decide", "manual": "it is yours to say"}], "it is yours to say"),
        ([{"say": "x", "sets": [{"at": "{id}", "set": {"tags.other": "x"}}]}], "Its steps were not enough."),
    ],
    ids=["no sets", "manual", "not enough"],
)
def test_what_no_edit_proves_is_left_by_hand(fix, reason):
    snapshot = estate(account()).snapshot
    found = of(snapshot, packs=[pack(rule({"field": "tags.owner", "exists": True}, fix=fix))])
    assert [one.reason for one in found.by_hand] == [reason]
    assert found.verdict == "notReady"


def test_a_step_that_cannot_be_applied_is_said():
    fix = [{"say": "x", "sets": [{"at": "/no/such", "set": {"a": 1}}]}]
    found = of(estate(account()).snapshot, packs=[pack(rule({"field": "tags.owner", "exists": True}, fix=fix))])
    assert not found.steps
    assert "cannot be proved" in found.warnings[0]


def test_rules_that_undo_each_others_steps_come_to_an_end():
    """A second region is asked for, and the model is not offered there: each deployment would be moved away again."""
    file = load_cases(assets.policies() / "rules" / "models.cases.yaml")
    for case in file.cases:
        if case.rule == "RTA-MOD-005" and case.expect == "fail" and not case.params:
            found = of(edited(good(), case.change), all_failures=True)
            assert len(found.steps) < 10, case.name
            assert found.verdict == check(edited_snapshots([edited(good(), case.change)], found.steps), packs(), as_of=DAY).verdict  # fmt: skip


def test_unknown_is_no_step():
    gap = Gap(
        good().resources[0]["id"],
        "accounts",
        "denied",
        403,
        "AuthorizationFailed",
        "Microsoft.CognitiveServices/accounts/read",
    )
    found = of(Snapshot.of("prod", good().scope, good().resources, [gap], collection=good().collection))
    assert not found.steps
    assert found.verdict == "incomplete"
    assert [(one.aspect, one.role) for one in found.unseen] == [("accounts", "Reader")]
    assert "role Reader" in render(found, "table")


def test_waivers_and_a_baseline_take_findings_out(tmp_path):
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text(
        "schema: rtaudit.waivers/1\nwaivers: [{rule: RTA-ID-001, resource: '*', reason: agreed, expires: 2027-01-01}]\n"
    )
    found = of(load(PROD), waivers=load_waivers(str(waivers)))
    assert "RTA-ID-001" not in {each for one in found.steps for each in one.rules}
    baseline = check([load(PROD)], packs(), as_of=DAY)
    assert of(load(PROD), baseline=baseline).steps == []


def test_several_environments_each_have_their_steps():
    found = of(load(PROD), load(assets.snapshots() / "dev.json"))
    assert [one.number for one in found.steps] == list(range(1, len(found.steps) + 1))
    assert {one.environment for one in found.steps} == {"prod", "dev"}


def test_answers_fill_commands_and_edits():
    acls = {"properties.publicNetworkAccess": "Enabled", "properties.privateEndpointConnections": []}
    east = {"at": "account:east", "set": acls, "remove": ["properties.networkAcls"]}
    snapshot = edited(good(), [NO_PERIMETER, east])
    given = ({}, {"address range of the clients": "198.51.100.0/29"})
    bare, filled = (of(snapshot, packs=[some("RTA-NET-001")], answers=one) for one in given)
    ours = next(one for one in bare.steps if "RTA-NET-001" in one.rules)
    theirs = next(one for one in filled.steps if "RTA-NET-001" in one.rules)
    assert ours.assumed == {"address range of the clients": "203.0.113.0/28"}
    assert '"value":"<address range of the clients>"' in ours.step.lines()[-1].replace("'", "")
    assert theirs.assumed == {}
    assert "198.51.100.0/29" in theirs.step.lines()[-1]


@pytest.mark.parametrize("form", RUNBOOKS)
def test_hostile_words_stay_words_in_every_format(form):
    nasty = "x\x1b[31m$(reboot)`id`'\";</script><script>##vso[task.x]\nrm -rf ~"
    fix = [
        {
            "say": "Mend {tags.t}",
            "az": "az tag update --tags t={tags.t} --id {id}",
            "sets": [{"at": "{id}", "set": {"tags.u": "y"}}],
        }
    ]
    snapshot = estate({**account(), "tags": {"t": nasty, "q": "it's $(x)"}}).snapshot
    found = of(snapshot, packs=[pack(rule({"field": "tags.u", "exists": True}, fix=fix))])
    said = render(found, form)
    assert "\x1b" not in said
    assert "\nrm -rf" not in said
    # The page has one script, its own: the one that copies.
    assert form != "html" or said.count("<script>") == 1
    if form == "json":
        assert "##vso[" not in said
        jsonschema.Draft202012Validator(ENVELOPE).validate(json.loads(said))


def test_a_script_of_bash_is_read_by_bash(tmp_path):
    acls = {"properties.publicNetworkAccess": "Enabled", "properties.privateEndpointConnections": []}
    snapshot = edited(good(), [{"at": "account:east", "set": acls, "remove": ["properties.networkAcls"]}])
    found = of(snapshot)
    said = render(found, "sh")
    script = tmp_path / "steps.sh"
    script.write_text('az() { printf "%s\\n" "$#"; }\n' + said)
    ended = subprocess.run(["bash", str(script)], capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "set it to" in ended.stderr
    names = {
        word.partition(":")[0].removeprefix("${")
        for line in said.splitlines()
        if line.startswith(": ")
        for word in shlex.split(line)[1:]
    }
    ended = subprocess.run(
        ["bash", str(script)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", **dict.fromkeys(names, "a b")},
    )
    assert ended.returncode == 0, ended.stderr
    counts = [len(one.step.command.words) - 1 for one in found.steps if one.step.command]
    assert list(map(int, ended.stdout.split())) == counts


def test_the_command(rtaudit: Run, tmp_path):
    ended = rtaudit("runbook", str(PROD), "--as-of", "2026-11-22", "-o", "json")
    assert ended.returncode == 4
    jsonschema.Draft202012Validator(ENVELOPE).validate(json.loads(ended.stdout))
    ended = rtaudit(
        "runbook",
        str(PROD),
        "--as-of",
        "2026-11-22",
        "-o",
        str(tmp_path / "a.sh"),
        "-o",
        f"ps1={tmp_path / 'a.ps1'}",
        "-o",
        "table",
    )
    assert ended.stdout.splitlines()[-1] == "not ready; after 4 steps: incomplete (1 to collect first)"
    assert (tmp_path / "a.sh").read_text().startswith("#!/usr/bin/env bash")
    assert "$PSNativeCommandArgumentPassing = 'Legacy'" in (tmp_path / "a.ps1").read_text()


@pytest.mark.parametrize("form", RUNBOOKS)
def test_every_format_says_that_a_snapshot_was_edited(form):
    found = dataclasses.replace(of(load(PROD)), warnings=["p.json: digest mismatch: the file was modified after collection"])  # fmt: skip
    assert "digest mismatch: the file was modified" in " ".join(render(found, form).split())


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--shell", "fish"], 2, "--shell cannot be 'fish'"),
        (["-o", "sarif"], 2, "unknown format 'sarif'"),
        (["--answer", "x"], 2, "gives no value"),
    ],
)
def test_a_wrong_command_line(rtaudit: Run, words, code, says):
    ended = rtaudit("runbook", str(PROD), *words)
    assert ended.returncode == code
    assert says in ended.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--allow-edited"],
        ["--allow-edited", "--fail-on", "medium"],
        ["--allow-edited", "--allow-unknown=RTA-NET-006"],
        ["--allow-edited", "--set", "requiredTags=[owner]"],
        ["--allow-edited", "--waivers", "w 1.yaml"],
    ],
    ids=lambda one: one[-1],
)
def test_the_command_to_run_next_is_of_the_same_check(rtaudit: Run, tmp_path, options):
    document = json.loads(PROD.read_text("utf-8"))
    document["environment"] = "edited"
    (tmp_path / "p 1.json").write_text(json.dumps(document))
    (tmp_path / "w 1.yaml").write_text(
        "schema: rtaudit.waivers/1\nwaivers: [{rule: RTA-ID-001, resource: '*', reason: agreed, expires: 2027-01-01}]\n"
    )
    checked = rtaudit("check", "p 1.json", "--as-of", "2026-11-22", *options)
    line = next(one for one in checked.stdout.splitlines() if "rtaudit runbook" in one)
    words = shlex.split(line.replace("Next:", "").partition("   the steps")[0])
    assert words[:2] == ["rtaudit", "runbook"]
    ended = rtaudit(*words[1:], "-o", "json")
    assert ended.returncode in (1, 4), ended.stderr
    before = json.loads(ended.stdout)["before"]
    assert before["verdict"] == "notReady"
    assert rtaudit(*["check", *words[2:]], "-o", "json").stdout.count('"outcome": "fail"') == before["summary"]["fail"]


def test_the_page_of_a_report_has_the_steps(rtaudit: Run, tmp_path):
    rtaudit("check", str(PROD), "--as-of", "2026-11-22", "--steps", "-o", f"html={tmp_path / 'a.html'}")
    page = (tmp_path / "a.html").read_text()
    assert "Clients that still send a key are refused at once." in page
    assert "--set properties.disableLocalAuth=true" in page


def test_a_report_is_no_snapshot(rtaudit: Run, tmp_path):
    rtaudit("check", str(PROD), "-o", f"json={tmp_path / 'report.json'}")
    ended = rtaudit("runbook", str(tmp_path / "report.json"))
    assert ended.returncode == 3
    assert ended.stderr.startswith("error:")

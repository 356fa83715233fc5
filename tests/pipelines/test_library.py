"""rtaudit as a library: the names that hold, what they do, and that `import rtaudit` stays light."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import rtaudit
from rtaudit.contract import load_contract

ROOT = Path(__file__).parents[2]
SNAPSHOTS = ROOT / "snapshots"
DAY = date(2026, 11, 22)


def test_the_names_are_these() -> None:
    """Whoever changes this list changes what others have written down: a name that goes is a new major version."""
    assert sorted(rtaudit.__all__) == [
        "Checker", "Drift", "Expected", "Finding", "Pack", "PlannedDeployment", "Report", "RtauditError", "Simulator",
        "Snapshot", "SourceScan", "Waiver", "__version__", "check", "collect_snapshot", "collection", "diff",
        "draft_contract", "expectations", "explain_rules", "find_schema", "lint", "list_inventory", "list_rules",
        "load_answer", "load_drift", "load_policies", "load_report", "load_revision", "load_snapshot", "load_waivers",
        "make_runbook", "merge", "plan_snapshot", "preflight", "probe_endpoint", "redact", "render_as",
        "run_case_files", "run_cases", "scan_source", "verify", "write_snapshot",
    ]  # fmt: skip
    assert set(rtaudit.__all__) <= set(dir(rtaudit))
    assert all(getattr(rtaudit, name).__doc__ for name in rtaudit.__all__)
    page = (ROOT / "docs" / "library.md").read_text("utf-8")
    assert [name for name in rtaudit.__all__ if f"`{name}" not in page] == ["__version__"]


def test_the_types_say_the_same_names() -> None:
    """What a type checker reads is what is loaded when a name is used."""
    tree = ast.parse((ROOT / "rtaudit" / "__init__.py").read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    said = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert said.keys() == set(rtaudit.__all__) - {"__version__"}
    for name, (module, own) in said.items():
        assert getattr(rtaudit, name) is getattr(import_module(str(module)), own)


def test_the_old_module_gives_the_names_that_it_gave() -> None:
    from rtaudit import library

    for name in library.__all__:
        assert getattr(library, name) is getattr(rtaudit, name)
    assert library.Drift is rtaudit.Drift


def test_the_old_name_of_a_request_is_an_alias() -> None:
    from rtaudit import collect

    assert collect.Request is collect.CollectionRequest


def test_nothing_below_imports_the_package_itself() -> None:
    """`rtaudit/__init__.py` is for those who use the library; the version is in a module of its own."""
    found = [
        f"{path.name}:{node.lineno}"
        for path in (ROOT / "rtaudit").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.ImportFrom) and node.module == "rtaudit" and {one.name for one in node.names} & set(rtaudit.__all__))
        or (isinstance(node, ast.Import) and any(one.name == "rtaudit" for one in node.names))
    ]  # fmt: skip
    assert found == []


def test_the_command_line_gives_the_same_answers(tmp_path: Path, rtaudit: Any) -> None:
    """Joined rules, contracts, waivers and baseline included."""
    import rtaudit as library

    test, prod = (library.load_snapshot(SNAPSHOTS / f"{name}.json") for name in ("test", "prod"))
    ours = json.loads(library.render_as(library.diff(test, prod, as_of=DAY), "json"))
    theirs = json.loads(
        rtaudit(
            "diff", SNAPSHOTS / "test.json", SNAPSHOTS / "prod.json", "--as-of", DAY.isoformat(), "-o", "json"
        ).stdout
    )
    assert ours["comparisons"] == theirs["comparisons"]
    assert any(change["rules"] for one in ours["comparisons"] for change in one["changes"] if "rules" in change)
    without = library.diff(test, prod, as_of=DAY, rules=())
    assert not any(change.rules for one in without.comparisons for change in one.changes)

    waivers = tmp_path / "waivers.yaml"
    waivers.write_text(
        "schema: rtaudit.waivers/1\nwaivers:\n  - {rule: RTA-ID-001, resource: '*', reason: until spring}\n"
    )
    contract = SNAPSHOTS / "clients" / "phone-bridge-before.yaml"
    report = library.check([prod], as_of=DAY, waivers=waivers, contracts=[contract], allow_unknown=["RTA-ID-001"])
    ended = rtaudit(
        "check", SNAPSHOTS / "prod.json", "--as-of", DAY.isoformat(), "--waivers", waivers, "--client", contract,
        "--allow-unknown=RTA-ID-001", "-o", "json",
    )  # fmt: skip
    document = json.loads(ended.stdout)
    assert document["findings"] == json.loads(library.render_as(report, "json"))["findings"]
    assert document["summary"]["waived"] == report.summary["waived"] > 0
    assert ended.returncode == report.gate.exit_code
    (tmp_path / "report.json").write_text(ended.stdout, "utf-8")
    known = library.check([prod], as_of=DAY, contracts=[contract], baseline=tmp_path / "report.json")
    assert known.summary["known"] > 0
    assert known.gate.baseline == "report.json"


def test_what_cannot_hold_is_an_error_before_anything_is_read() -> None:
    for wrong in (
        lambda: rtaudit.Checker(fail_on="hihg"),
        lambda: rtaudit.Checker(waivers="nowhere.yaml"),
        lambda: rtaudit.Checker(baseline="nowhere.json"),
        lambda: rtaudit.collection(["x"], all_subscriptions=True),
        lambda: rtaudit.collection(fill=SNAPSHOTS / "prod.json", accounts=["x"]),
        lambda: rtaudit.verify(SNAPSHOTS / "clients" / "phone-bridge.yaml"),
        lambda: rtaudit.run_cases(SNAPSHOTS),
    ):
        with pytest.raises(rtaudit.RtauditError):
            wrong()
    with pytest.raises(rtaudit.RtauditError, match="no such rule is selected"):
        rtaudit.check([rtaudit.load_snapshot(SNAPSHOTS / "prod.json")], allow_unknown=["RTA-NONE-001"])


def test_evidence_merge_redact_and_verify(tmp_path: Path) -> None:
    prod = rtaudit.verify(SNAPSHOTS / "prod.json")
    assert isinstance(prod, rtaudit.Snapshot)
    report = rtaudit.check([prod], as_of=DAY, evidence=tmp_path / "evidence")
    again = rtaudit.verify(tmp_path / "evidence")
    assert isinstance(again, rtaudit.Report)
    assert again.summary == report.summary
    hidden = rtaudit.redact(prod)
    rtaudit.write_snapshot(hidden, tmp_path / "hidden.json")
    assert "lh-frontdesk" not in (tmp_path / "hidden.json").read_text("utf-8")
    assert [one["account"] for one in rtaudit.list_inventory(prod, "accounts")][:1] == ["lh-concierge-prod-eus2"]
    (rule,) = [one for one in rtaudit.list_rules(pack="regulated", group="id") if one["id"] == "RTA-ID-001"]
    assert "regulated" in rule["packs"]
    assert "rtaudit.client/1" in rtaudit.draft_contract([prod], account="lh-concierge-prod-sdc")
    assert rtaudit.lint() == []
    (tmp_path / "app.py").write_text(
        'url = "wss://x.openai.azure.com/openai/realtime?api-version=2024-10-01-preview"\n'
    )
    assert rtaudit.scan_source(tmp_path / "app.py").findings


@pytest.mark.parametrize(
    "make",
    [rtaudit.redact, lambda one: rtaudit.merge([one]), lambda one: rtaudit.plan_snapshot([], base=one), lambda one: rtaudit.check([one])],
    ids=["redact", "merge", "plan_snapshot", "check"],
)  # fmt: skip
def test_an_edited_snapshot_is_refused_as_on_the_command_line(make: Any) -> None:
    prod = rtaudit.load_snapshot(SNAPSHOTS / "prod.json")
    with pytest.raises(rtaudit.RtauditError, match="modified after collection"):
        make(replace(prod, resources=list(prod.resources)[1:]))


def test_copies_with_one_key_have_one_digest(tmp_path: Path) -> None:
    prod = rtaudit.load_snapshot(SNAPSHOTS / "prod.json")
    copies = [rtaudit.redact(prod, key).digest for key in (tmp_path / "key", str(tmp_path / "key"))]
    of_bytes = rtaudit.redact(prod, bytes.fromhex((tmp_path / "key").read_text("ascii"))).digest
    assert copies == [of_bytes, of_bytes] != [rtaudit.redact(prod).digest] * 2


def test_rules_are_explained_and_their_cases_run_as_policy_does(rtaudit: Any) -> None:
    import rtaudit as library

    (rule,) = library.explain_rules(["rta-net-009"])
    headings = [heading for heading, _ in rule.sections]
    shown = rtaudit("policy", "explain", "RTA-NET-009").stdout.splitlines()
    assert [line for line in shown if line in headings] == headings
    assert {one.source for one in library.explain_rules(source=True)} == {True}
    with pytest.raises(library.RtauditError, match="unknown rule"):
        library.explain_rules(["RTA-NONE-001"])
    file = ROOT / "policies" / "rules" / "dns.cases.yaml"
    (ran,) = library.run_case_files(file)
    assert ran.results == library.run_cases(file)
    assert rtaudit("policy", "test", file).stdout.startswith(f"{ran.file} {'.' * len(ran.results)}\n")
    (of_source,) = library.run_case_files(ROOT / "policies" / "source" / "sdk.cases.yaml")
    assert {one.problem for one in of_source.results} == {None}


def test_a_runbook_and_a_schema_are_those_of_the_commands(rtaudit: Any) -> None:
    import rtaudit as library

    prod = library.load_snapshot(SNAPSHOTS / "prod.json")
    script = library.render_as(library.make_runbook([prod], as_of=DAY), "sh")
    ended = rtaudit("runbook", SNAPSHOTS / "prod.json", "--as-of", DAY.isoformat(), "-o", "sh")
    assert script.splitlines()[5:] == ended.stdout.splitlines()[5:]
    with pytest.raises(library.RtauditError, match="unknown format 'pdf'"):
        library.render_as(library.make_runbook([prod], as_of=DAY), "pdf")
    assert library.find_schema("report") == json.loads(rtaudit("schema", "report").stdout)


def test_what_a_contract_expects() -> None:
    file = SNAPSHOTS / "clients" / "phone-bridge.yaml"
    planned = rtaudit.PlannedDeployment("gpt-realtime")
    found = rtaudit.expectations([file], "prod", planned)
    assert all(isinstance(one, rtaudit.Expected) for one in found)
    assert [one.planned for one in found if one.planned] == [planned] * len([one for one in found if one.planned]) != []
    with pytest.raises(rtaudit.RtauditError, match="names no account for the environment 'nowhere'"):
        rtaudit.expectations([file], "nowhere")


def test_a_collection_with_a_credential_of_ones_own() -> None:
    from azure.core.credentials import AccessToken

    from rtaudit.simulate import Simulator
    from rtaudit.simulate.tokens import issue

    class Fixed:
        def get_token(self, *scopes: str, **_: Any) -> AccessToken:
            return AccessToken(issue(prod.scope["tenant"], scopes[0].removesuffix("/.default")), 9_999_999_999)

    prod = rtaudit.load_snapshot(SNAPSHOTS / "prod.json")
    with Simulator([prod], record=False) as cloud:
        request = rtaudit.collection(prod.scope["subscriptions"], environment="prod", contracts=[])
        found = rtaudit.collect_snapshot(request, arm_endpoint=cloud.url, credential=Fixed())
        assert rtaudit.preflight(request, arm_endpoint=cloud.url, credential=Fixed()).ready
    assert found.snapshot.digest == prod.digest


def test_judge_compare_render() -> None:
    test, prod = (rtaudit.load_snapshot(SNAPSHOTS / f"{name}.json") for name in ("test", "prod"))
    report = rtaudit.check([prod], ["baseline"], as_of=DAY)
    assert isinstance(report, rtaudit.Report)
    assert report.verdict == "notReady"
    assert all(isinstance(finding, rtaudit.Finding) for finding in report.findings)
    drift = rtaudit.diff(test, prod, as_of=DAY)
    assert isinstance(drift, rtaudit.Drift)
    assert drift.verdict == "drift"
    assert rtaudit.render_as(report, "markdown").startswith("# rtaudit: not ready")
    assert json.loads(rtaudit.render_as(drift, "json"))["schema"] == "rtaudit.drift/1"


def test_parameters_and_packs_of_ones_own(tmp_path: Path) -> None:
    prod = rtaudit.load_snapshot(SNAPSHOTS / "prod.json")
    (pack,) = rtaudit.load_policies(["production"], {"retirementHorizonDays": 1})
    later = rtaudit.check([prod], [pack], as_of=DAY)
    sooner = rtaudit.check([prod], params={"retirementHorizonDays": 9999}, as_of=DAY)

    def failed(report: rtaudit.Report) -> int:
        return sum(finding.rule == "RTA-MOD-006" and finding.outcome == "fail" for finding in report.findings)

    assert failed(later) == 0 < failed(sooner)


def test_contracts_in_a_snapshot_are_judged_and_parameters_are_of_any_pack() -> None:
    contract = load_contract(SNAPSHOTS / "clients" / "phone-bridge.yaml")
    prod = rtaudit.load_snapshot(SNAPSHOTS / "prod.json").with_clients([contract])
    report = rtaudit.check([prod], ["baseline", "production"], params={"maxKeyReaders": 1}, as_of=DAY)
    assert [one["name"] for one in report.policies] == ["baseline", "production", "client"]
    assert any(finding.rule.startswith("RTA-CON-") for finding in report.findings)
    packs = rtaudit.load_policies(["client"])
    assert [one["name"] for one in rtaudit.check([prod], packs, as_of=DAY).policies] == ["client"]
    with pytest.raises(rtaudit.RtauditError, match="no snapshot"):
        rtaudit.check([])


def test_what_was_written_can_be_loaded(tmp_path: Path) -> None:
    test, prod = (rtaudit.load_snapshot(SNAPSHOTS / f"{name}.json") for name in ("test", "prod"))
    report, drift = rtaudit.check([prod], as_of=DAY), rtaudit.diff(test, prod, as_of=DAY)
    (tmp_path / "report.json").write_text(rtaudit.render_as(report, "json"), "utf-8")
    (tmp_path / "drift.json").write_text(rtaudit.render_as(drift, "json"), "utf-8")
    assert rtaudit.load_report(tmp_path / "report.json").verdict == report.verdict
    assert rtaudit.load_drift(tmp_path / "drift.json").verdict == drift.verdict


def test_errors_are_one_family() -> None:
    with pytest.raises(rtaudit.RtauditError, match="no such file"):
        rtaudit.load_snapshot("nowhere.json")
    prod = rtaudit.load_snapshot(SNAPSHOTS / "prod.json")
    for wrong in (
        lambda: rtaudit.check([prod], ["nopack"]),
        lambda: rtaudit.check([prod], fail_on="hihg"),
        lambda: rtaudit.render_as(rtaudit.check([prod]), "pdf"),
    ):
        with pytest.raises(rtaudit.RtauditError) as caught:
            wrong()
        assert caught.value.hint


def test_a_name_that_is_none() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        rtaudit.nothing  # noqa: B018


def test_import_is_light() -> None:
    code = "import sys, rtaudit; print([name for name in sys.modules if name.split('.')[0] in sys.argv[1:]])"
    heavy = ("azure", "requests", "deepdiff", "jinja2", "jsonschema", "rich", "typer", "yaml")
    ended = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, encoding="utf-8", check=True)
    assert ended.stdout.strip() == "[]"
    names = "import sys, rtaudit; rtaudit.load_snapshot; rtaudit.check; print('deepdiff' in sys.modules, 'azure' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", names], capture_output=True, encoding="utf-8", check=True)
    assert ended.stdout.strip() == "False False"


def test_help_knows_the_names() -> None:
    assert set(rtaudit.__all__) <= set(dir(rtaudit))

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rtaudit.cli import app
from rtaudit.documents import dumps
from rtaudit.errors import InputError, RtauditError
from rtaudit.evidence.bundle import MANIFEST, judgement, verify, write
from rtaudit.policy import check, load_policies, load_waivers
from rtaudit.report import load as load_report
from rtaudit.snapshot import Gap, Snapshot, load
from rtaudit.snapshot import write as write_snapshot

from .samples import ACCOUNTS, EAST, SWEDEN

SNAPSHOTS = Path(__file__).parents[2] / "snapshots"

POLICY = """\
schema: rtaudit.policy/1
name: team
params: {least: 2}
override:
  TEAM-001: {severity: critical, because: keys leak}
rules:
  - id: TEAM-001
    name: keys-off
    title: Keys are off
    severity: high
    each: account
    require: {field: properties.disableLocalAuth, equals: true}
    why: A key has no owner.
    fix: [Switch them off.]
  - id: TEAM-002
    name: has-diagnostics
    title: Requests are logged
    severity: low
    each: account
    params: {least: {type: integer, default: 1, about: how many}}
    require: {count: {of: diagnosticSettings, greaterOrEquals: {param: least}}}
    why: Logs explain.
    fix: [Add a setting.]
"""
WAIVERS = f"""\
schema: rtaudit.waivers/1
waivers:
  - {{rule: TEAM-001, resource: "{SWEDEN}", reason: moving, owner: ada, expires: "2027-01-31"}}
"""


@pytest.fixture
def made(tmp_path):
    """A folder of evidence over two snapshots, a pack with its own rules, waivers and a baseline."""
    resources = [
        {"id": one, "kind": "OpenAI", "location": "eastus2", "properties": {"disableLocalAuth": False}}
        for one in (EAST, SWEDEN)
    ]
    scope = {"cloud": "AzureCloud", "aspects": ["accounts", "diagnostics"]}
    gaps = [Gap(SWEDEN, "diagnostics", "denied", 403, needs="x/read")]
    snapshots = []
    for label in ("test", "prod"):
        path = tmp_path / f"{label}.json"
        write_snapshot(Snapshot.of(label, scope, resources, gaps), path)
        snapshots.append(load(path))
    (tmp_path / "team.yaml").write_text(POLICY)
    (tmp_path / "waivers.yaml").write_text(WAIVERS)
    packs = load_policies([str(tmp_path / "team.yaml")])
    as_of = date(2026, 11, 22)
    baseline = check(snapshots[:1], packs, as_of=as_of)
    report = check(
        snapshots,
        packs,
        as_of=as_of,
        waivers=load_waivers(tmp_path / "waivers.yaml"),
        baseline=baseline,
        baseline_name="old.json",
    )
    arguments = {
        "snapshots": snapshots,
        "packs": packs,
        "waivers": tmp_path / "waivers.yaml",
        "baseline": baseline,
        "command": ["rtaudit", "check", "prod.json"],
    }
    write(tmp_path / "evidence", report, **arguments)
    return tmp_path / "evidence", report, arguments


def test_evidence_holds_everything_and_is_judged_again(made):
    folder, report, _ = made
    assert sorted(path.name for path in folder.iterdir()) == [
        "baseline.json",
        "manifest.json",
        "policy-1-team.json",
        "report.csv",
        "report.html",
        "report.json",
        "report.md",
        "report.sarif",
        "report.xml",
        "snapshot-1-test.json",
        "snapshot-2-prod.json",
        "waivers.yaml",
    ]
    assert report.verdict == "notReady"
    assert {finding.outcome for finding in report.findings} == {"fail", "waived", "unknown"}
    assert any(finding.known for finding in report.findings)
    assert judgement(verify(folder)) == judgement(report)
    manifest = json.loads((folder / MANIFEST).read_text())
    assert manifest["commandLine"] == ["rtaudit", "check", "prod.json"]
    assert manifest["verdict"] == "notReady"


def test_the_samples_make_evidence_that_is_judged_again(tmp_path):
    """Many rules, passes, parameters; a baseline that is the report itself."""
    snapshots = [load(SNAPSHOTS / f"{label}.json") for label in ("prod", "test")]
    packs = load_policies(["production", "regulated"], {"minIpPrefix": 28})
    options = {"as_of": date(2026, 11, 22), "fail_on": "medium", "allow_unknown": ["RTA-RAI-003"]}
    baseline = check(snapshots[:1], packs, as_of=date(2026, 11, 22))
    report = check(snapshots, packs, baseline=baseline, baseline_name="before.json", **options)
    assert {"pass", "fail", "notApplicable"} <= {finding.outcome for finding in report.findings}
    write(tmp_path / "evidence", report, snapshots=snapshots, packs=packs, baseline=baseline)
    assert verify(tmp_path / "evidence").verdict == "notReady"


def test_two_runs_give_the_same_bytes_but_for_times(made, tmp_path):
    folder, report, arguments = made
    write(tmp_path / "again", report, **arguments)
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize(
    "name",
    ["report.json", "snapshot-1-test.json", "policy-1-team.json", "waivers.yaml", "report.html", "baseline.json"],
)
def test_a_changed_file_is_named(made, name):
    folder, _, _ = made
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    with pytest.raises(InputError, match=rf"{name} was changed"):
        verify(folder)


def test_files_that_are_missing_more_or_links_are_named(made, tmp_path):
    folder, _, _ = made
    (folder / "report.csv").unlink()
    (folder / "more.txt").write_text("x")
    (folder / "report.md").rename(tmp_path / "report.md")
    (folder / "report.md").symlink_to(tmp_path / "report.md")
    with pytest.raises(InputError) as caught:
        verify(folder)
    for said in ("report.csv is missing", "more.txt is not in the manifest", "report.md is not a file"):
        assert said in caught.value.message


def _forge(folder, name, change):
    """Change a file of the evidence and its SHA-256 in the manifest."""
    import hashlib

    path = folder / name
    document = json.loads(path.read_text())
    change(document)
    path.write_text(dumps(document))
    manifest = json.loads((folder / MANIFEST).read_text())
    for entry in manifest["files"]:
        if entry["path"] == name:
            entry["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(dumps(manifest))


def test_a_report_that_was_made_better_is_found_out_though_its_hash_is_right(made):
    folder, _, _ = made
    _forge(folder, "report.json", lambda report: report.update(verdict="ready"))
    with pytest.raises(InputError, match=r"report\.json is not what the manifest says: ready"):
        verify(folder)


def test_a_snapshot_or_policy_that_would_judge_otherwise_is_found_out(made):
    folder, _, _ = made

    def switch_off(snapshot):
        snapshot["resources"][0]["properties"]["disableLocalAuth"] = True

    _forge(folder, "snapshot-2-prod.json", switch_off)
    with pytest.raises(InputError, match="the verdict, checked again is not what the manifest says"):
        verify(folder)


def test_a_weakened_policy_is_found_out(made):
    folder, _, _ = made
    _forge(folder, "policy-1-team.json", lambda policy: policy["override"].clear())
    with pytest.raises(InputError, match="the verdict, checked again"):
        verify(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda manifest: manifest.update(schema="rtaudit.evidence/9"), "rtaudit.evidence/9"),
        (lambda manifest: manifest["files"][0].update(path="../../etc/passwd"), "not a plain file name"),
        (lambda manifest: manifest.pop("judgement"), "lacks 'judgement'"),
    ],
)
def test_a_broken_manifest_is_one_clear_error(made, change, message):
    folder, _, _ = made
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest)
    (folder / MANIFEST).write_text(dumps(manifest))
    with pytest.raises(InputError, match=message):
        verify(folder)


def test_evidence_is_never_overwritten_and_never_half_written(made, tmp_path):
    folder, report, arguments = made
    with pytest.raises(RtauditError, match="it already exists"):
        write(folder, report, **arguments)
    with pytest.raises(RtauditError, match="cannot write evidence"):
        write(tmp_path / "nowhere" / "deep", report, **arguments)
    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty", report, **arguments)
    assert verify(tmp_path / "empty").verdict == "notReady"
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]


def test_an_edited_snapshot_stays_edited_in_the_evidence(made, tmp_path):
    _, _, arguments = made
    edited = json.loads((tmp_path / "prod.json").read_text())
    edited["environment"] = "prod2"
    (tmp_path / "edited.json").write_text(dumps(edited))
    snapshot = load(tmp_path / "edited.json")
    report = check([snapshot], arguments["packs"], as_of=date(2026, 11, 22))
    assert "edited" in report.warnings[0]
    write(tmp_path / "other", report, snapshots=[snapshot], packs=arguments["packs"])
    assert load(tmp_path / "other" / "snapshot-1-prod2.json").recorded_digest == snapshot.recorded_digest
    assert verify(tmp_path / "other").warnings == load_report(tmp_path / "other" / "report.json").warnings


def test_no_secret_of_the_command_line_and_no_hostile_name_gets_through(made, tmp_path):
    _, _, arguments = made
    snapshot = Snapshot.of("../../x", {"aspects": ["accounts"]}, [{"id": f"{ACCOUNTS}/a", "kind": "OpenAI"}])
    report = check([snapshot], arguments["packs"], as_of=date(2026, 11, 22))
    command = ["rtaudit", "check", "https://x/?sig=abcdefghijklmnop"]
    write(tmp_path / "e", report, snapshots=[snapshot], packs=arguments["packs"], command=command)
    assert (tmp_path / "e" / "snapshot-1--x.json").is_file()
    assert "abcdefghijklmnop" not in (tmp_path / "e" / MANIFEST).read_text()


def test_the_command_verifies_folders_and_snapshots(made, tmp_path):
    folder, _, _ = made
    run = CliRunner().invoke
    result = run(app, ["snapshot", "verify", str(folder)])
    assert result.exit_code == 0, result.output
    assert "unchanged; checked again with the same verdict: notReady" in result.stdout
    assert run(app, ["snapshot", "verify", str(tmp_path / "prod.json")]).exit_code == 0
    (folder / "report.csv").unlink()
    result = run(app, ["snapshot", "verify", str(folder)])
    assert result.exit_code == 3
    assert "report.csv is missing" in result.stderr
    text = (tmp_path / "prod.json").read_text().replace('"prod"', '"live"')
    (tmp_path / "prod.json").write_text(text)
    result = run(app, ["snapshot", "verify", str(tmp_path / "prod.json")])
    assert result.exit_code == 3
    assert "was changed after it was written" in result.stderr
    (tmp_path / "empty").mkdir()
    result = run(app, ["snapshot", "verify", str(tmp_path / "empty")])
    assert result.exit_code == 3
    assert "not a folder of evidence" in result.stderr

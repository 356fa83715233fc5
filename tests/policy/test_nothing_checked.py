"""A check that evaluated nothing is incomplete, and says why; what nobody selects and what no waiver matches is reported."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rtaudit import assets
from rtaudit.policy import check, load_policies, load_waivers
from rtaudit.snapshot import load

SAMPLE = assets.policies().parent / "snapshots" / "prod.json"
TODAY = date(2026, 11, 22)
PACK = "schema: rtaudit.policy/1\nname: ours\ntitle: Ours\n"
RULE = """
- id: OUR-001
  name: named
  title: It has a name
  severity: low
  each: account
  require: {field: name, exists: true}
  why: So.
  fix: [Name it.]
"""


@pytest.mark.parametrize(
    "form", ["table", "json", "markdown", "html", "junit", "sarif", "csv", "github", "azdo", "ocsf"]
)
def test_nothing_evaluated_is_incomplete_in_every_output(rtaudit: Any, form: str) -> None:
    ended = rtaudit("check", str(SAMPLE), "--policy", "client", "-o", form)
    assert ended.returncode == 4
    assert "there is none (--client FILE)" in ended.stderr
    assert "ready:" not in ended.stdout.replace("notReady", "")
    if form == "json":
        assert json.loads(ended.stdout)["verdict"] == "incomplete"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"pack.yaml": PACK, "own.yaml": RULE}, ["the pack ours selects no rule", "selects OUR-001"]),
        ({"pack.yaml": PACK + "select: [RTA-ID-001]", "rules/own.yaml": RULE}, ["selects OUR-001"]),
        ({"pack.yaml": PACK + "select: [OUR-001]", "rules/own.yaml": RULE}, []),
        ({"own.yaml": RULE}, []),
    ],
    ids=["beside", "in rules", "selected", "no pack"],
)
def test_what_nobody_selects_is_told(tmp_path: Path, files: dict[str, str], told: list[str]) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    report = check([load(SAMPLE)], load_policies([str(tmp_path)]), as_of=TODAY)
    ours = [one for one in report.warnings if "select" in one and "nothing was" not in one]
    assert len(ours) == len(told)
    assert all(any(words in one for one in ours) for words in told)


@pytest.mark.parametrize(
    ("stated", "waived", "told"),
    [
        ("rule: RTA-ID-001, resource: lh-frontdesk-prod-eus2", 1, None),
        ("rule: RTA-ID-001, resource: '*/accounts/LH-frontdesk-prod-eus2'", 1, None),
        ("rule: RTA-MOD-006, resource: lh-frontdesk-prod-eus2/frontdesk-voice", 1, None),
        ("rule: RTA-ID-001, resource: lh-frontdesk", 0, "what would match is /subscriptions/"),
        ("rule: RTA-ID-1, resource: lh-frontdesk-prod-eus2", 0, "RTA-ID-001 may be meant"),
        ("rule: RTA-ID-001, resource: lh-concierge-prod-sdc", 0, "the rule's outcome there is pass"),
        ("rule: RTA-RES-005, resource: nowhere", 0, "nothing fails by that rule"),
        ("rule: RTA-DP-001, resource: nowhere", 0, "no selected pack has that rule"),
    ],
)
def test_a_waiver_by_name_and_one_that_matches_nothing(
    tmp_path: Path, stated: str, waived: int, told: str | None
) -> None:
    path = tmp_path / "waivers.yaml"
    rest = "reason: r, owner: o, ticket: t, expires: 2027-01-01"
    path.write_text(f"schema: rtaudit.waivers/1\nwaivers:\n  - {{{stated}, {rest}}}\n")
    report = check([load(SAMPLE)], load_policies(["production"]), as_of=TODAY, waivers=load_waivers(path))
    assert report.summary["waived"] == waived
    ours = [one for one in report.warnings if "waiver" in one]
    assert (told in ours[0]) if told else not ours


@pytest.mark.parametrize(
    ("served", "checked"), [(None, {"voice"}), (["speech", "transcription"], {"voice", "transcripts"})]
)
def test_rules_of_realtime_deployments_ask_about_the_roles_that_are_served(served: Any, checked: set[str]) -> None:
    good = load(assets.policies() / "rules" / "good.json")
    packs = load_policies(["production"], {"servedRoles": served} if served else {})
    report = check([good], packs, as_of=TODAY)
    found = {one.resource.rsplit("/", 1)[-1] for one in report.findings if one.rule == "RTA-RAI-001"}
    assert found == {*checked, "voice-north"}

"""audit: what check takes, it takes too, and a wrong option is reported before anything is read."""

from __future__ import annotations

import pytest

from rtaudit import assets
from rtaudit.simulate import Simulator
from rtaudit.snapshot import load

CONTRACT = str(assets.snapshots() / "clients" / "phone-bridge.yaml")


@pytest.fixture(scope="module")
def azure():
    with Simulator([load(assets.snapshots() / "prod.json")]) as simulator:
        yield simulator


def words(azure, *more):
    subscription = "9d0d0000-0000-4000-8000-000000000003"
    reach = ["--arm-endpoint", azure.url, "--auth", "managed-identity", "-s", subscription, "--environment", "prod"]
    return ["audit", *reach, "--skip", "metrics", "--as-of", "2026-11-22", *more]


def test_a_parameter_of_the_pack_that_joins_for_a_contract_can_be_set(rtaudit, azure, monkeypatch):
    for name, value in azure.environ.items():
        monkeypatch.setenv(name, value)
    done = rtaudit(*words(azure, "--client", CONTRACT, "--set", "maxSessionMinutes=10", "--show", "fail"))
    assert done.returncode == 1
    assert "RTA-CON-006" in done.stdout
    assert "at most 10" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (["--set", "nope=1"], 2, "nope"),
        (["--waivers", "none.yaml"], 3, "none.yaml"),
        (["--baseline", "none.json"], 3, "none.json"),
        (["--fail-on", "hgih"], 2, "did you mean 'high'"),
        (["-o", "sraif"], 2, "sarif"),
    ],
)
def test_a_wrong_option_is_told_before_azure_is_asked(rtaudit, azure, more, code, says):
    before = len(azure.requests)
    done = rtaudit(*words(azure, *more))
    assert done.returncode == code
    assert says in done.stderr
    assert len(azure.requests) == before

"""Against the simulated Azure: what was collected, served and collected again is the same; shards and docs' examples too."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import certifi
import pytest
import yaml

from rtaudit.azure import arm_id
from rtaudit.collect import CollectionRequest, Identity, Limits, Shard, collect, find_endpoint, find_identity, refill
from rtaudit.errors import InputError, RtauditError
from rtaudit.simulate import Simulator
from rtaudit.snapshot import Gap, Snapshot, load
from rtaudit.snapshot.merge import merge
from tests.collect.support import Static

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@contextmanager
def served(*snapshots: Snapshot, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[Simulator]:
    with Simulator(list(snapshots), **options) as simulator:
        for name, value in simulator.environ.items():
            monkeypatch.setenv(name, value)
        yield simulator


def again(simulator: Simulator, snapshot: Snapshot, limits: Limits | None = None, **request: Any) -> Snapshot:
    endpoint = find_endpoint(arm_endpoint=simulator.url)
    wanted = CollectionRequest(
        subscriptions=snapshot.scope["subscriptions"], aspects=snapshot.aspects, environment=snapshot.environment
    )
    return collect(replace(wanted, **request), endpoint, find_identity(endpoint), limits).snapshot


@pytest.mark.parametrize("name", ["dev", "test", "prod"])
def test_what_is_served_is_collected_byte_for_byte(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = load(ROOT / "snapshots" / f"{name}.json")
    with served(snapshot, monkeypatch=monkeypatch, page_size=2) as simulator:
        found = again(simulator, snapshot)
        assert found.digest == snapshot.digest
        assert {request.method for request in simulator.requests} == {"GET"}
        parts = [again(simulator, snapshot, shard=Shard(number, 3)) for number in (1, 2, 3)]
        assert merge(parts).digest == snapshot.digest


def test_the_opt_in_aspects_come_back_too(monkeypatch: pytest.MonkeyPatch) -> None:
    before = load(ROOT / "snapshots" / "prod.json")
    accounts = [one for one in before.resources if one.get("type") == "Microsoft.CognitiveServices/accounts"]
    week = [
        {"name": "AzureOpenAIRequests", "deployment": "x", "statusCode": "429", "total": 12},
        {"name": "RealtimeUsageTime", "deployment": "x", "total": 3600},
    ]
    extra: list[dict[str, Any]] = [
        {"id": f"{one['id']}/providers/Microsoft.Insights/metrics", "type": "Microsoft.Insights/metrics", "timespan": "P7D", "value": week[: n + 1]}
        for n, one in enumerate(accounts)
    ]  # fmt: skip
    subscription = f"/subscriptions/{before.scope['subscriptions'][0]}"
    reachable = next(one for one in accounts if one["properties"]["publicNetworkAccess"] == "Enabled")
    extra += [
        {"id": f"{reachable['id']}/networkSecurityPerimeterConfigurations/p", "properties": {}},
        {"id": f"{accounts[0]['id']}/defenderForAISettings/Default", "properties": {"state": "Enabled"}},
        {"id": f"{subscription}/providers/Microsoft.Security/pricings/AI", "properties": {"pricingTier": "Standard"}},
    ]
    aspects = sorted({*before.aspects, "metrics", "perimeters", "defender"})
    snapshot = Snapshot.of("prod", {**before.scope, "aspects": aspects}, [*before.resources, *extra])
    with served(snapshot, monkeypatch=monkeypatch) as simulator:
        assert again(simulator, snapshot).digest == snapshot.digest


def test_failures_of_the_moment_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = load(ROOT / "snapshots" / "prod.json")
    quick = Limits(attempts=12, backoff=0.001, backoff_cap=0.01, retry_after_cap=0.01)
    with served(snapshot, monkeypatch=monkeypatch, fail_rate=0.2, seed=4) as simulator:
        found = again(simulator, snapshot, quick)
    assert found.collection["calls"]["retried"] > 0
    assert found.digest == snapshot.digest


def test_a_bucket_that_runs_dry_costs_no_gap_and_few_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = load(ROOT / "snapshots" / "prod.json")
    limits = Limits(concurrency=8, refill=60)
    with served(snapshot, monkeypatch=monkeypatch, throttle=True, bucket=25, refill=60) as simulator:
        found = again(simulator, snapshot, limits)
    assert found.digest == snapshot.digest
    # No more than were under way when it ran dry.
    assert found.collection["calls"]["throttled"] <= 8


def test_an_older_cloud_is_asked_in_its_own_api_version(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = load(ROOT / "snapshots" / "prod.json")
    old = {"Microsoft.CognitiveServices": ["2023-05-01", "2025-06-01", "2025-10-01-preview"]}
    with served(snapshot, monkeypatch=monkeypatch, api_versions=old) as simulator:
        found = again(simulator, snapshot)
        refused = [request for request in simulator.requests if request.query.get("api-version") == "2026-09-01"]
    assert found.digest == snapshot.digest
    assert found.api_version("Microsoft.CognitiveServices/accounts/deployments") == "2025-06-01"
    assert found.api_version("Microsoft.Network/privateEndpoints") == "2026-03-01"
    # Accounts and deleted accounts are asked for at once.
    assert len(refused) in {1, 2}


@pytest.mark.parametrize(
    "deny",
    [
        "*/Microsoft.CognitiveServices/accounts", "*/deployments", "*/raiPolicies", "*/diagnosticSettings", "*/models", "*/usages",
        "*/privateEndpoints", "*/privateDnsZoneGroups", "*/privateDnsZones", "*/virtualNetworkLinks", "*/A", "*/roleAssignments",
        "*/roleDefinitions/*", "*/locks", "*/workspaces/*", "*/metricAlerts", "*/activityLogAlerts", "*/actionGroups", "/subscriptions/9d0d0000-0000-4000-8000-000000000003",
    ],
)  # fmt: skip
def test_filled_after_any_denial_it_is_the_whole(monkeypatch: pytest.MonkeyPatch, deny: str) -> None:
    snapshot = load(ROOT / "snapshots" / "prod.json")
    with served(snapshot, monkeypatch=monkeypatch, deny=[deny]) as simulator:
        part = again(simulator, snapshot)
    assert part.gaps
    with served(snapshot, monkeypatch=monkeypatch) as simulator:
        endpoint = find_endpoint(arm_endpoint=simulator.url)
        filled = collect(refill(part, CollectionRequest()), endpoint, find_identity(endpoint)).snapshot
    assert (filled.gaps, filled.digest) == ([], snapshot.digest)


NEEDS = "Microsoft.Resources/subscriptions/resourceGroups/read"


def test_a_resource_group_that_held_no_account_is_served_as_one_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    prod = load(ROOT / "snapshots" / "prod.json")
    groups = ["lh-observe-prod-rg", "lh-spare-prod-rg"]
    gap = Gap(f"{_subscription(prod)}/resourceGroups/lh-spare-prod-rg", "accounts", "denied", 403, "X", NEEDS, "no")
    for gaps in ([], [gap]):
        registrations = [one for one in prod.resources if arm_id.type_of(one["id"]).startswith("microsoft.resources/")]
        empty = Snapshot.of("prod", {**prod.scope, "resourceGroups": groups, "leftOut": {}}, registrations, gaps)
        with served(empty, monkeypatch=monkeypatch) as simulator:
            found = again(simulator, empty, groups=groups)
            assert found.gaps == gaps
            assert again(simulator, found, groups=groups).digest == found.digest
            with pytest.raises(InputError, match="unknown resource group 'nosuch'"):
                again(simulator, empty, groups=["nosuch"])


def _subscription(snapshot: Snapshot) -> str:
    return f"/subscriptions/{snapshot.scope['subscriptions'][0]}"


@pytest.mark.parametrize("name", ["metricAlerts", "activityLogAlerts", "actionGroups"])
def test_a_gap_of_one_list_of_alerts_is_that_gap_once_more(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    snapshot = load(ROOT / "snapshots" / "prod.json")
    with served(snapshot, monkeypatch=monkeypatch, deny=[f"*/{name}"]) as simulator:
        part = again(simulator, snapshot)
    assert [arm_id.name_of(gap.scope) for gap in part.gaps] == [name]
    with served(part, monkeypatch=monkeypatch) as simulator:
        assert again(simulator, part).digest == part.digest


def _command(text: str) -> str:
    """The `rtaudit collect` line of an example, pointed at what the test serves."""
    found = re.search(r"rtaudit collect .*?-o \S+(?: \|\| \[ \$\? -eq 4 \])?", " ".join(text.split()))
    assert found
    line = re.sub(r"--auth \S+", '--auth managed-identity --arm-endpoint "$ARM"', found.group())
    return line.replace("/parts/", "").replace("rtaudit collect", f"{sys.executable} -m rtaudit collect")


def test_the_job_and_the_matrix_collect_what_one_run_collects(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    snapshot = load(ROOT / "snapshots" / "prod.json")
    job = yaml.safe_load((DOCS / "examples" / "shards-job.yaml").read_text())["spec"]
    ci = yaml.safe_load((DOCS / "examples" / "shards.yml").read_text())["jobs"]
    from_job = _command(job["template"]["spec"]["containers"][0]["args"][0])
    step = next(one["run"] for one in ci["collect"]["steps"] if "--shard" in one.get("run", ""))
    with served(snapshot, monkeypatch=monkeypatch) as simulator:
        environ = {**os.environ, "ARM": simulator.url}
        runs = [(from_job, {"JOB_COMPLETION_INDEX": str(index)}) for index in range(job["completions"])]
        runs += [
            (_command(step.replace("${{ matrix.shard }}", str(one))), {})
            for one in ci["collect"]["strategy"]["matrix"]["shard"]
        ]
        for batch in (runs[: job["completions"]], runs[job["completions"] :]):
            shells = [
                subprocess.Popen(
                    ["/bin/sh", "-c", line], env={**environ, **more}, cwd=tmp_path, stderr=subprocess.DEVNULL
                )
                for line, more in batch
            ]
            assert [shell.wait(timeout=60) for shell in shells] == [0] * len(batch)
    ours = [load(file) for file in sorted(tmp_path.glob("prod-*.json"))]
    assert len(ours) == 5  # prod-0 to prod-3 of the job, of which the matrix has written 1 to 3 again, and 4
    by_shard = {part.scope["shard"]: part for part in ours}
    assert sorted(by_shard) == ["1/4", "2/4", "3/4", "4/4"]
    assert merge(list(by_shard.values())).digest == snapshot.digest


def test_the_job_is_an_indexed_job_without_privileges() -> None:
    job = yaml.safe_load((DOCS / "examples" / "shards-job.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    spec, pod = job["spec"], job["spec"]["template"]["spec"]
    assert spec["completionMode"] == "Indexed"
    assert f")/{spec['completions']}" in pod["containers"][0]["args"][0]
    assert pod["restartPolicy"] in {"Never", "OnFailure"}
    assert spec["parallelism"] <= spec["completions"]
    container = pod["containers"][0]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    matrix = yaml.safe_load((DOCS / "examples" / "shards.yml").read_text())["jobs"]
    shards = matrix["collect"]["strategy"]["matrix"]["shard"]
    assert shards == list(range(1, len(shards) + 1))
    assert all(f"prod-{shard}.json" in str(matrix["check"]["steps"]) for shard in shards)


def test_over_tls_only_who_proves_its_name_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = load(ROOT / "snapshots" / "dev.json")
    with Simulator([snapshot], tls=tmp_path) as simulator:

        def read(url: str, bundle: Path | str) -> str:
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
            endpoint = find_endpoint(arm_endpoint=url, audience=url)
            wanted = CollectionRequest(subscriptions=snapshot.scope["subscriptions"], aspects=snapshot.aspects)
            limits = Limits(attempts=1)
            found: str = collect(wanted, endpoint, Identity(Static()), limits).snapshot.digest
            return found

        assert simulator.ca_file is not None
        whole = read(simulator.url, simulator.ca_file)
        many = tmp_path / "many.pem"
        many.write_text(Path(certifi.where()).read_text() + simulator.ca_file.read_text())
        assert read(simulator.url, many) == whole
        seen = len(simulator.requests)
        for bundle, said in (
            (certifi.where(), "CERTIFICATE_VERIFY_FAILED"),
            (__file__, "cannot use the certificates in"),
            (tmp_path / "absent.pem", "no such file"),
        ):
            with pytest.raises(RtauditError, match=said):
                read(simulator.url, bundle)
        assert len(simulator.requests) == seen

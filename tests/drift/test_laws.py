"""What holds for any two estates."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rtaudit.drift import Change, document
from rtaudit.drift.policy import ANY, DriftPolicy, Entry, path_fits
from rtaudit.render import Options
from rtaudit.render.drift_markdown import render as render_markdown
from rtaudit.render.drift_table import render as render_table
from rtaudit.snapshot import Snapshot

from .estate import DEFAULT, account, changes, deployment, diagnostics, filters, run, snapshot

FIELDS = [
    "networkAcls", "ipRules", "virtualNetworkRules", "privateEndpointConnections", "privateLinkServiceConnections",
    "privateLinkServiceConnectionState", "privateEndpoint", "properties", "model", "name", "version", "tags", "logs", "enabled",
    "rateLimits", "renewalPeriod", "count", "contentFilters", "capabilities", "customSubDomainName", "raiPolicyName", "account",
    "roleDefinitionId", "scope", "principalType", "roleName", "level", "privateDnsZoneConfigs", "value", "userAssignedIdentities",
    "publicNetworkAccess", "systemData", "location", "groupIds",
]  # fmt: skip
TOPS = ["location", "kind", "tags", "sku", "identity", "systemData", "value", "displayName", "name", "type"]
LAWFUL = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = st.sampled_from(["voice", "chat", "front-desk", "night"])
TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)

DEPLOYMENTS = st.fixed_dictionaries(
    {"model": st.sampled_from(["gpt-realtime", "gpt-4.1"]), "capacity": st.integers(1, 9)},
)
ACCOUNTS = st.fixed_dictionaries(
    {
        "location": st.sampled_from(["eastus2", "East US 2", "swedencentral"]),
        "kind": st.sampled_from(["OpenAI", "AIServices"]),
        "tags": st.dictionaries(TEXT.filter(bool), TEXT, max_size=3),
        "publicNetworkAccess": st.sampled_from(["Enabled", "Disabled", None]),
        "disableLocalAuth": st.booleans(),
        "networkAcls": st.fixed_dictionaries(
            {"defaultAction": st.sampled_from(["Allow", "Deny"])},
            optional={"ipRules": st.lists(st.fixed_dictionaries({"value": st.ip_addresses(v=4).map(str)}), max_size=3)},
        ),
    }
)
ESTATES = st.dictionaries(
    NAMES,
    st.tuples(ACCOUNTS, st.dictionaries(NAMES, DEPLOYMENTS, max_size=2), st.booleans(), st.booleans()),
    max_size=3,
)


def made(label: str, content: Any) -> Snapshot:
    resources = []
    for name, (settings_of, deployments, logs, guarded) in content.items():
        owner = account(label, f"{name}-{label}", **settings_of)
        resources.append(owner)
        resources += [deployment(owner, f"{one}-{label}", **body) for one, body in deployments.items()]
        resources += [diagnostics(owner, label)] if logs else []
        resources += [filters(owner)] if guarded else []
    return snapshot(label, resources)


@LAWFUL
@given(ESTATES)
def test_a_snapshot_does_not_differ_from_itself(content: Any) -> None:
    drift = run(made("prod", content), made("prod", content))
    assert (drift.comparisons[0].changes, drift.comparisons[0].unpaired, drift.verdict) == ([], [], "same")


@LAWFUL
@given(ESTATES)
def test_an_environment_under_another_name_is_the_same(content: Any) -> None:
    drift = run(made("test", content), made("prod", content))
    assert (drift.comparisons[0].changes, drift.comparisons[0].unpaired, drift.verdict) == ([], [], "same")


def mirrored(change: Change) -> Any:
    kinds = {"added": "removed", "removed": "added", "changed": "changed"}
    return (
        change.type, change.right, change.left, change.category, kinds[change.kind], change.path,
        repr(change.after), repr(change.before), change.severity, change.decision,
    )  # fmt: skip


def straight(change: Change) -> Any:
    return (
        change.type, change.left, change.right, change.category, change.kind, change.path,
        repr(change.before), repr(change.after), change.severity, change.decision,
    )  # fmt: skip


@LAWFUL
@given(ESTATES, ESTATES, st.sampled_from(["test", "prod"]))
def test_both_directions_mirror_each_other(one: Any, other: Any, label: str) -> None:
    left, right = made("prod", one), made(label, other)
    there, back = run(left, right), run(right, left)
    key = str
    assert sorted(map(straight, there.comparisons[0].changes), key=key) == sorted(
        map(mirrored, back.comparisons[0].changes), key=key
    )
    assert there.verdict == back.verdict
    assert len(there.comparisons[0].unpaired) == len(back.comparisons[0].unpaired)


@LAWFUL
@given(ESTATES, ESTATES, st.integers(0, 2**32).map(random.Random))
def test_the_order_of_resources_says_nothing(one: Any, other: Any, shuffle: random.Random) -> None:
    def shuffled(given: Snapshot) -> Snapshot:
        resources = list(given.resources)
        shuffle.shuffle(resources)
        # Not through Snapshot.of: a file may hold them in any order.
        return replace(given, resources=resources)

    left, right = made("test", one), made("prod", other)
    straight_on, in_disorder = document(run(left, right)), document(run(shuffled(left), shuffled(right)))
    for comparison in (*straight_on["comparisons"], *in_disorder["comparisons"]):
        comparison["left"]["digest"] = comparison["right"]["digest"] = ""
        for pairs in (comparison["pairs"],):
            pairs.sort(key=lambda pair: (pair["type"], pair["left"]))
    assert straight_on == in_disorder


@LAWFUL
@given(
    ESTATES, ESTATES, st.sampled_from(["/properties/disableLocalAuth", "/tags/**", "/sku/capacity", "/properties/**"])
)
def test_an_expectation_hides_nothing_outside_its_path(one: Any, other: Any, path: str) -> None:
    entry = Entry("hide", paths=(path,), expect=(ANY, ANY, None))
    hiding = DriftPolicy([entry, *DEFAULT.entries])
    left, right = made("test", one), made("prod", other)
    plain = {straight(change)[:8]: change for change in changes(left, right)}
    hidden = {straight(change)[:8]: change for change in changes(left, right, hiding)}
    assert plain.keys() == hidden.keys()
    for key, change in hidden.items():
        inside = path_fits(path, change.path)
        assert change.decision == ("expected" if inside else plain[key].decision)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*FIELDS, "id", "a.b", "$type"]) | TEXT, inner, max_size=4)
    ),
    max_leaves=12,
)
TAILS = (
    "", "/deployments/d", "/raiPolicies/p", "/providers/microsoft.insights/diagnosticSettings/s", "/unknown/u",
    "/providers/Microsoft.Authorization/roleAssignments/r", "/providers/Microsoft.Authorization/locks/l",
)  # fmt: skip
PLACES = (
    "/subscriptions/{0}", "/subscriptions/{0}/providers/Microsoft.CognitiveServices",
    "/subscriptions/{0}/providers/Microsoft.CognitiveServices/locations/eastus2/models",
    "/subscriptions/{0}/providers/Microsoft.CognitiveServices/locations/eastus2/usages",
    "/subscriptions/{0}/providers/Microsoft.Authorization/roleDefinitions/d",
    "/subscriptions/{0}/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/pe-{0}",
    "/subscriptions/{0}/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/pe-{0}/privateDnsZoneGroups/default",
    "/subscriptions/{0}/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/z", "no-slash", "/x/{0}",
    *("/subscriptions/{0}/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a-{0}" + tail for tail in TAILS),
)  # fmt: skip


@settings(LAWFUL, max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.data(), st.sampled_from(["test", "prod"]), JSON)
def test_whatever_azure_wrote_a_diff_ends(data: st.DataObject, label: str, client: Any) -> None:
    def anything(label: str) -> Snapshot:
        resources = []
        for place in PLACES:
            if data.draw(st.integers(0, 3)):
                body = data.draw(st.dictionaries(st.sampled_from(TOPS), JSON, max_size=4))
                inner = data.draw(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6))
                resources.append({**body, "properties": inner, "id": place.format(label)})
        # As a file may hold it: not through Snapshot.of.
        return replace(snapshot(label, []), resources=resources, clients=[client] if isinstance(client, dict) else [])

    left, right = anything("test"), anything(label)
    drift = run(left, right)
    assert document(drift)["verdict"] in ("same", "drift", "incomplete")
    assert "".join(render_table(drift, Options()))
    assert "".join(render_markdown(drift, Options()))

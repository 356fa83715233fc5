"""Azure Resource Manager ids in every form that Azure has been seen to write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudit.snapshot import ids

S = "/subscriptions/0A000000-0000-4000-8000-00000000000F"
G = f"{S}/resourceGroups/rg"
A = f"{G}/providers/Microsoft.CognitiveServices/accounts/voice"


@pytest.mark.parametrize(
    ("written", "kind", "parent"),
    [
        (S, "microsoft.resources/subscriptions", "/"),
        (f"{S}/", "microsoft.resources/subscriptions", "/"),
        (G, "microsoft.resources/resourcegroups", S),
        (f"{S}/resourcegroups/RG", "microsoft.resources/resourcegroups", S),
        (f"{S}/providers/Microsoft.CognitiveServices", "microsoft.resources/providers", S),
        (A, "microsoft.cognitiveservices/accounts", G),
        (f"{A}/deployments/talk", "microsoft.cognitiveservices/accounts/deployments", A),
        (f"{A}/raiPolicies/Microsoft.DefaultV2", "microsoft.cognitiveservices/accounts/raipolicies", A),
        (
            f"{A}/projects/p/connections/c",
            "microsoft.cognitiveservices/accounts/projects/connections",
            f"{A}/projects/p",
        ),
        (f"{A}/projects/p/connections", "microsoft.cognitiveservices/accounts/projects/connections", f"{A}/projects/p"),
        (f"{A}/providers/microsoft.insights/diagnosticSettings/x", "microsoft.insights/diagnosticsettings", A),
        # Lower case throughout, and `resourcegroups`: as Azure Monitor writes it.
        (f"{A.lower()}/providers/microsoft.insights/diagnosticSettings/x", "microsoft.insights/diagnosticsettings", A),
        # No leading slash: a diagnostic setting of a subscription.
        (f"{S[1:]}/providers/microsoft.insights/diagnosticSettings/x", "microsoft.insights/diagnosticsettings", S),
        (f"{A}/providers/Microsoft.Insights/metrics", "microsoft.insights/metrics", A),
        (f"{A}/providers/Microsoft.Authorization/locks/keep", "microsoft.authorization/locks", A),
        (f"{G}/providers/Microsoft.Authorization/locks/keep", "microsoft.authorization/locks", G),
        (f"{S}/providers/Microsoft.Authorization/roleAssignments/1", "microsoft.authorization/roleassignments", S),
        ("/providers/Microsoft.Authorization/roleDefinitions/1", "microsoft.authorization/roledefinitions", "/"),
        (
            "/providers/Microsoft.Management/managementGroups/m/providers/Microsoft.Authorization/roleAssignments/1",
            "microsoft.authorization/roleassignments",
            "/providers/Microsoft.Management/managementGroups/m",
        ),
        (
            f"{S}/providers/Microsoft.CognitiveServices/locations/eastus2/models",
            "microsoft.cognitiveservices/locations/models",
            f"{S}/providers/Microsoft.CognitiveServices/locations/eastus2",
        ),
        # A soft-deleted account says in `type` that it is an account: only its id tells.
        (
            f"{S}/providers/Microsoft.CognitiveServices/locations/westus/resourceGroups/g/deletedAccounts/a",
            "microsoft.cognitiveservices/locations/resourcegroups/deletedaccounts",
            f"{S}/providers/Microsoft.CognitiveServices/locations/westus/resourceGroups/g",
        ),
        (f"{S}/providers/providers/microsoft.insights/metricalerts/cpu", "microsoft.insights/metricalerts", S),
        (
            f"{G}/providers/Microsoft.Network/privateDnsZones/privatelink.openai.azure.com/A/voice",
            "microsoft.network/privatednszones/a",
            f"{G}/providers/Microsoft.Network/privateDnsZones/privatelink.openai.azure.com",
        ),
        (f"{S}/providers/Microsoft.Security/pricings/AI", "microsoft.security/pricings", S),
        # Somebody names things after the keyword.
        (f"{S}/resourceGroups/providers", "microsoft.resources/resourcegroups", S),
        (f"{A}/deployments/providers", "microsoft.cognitiveservices/accounts/deployments", A),
        (
            f"{S}/resourceGroups/providers/providers/Microsoft.CognitiveServices/accounts/providers",
            "microsoft.cognitiveservices/accounts",
            f"{S}/resourceGroups/providers",
        ),
        ("/", "", "/"),
        ("nonsense", "", "/"),
        ("environment/prod", "", "/"),
    ],
)
def test_type_and_parent(written: str, kind: str, parent: str) -> None:
    assert ids.type_of(written) == kind
    assert ids.type_of(written.upper()) == kind
    assert ids.parent_of(written) == ids.key(parent)


@pytest.mark.parametrize(
    ("written", "listed"),
    [
        ("/subscriptions/s/providers/Microsoft.Insights/metricAlerts", True),
        ("subscriptions/S/Providers/MICROSOFT.INSIGHTS/metricalerts/", True),
        ("/subscriptions/s/providers/Microsoft.Insights", False),
        ("/subscriptions/s/providers/Microsoft.Security/pricings/AI", False),
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/metricAlerts", False),
        ("/subscriptions/s/providers/Microsoft.CognitiveServices/locations/eastus2/models", False),
        ("/subscriptions/s", False),
        ("/", False),
    ],
)
def test_the_list_of_a_subscription(written: str, listed: bool) -> None:
    assert ids.is_list(written) is listed


def test_keys_compare_without_case_slashes_and_escapes() -> None:
    assert (
        ids.key(A) == ids.key(A.upper()) == ids.key(A[1:]) == ids.key(f"{A}/") == ids.key(A.replace("voice", "v%6Fice"))
    )
    assert ids.key(A) != ids.key(f"{A}2")


def test_parts_are_as_azure_wrote_them() -> None:
    assert ids.name_of(f"{A}/deployments/Talk") == "Talk"
    assert ids.group_of(f"{S}/resourcegroups/Mixed-Case/providers/X") == "Mixed-Case"
    assert ids.group_of(S) is None
    assert ids.subscription_of(A) == "0a000000-0000-4000-8000-00000000000f"
    assert ids.subscription_of(A[1:]) == "0a000000-0000-4000-8000-00000000000f"
    assert ids.subscription_of("/providers/Microsoft.Authorization/roleDefinitions/1") is None


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ("/", True),
        (S, True),
        (S.upper(), True),
        (G.lower(), True),
        (f"{G}/", True),
        (A, True),
        (f"{G}2", False),
        (f"{S}/resourceGroups/r", False),
        (f"{A}/deployments/talk", False),
        ("/subscriptions/0b", False),
        ("", False),
    ],
)
def test_a_scope_covers_what_stands_below_it(scope: str, covered: bool) -> None:
    assert ids.covers(scope, A) is covered


@pytest.mark.parametrize(
    ("location", "region"),
    [
        ("eastus2", "eastus2"),
        ("East US 2", "eastus2"),
        ("EASTUS2", "eastus2"),
        ("EastUS2", "eastus2"),
        (" east-us_2\t", "eastus2"),
        ("global", "global"),
        (None, ""),
        (5, ""),
        (["eastus2"], ""),
    ],
)
def test_a_region_in_any_case_and_spacing(location: object, region: str) -> None:
    assert ids.region(location) == region


_SEGMENT = st.text(alphabet="abcXYZ09.-_", min_size=1, max_size=6) | st.just("providers")


@given(st.lists(_SEGMENT, max_size=9))
def test_any_text_has_a_type_and_a_parent_above_it(segments: list[str]) -> None:
    written = "/" + "/".join(segments)
    assert ids.key(ids.key(written)) == ids.key(written)
    assert ids.type_of(written) == ids.type_of(ids.key(written))
    parent = ids.parent_of(written)
    assert len(parent) <= len(ids.key(written))
    assert ids.parent_of(parent) == "/" or len(ids.parent_of(parent)) < len(parent)


@given(_SEGMENT, _SEGMENT, _SEGMENT)
def test_a_child_belongs_to_its_account_whatever_the_names(group: str, account: str, child: str) -> None:
    parent = f"{S}/resourceGroups/{group}/providers/Microsoft.CognitiveServices/accounts/{account}"
    assert ids.type_of(parent) == "microsoft.cognitiveservices/accounts"
    assert ids.type_of(f"{parent}/deployments/{child}") == "microsoft.cognitiveservices/accounts/deployments"
    assert ids.parent_of(f"{parent}/deployments/{child}") == ids.key(parent)
    assert ids.covers(parent, f"{parent}/deployments/{child}")

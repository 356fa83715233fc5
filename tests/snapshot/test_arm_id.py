"""Azure Resource Manager ids in every form that Azure has been seen to write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudit.azure import arm_id

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
    assert arm_id.type_of(written) == kind
    assert arm_id.type_of(written.upper()) == kind
    assert arm_id.parent_of(written) == arm_id.key(parent)


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
    assert arm_id.is_list(written) is listed


def test_keys_compare_without_case_slashes_and_escapes() -> None:
    assert (
        arm_id.key(A)
        == arm_id.key(A.upper())
        == arm_id.key(A[1:])
        == arm_id.key(f"{A}/")
        == arm_id.key(A.replace("voice", "v%6Fice"))
    )
    assert arm_id.key(A) != arm_id.key(f"{A}2")


def test_parts_are_as_azure_wrote_them() -> None:
    assert arm_id.name_of(f"{A}/deployments/Talk") == "Talk"
    assert arm_id.group_of(f"{S}/resourcegroups/Mixed-Case/providers/X") == "Mixed-Case"
    assert arm_id.group_of(S) is None
    assert arm_id.subscription_of(A) == "0a000000-0000-4000-8000-00000000000f"
    assert arm_id.subscription_of(A[1:]) == "0a000000-0000-4000-8000-00000000000f"
    assert arm_id.subscription_of("/providers/Microsoft.Authorization/roleDefinitions/1") is None


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
    assert arm_id.covers(scope, A) is covered


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
    assert arm_id.region(location) == region


_SEGMENT = st.text(alphabet="abcXYZ09.-_", min_size=1, max_size=6) | st.just("providers")


@given(st.lists(_SEGMENT, max_size=9))
def test_any_text_has_a_type_and_a_parent_above_it(segments: list[str]) -> None:
    written = "/" + "/".join(segments)
    assert arm_id.key(arm_id.key(written)) == arm_id.key(written)
    assert arm_id.type_of(written) == arm_id.type_of(arm_id.key(written))
    parent = arm_id.parent_of(written)
    assert len(parent) <= len(arm_id.key(written))
    assert arm_id.parent_of(parent) == "/" or len(arm_id.parent_of(parent)) < len(parent)


@given(_SEGMENT, _SEGMENT, _SEGMENT)
def test_a_child_belongs_to_its_account_whatever_the_names(group: str, account: str, child: str) -> None:
    parent = f"{S}/resourceGroups/{group}/providers/Microsoft.CognitiveServices/accounts/{account}"
    assert arm_id.type_of(parent) == "microsoft.cognitiveservices/accounts"
    assert arm_id.type_of(f"{parent}/deployments/{child}") == "microsoft.cognitiveservices/accounts/deployments"
    assert arm_id.parent_of(f"{parent}/deployments/{child}") == arm_id.key(parent)
    assert arm_id.covers(parent, f"{parent}/deployments/{child}")

"""Plans of one account and what is on it, small enough to change one thing of."""

from __future__ import annotations

from typing import Any

from rtaudit.plan import bicep, terraform, whatif
from rtaudit.plan.assemble import assemble
from rtaudit.plan.model import Plan
from rtaudit.snapshot import Gap, Snapshot

SUBSCRIPTION = "00000000-0000-4000-8000-00000000000a"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/voice"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
ACCOUNTS = "Microsoft.CognitiveServices/accounts"


def predicted(*elements: dict[str, Any], **more: Any) -> Plan:
    """A Bicep snapshot that was read."""
    return bicep.read({"predictedResources": list(elements), "diagnostics": [], **more}, "a.snapshot.json")


def account(**properties: Any) -> dict[str, Any]:
    """A predicted account of kind OpenAI."""
    return {
        "id": ACCOUNT,
        "type": ACCOUNTS,
        "name": "voice",
        "apiVersion": "2025-06-01",
        "location": "eastus2",
        "sku": {"name": "S0"},
        "kind": "OpenAI",
        "properties": {"disableLocalAuth": True, **properties},
    }


def what_if(*changes: dict[str, Any], **more: Any) -> Plan:
    """A what-if result that was read."""
    return whatif.read({"status": "Succeeded", "changes": list(changes), **more}, "whatif.json")


def change(
    kind: str, name: str, after: Any, unknown: Any = None, *, actions: tuple[str, ...] = ("create",), **more: Any
) -> dict[str, Any]:
    """An entry of `resource_changes`; `more` are further keys of it, or of its change."""
    inner = {
        "actions": list(actions),
        "before": more.pop("before", None),
        "after": after,
        "after_unknown": unknown or {},
    }
    provider = "registry.terraform.io/" + ("azure/azapi" if kind.startswith("azapi") else "hashicorp/azurerm")
    module = f"{more['module_address']}." if "module_address" in more else ""
    index = more.get("index")
    suffix = "" if index is None else f"[{index}]" if isinstance(index, int) else f'["{index}"]'
    return {
        "address": f"{module}{kind}.{name}{suffix}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": provider,
        "change": inner,
        **more,
    }


def configured(kind: str, name: str, /, **expressions: Any) -> dict[str, Any]:
    """A resource of `configuration`."""
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "expressions": expressions}


def refers(*references: str) -> dict[str, Any]:
    """An expression of references."""
    return {"references": list(references)}


def terraform_plan(*changes: dict[str, Any], root: dict[str, Any] | None = None, **more: Any) -> Plan:
    """A Terraform plan that was read; `root` is the root module of its configuration."""
    provider = {"azurerm": {"name": "azurerm", "expressions": {"subscription_id": {"constant_value": SUBSCRIPTION}}}}
    document = {
        "format_version": "1.2",
        "resource_changes": list(changes),
        "configuration": {"provider_config": provider, "root_module": root or {}},
        **more,
    }
    return terraform.read(document, "tfplan.json")


def tf_account(name: str = "voice", **values: Any) -> dict[str, Any]:
    """The values of an azurerm account, as a plan shows them before it is made."""
    return {
        "name": name,
        "resource_group_name": "rg",
        "location": "eastus2",
        "kind": "OpenAI",
        "sku_name": "S0",
        "custom_subdomain_name": name,
        "local_auth_enabled": True,
        "public_network_access_enabled": True,
        "network_acls": [],
        "identity": [],
        "tags": None,
        **values,
    }


def snapshot(*plans: Plan, base: Snapshot | None = None) -> Snapshot:
    """What the plans come to."""
    return assemble(plans, "prod", base)


def resource(found: Snapshot, resource_id: str = ACCOUNT) -> dict[str, Any]:
    """The resource with an id; KeyError where there is none."""
    return {one["id"].lower(): one for one in found.resources}[resource_id.lower()]


def gaps(found: Snapshot, reason: str | None = None, scope: str | None = None) -> dict[tuple[str, str | None], Gap]:
    """(aspect, field) -> gap, of a reason, at a scope."""
    return {
        (gap.aspect, gap.field): gap
        for gap in found.gaps
        if reason in (None, gap.reason) and scope in (None, gap.scope)
    }

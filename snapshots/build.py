"""Make the sample snapshots: the voice concierge of Lanternhouse Hotels, a company that does not exist.

    python snapshots/build.py [FOLDER]     writes dev.json, test.json and prod.json beside this file, and good.json, which the
                                           cases of the rules change, beside the rules; all four into FOLDER if asked

Guests call the hotel and a realtime model answers: `concierge` for guests, `frontdesk` for the staff, `nightdesk` for the
hours when nobody sits there. Two regions, three environments, with the flaws and the differences of a real estate.
Everything is written down here and nothing depends on the day: the same files come out every time. They are meant to be
evaluated as of 2026-11-22.
"""
# ruff: noqa: INP001

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import catalogue as cat  # noqa: E402
import shapes as arm  # noqa: E402
import shapes_shared as net  # noqa: E402
from environment import PLATFORM, Environment  # noqa: E402
from good import good  # noqa: E402

from rtaudit.snapshot import Snapshot, write  # noqa: E402

EASTUS2, SWEDEN = "eastus2", "swedencentral"
DENY = {"defaultAction": "Deny", "virtualNetworkRules": [], "ipRules": []}
ALLOW = {"defaultAction": "Allow", "virtualNetworkRules": [], "ipRules": []}
LOGS = [
    arm.log("Audit"),
    arm.log("RequestResponse", enabled=False),
    arm.log("AzureOpenAIRequestUsage"),
    arm.log("Trace"),
]
REALTIME_QUOTA = "OpenAI.GlobalStandard.gpt-realtime"


def prod() -> Snapshot:
    """Production: built with care, and with what slipped through."""
    env = Environment("prod")
    sealed = {"public": "Disabled", "acls": DENY, "local_auth_disabled": True, "storedCompletionsDisabled": True}

    east = env.account(
        "concierge", EASTUS2, "AIServices", **sealed,
        connections=[arm.connection(env.endpoint_id("concierge", EASTUS2), "Approved", "Auto-Approved")],
    )  # fmt: skip
    guard = env.guard(east, "Low")
    env.deploy(east, "concierge-voice", cat.REALTIME, 6, policy=guard)
    env.deploy(east, "concierge-voice-next", cat.REALTIME_15, 2, policy=guard)
    env.deploy(east, "concierge-transcripts", cat.TRANSCRIPTION, 100, policy=guard)
    env.deploy(east, "concierge-text", cat.TEXT, 100, policy=guard, sku="DataZoneStandard")
    env.endpoint("concierge", EASTUS2, 4)
    env.diagnose(east, LOGS, hub=True)

    # the second region: half the capacity of the first
    north = env.account(
        "concierge", SWEDEN, "OpenAI", **sealed,
        connections=[arm.connection(env.endpoint_id("concierge", SWEDEN), "Approved", "Auto-Approved")],
        created="2026-02-02T10:15:44.905113Z",
    )  # fmt: skip
    env.deploy(north, "concierge-voice", cat.REALTIME, 3, policy=env.guard(north, "Low"))
    env.deploy(north, "concierge-text", cat.TEXT, 50, policy="concierge-guard", sku="DataZoneStandard")
    env.endpoint("concierge", SWEDEN, 4, ("openai", "cognitive"))
    env.diagnose(north, LOGS, hub=True)

    # the oldest account: its key was left on, its model retires soon, its endpoint was wired up by hand with one zone only
    desk = env.account(
        "frontdesk", EASTUS2, "OpenAI",
        location="East US 2",
        public="Enabled",
        acls={**DENY, "bypass": "AzureServices", "ipRules": [{"value": "198.51.100.0/24"}, {"value": "203.0.113.17"}]},
        local_auth_disabled=False,
        connections=[arm.connection(env.endpoint_id("frontdesk", EASTUS2), "Approved", "Approved by the platform team")],
        created="2025-12-18T13:05:09.4471265Z",
        migrationToken="[cut]",
        storedCompletionsDisabled=True,
    )  # fmt: skip
    env.deploy(desk, "frontdesk-voice", cat.MINI, 6, policy=env.guard(desk, "Low"))
    env.endpoint("frontdesk", EASTUS2, 12, ("cognitive",), group_records=False, manual=True)
    env.diagnose(desk, [arm.log(group="AllLogs")])

    # stranded: nobody approved the guest application's request to connect, and there is no other way in
    guest_app = f"/subscriptions/{PLATFORM}/resourceGroups/lh-guest-app-rg/providers/Microsoft.Network/privateEndpoints/guest-pe"
    night = env.account(
        "nightdesk", SWEDEN, "AIServices", **sealed,
        connections=[arm.connection(guest_app, "Pending", "Please approve: guest application")],
    )  # fmt: skip
    env.deploy(night, "nightdesk-voice", cat.REALTIME_15, 2, policy="Microsoft.DefaultV2")
    env.diagnose(night, LOGS)

    env.dns((EASTUS2, SWEDEN))
    env.catalogue(
        {
            REALTIME_QUOTA: (9, 20),
            "OpenAI.GlobalStandard.gpt-realtime-1.5": (4, 10),
            "OpenAI.GlobalStandard.gpt-realtime-mini": (6, 20),
            "OpenAI.GlobalStandard.gpt-4o-mini-transcribe": (100, 600),
            "OpenAI.DataZoneStandard.gpt-5-mini": (150, 300),
        }
    )
    env.roles()
    for account in (east, north, desk, night):
        env.hold(account, "openai user", "concierge-api prod", "ServicePrincipal")
    env.hold(desk, "openai user", "front desk developers", "Group")

    env.add(net.action_group(env.observe, "concierge-oncall", 3), net.health_alert(env.observe, env.sub, env.oncall))
    for region in (EASTUS2, SWEDEN):
        env.alert(f"throttled-{region}", "AzureOpenAIRequests", env.root, region)
        env.alert(f"availability-{region}", "AzureOpenAIAvailabilityRate", env.root, region)
    # nobody made the second region's alert on seconds of speech
    env.alert("speech-seconds", "RealtimeUsageTime", env.root, EASTUS2)
    env.alert("frontdesk-latency", "Latency", desk)
    env.add(net.workspace(env.workspace, EASTUS2, 90))
    env.add(net.lock(env.group, "keep-concierge", "CanNotDelete", "Guests are on the line"))
    return env.snapshot({"SpeechServices": 1})


def test() -> Snapshot:
    """Test: meant to be like production, and not quite."""
    env = Environment("test")
    sealed = {"public": "Disabled", "acls": DENY, "local_auth_disabled": True, "storedCompletionsDisabled": True}

    east = env.account(
        "concierge", EASTUS2, "AIServices", **sealed,
        connections=[arm.connection(env.endpoint_id("concierge", EASTUS2), "Approved", "Auto Approved")],
        tags=env.tags(costCentre="4711"),
    )  # fmt: skip
    guard = env.guard(east, "Medium", jailbreak=False)
    env.deploy(east, "concierge-voice", cat.REALTIME, 2, policy=guard, upgrade="OnceNewDefaultVersionAvailable")
    env.deploy(east, "concierge-voice-next", cat.REALTIME_15, 1, policy=guard)
    env.deploy(east, "concierge-transcripts", cat.TRANSCRIPTION, 20, policy=guard)
    env.deploy(east, "concierge-text", cat.TEXT, 20, policy=guard)
    env.endpoint("concierge", EASTUS2, 4)
    env.diagnose(east, [arm.log(group="allLogs")])

    # somebody opened it for an afternoon of debugging
    north = env.account(
        "concierge", SWEDEN, "OpenAI",
        public="Enabled",
        acls=ALLOW,
        local_auth_disabled=True,
        connections=[arm.connection(env.endpoint_id("concierge", SWEDEN), "Approved", "Auto-Approved")],
    )  # fmt: skip
    env.deploy(north, "concierge-voice", cat.REALTIME_15, 2, policy=env.guard(north, "Medium", jailbreak=False))
    env.endpoint("concierge", SWEDEN, 4, ("openai", "cognitive"))
    env.diagnose(north, [arm.log("Audit"), arm.log("Trace", enabled=False)])

    desk = env.account(
        "frontdesk", EASTUS2, "OpenAI",
        public="Enabled",
        acls={**DENY, "ipRules": [{"value": "198.51.100.0/24"}]},
        local_auth_disabled=True,
        connections=[arm.connection(env.endpoint_id("frontdesk", EASTUS2), "Approved", "Approved by the platform team")],
        tags={"env": "test"},
    )  # fmt: skip
    env.deploy(desk, "frontdesk-voice", cat.MINI, 2, policy=env.guard(desk, "Low"), deploymentState="Paused")
    env.endpoint("frontdesk", EASTUS2, 12, ("cognitive",), group_records=False, manual=True)
    # the record still holds the address of an endpoint that was replaced
    env.records["cognitive"][-1]["properties"]["aRecords"] = [{"ipv4Address": "10.30.1.99"}]
    env.diagnose(desk, LOGS)

    env.dns((EASTUS2, SWEDEN))
    env.catalogue(
        {
            REALTIME_QUOTA: (2, 10),
            "OpenAI.GlobalStandard.gpt-realtime-1.5": (3, 3),
            "OpenAI.GlobalStandard.gpt-realtime-mini": (2, 20),
            "OpenAI.GlobalStandard.gpt-4o-mini-transcribe": (20, 600),
            "OpenAI.GlobalStandard.gpt-5-mini": (20, 500),
        }
    )
    env.roles()
    for account in (east, north, desk):
        env.hold(account, "openai user", "concierge-api test", "ServicePrincipal")
    env.hold(env.group, "openai user", "concierge testers", "Group")

    env.add(net.action_group(env.observe, "concierge-oncall", 1, enabled=False))
    env.add(net.health_alert(env.observe, env.sub, None))
    env.alert("throttled-eastus2", "AzureOpenAIRequests", env.root, EASTUS2)
    env.add(net.workspace(env.workspace, EASTUS2, 30))
    return env.snapshot({"SpeechServices": 1})


def dev() -> Snapshot:
    """Development: open, small, and partly out of the auditor's sight."""
    env = Environment("dev")

    east = env.account("concierge", EASTUS2, "AIServices", public="Enabled", acls=None, local_auth_disabled=None)
    env.deploy(east, "concierge-voice", cat.REALTIME, 1, policy="Microsoft.DefaultV2", upgrade=None)
    env.deploy(east, "concierge-voice-2", cat.REALTIME_2, 1, policy=None)
    env.deploy(east, "concierge-transcripts", cat.TRANSCRIPTION, 10, policy="Microsoft.DefaultV2")
    env.deploy(east, "concierge-text", cat.TEXT, 10, policy="Microsoft.DefaultV2")
    logs = f"/subscriptions/{PLATFORM}/resourceGroups/lh-observe-rg/providers/Microsoft.OperationalInsights/workspaces/lh-logs-dev"
    env.diagnose(east, [arm.log(group="audit")], workspace=logs)
    env.denied(logs, "workspaces", "Microsoft.OperationalInsights/workspaces/read")

    north = env.account(
        "concierge", SWEDEN, "OpenAI",
        public="Enabled",
        acls={**DENY, "ipRules": [{"value": "198.51.100.0/22"}]},
        local_auth_disabled=False,
        tags={"env": "dev", "owner": ""},
    )  # fmt: skip
    env.deploy(north, "concierge-voice", cat.MINI, 1, policy="Microsoft.DefaultV2")
    env.denied(north, "diagnostics", "Microsoft.Insights/diagnosticSettings/read")
    env.denied(env.root, "roleAssignments", "Microsoft.Authorization/roleAssignments/read")

    env.catalogue(
        {
            REALTIME_QUOTA: (1, 10),
            "OpenAI.GlobalStandard.gpt-realtime-2": (1, 10),
            "OpenAI.GlobalStandard.gpt-realtime-mini": (1, 20),
            "OpenAI.GlobalStandard.gpt-4o-mini-transcribe": (10, 600),
            "OpenAI.GlobalStandard.gpt-5-mini": (10, 500),
        }
    )
    return env.snapshot({})


ENVIRONMENTS = {"dev": dev, "test": test, "prod": prod}
"""What makes each environment's snapshot."""


def main(folder: Path | None = None) -> None:
    """Write the snapshots: each to its place, or all into `folder`."""
    for label, make in ENVIRONMENTS.items():
        write(make(), (folder or HERE) / f"{label}.json")
    write(good(), (folder or HERE.parent / "policies" / "rules") / "good.json")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))

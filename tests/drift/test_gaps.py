from __future__ import annotations

from dataclasses import replace

import pytest

from rtaudit.drift import Drift, DriftPolicy
from rtaudit.drift.policy import Entry
from rtaudit.snapshot import Gap, Snapshot

from .estate import ALL, Resource, account, account_id, deployment, edited, estate, run, snapshot, subscription, without


def gapped(given: Snapshot, aspect: str, scope: str) -> Snapshot:
    gap = Gap(scope, aspect, "denied", 403, "AuthorizationFailed", "Microsoft.X/y/read")
    return Snapshot.of(given.environment, given.scope, given.resources, [gap], collection=given.collection)


def told(drift: Drift) -> list[tuple[str, str, str, str]]:
    return [
        (change.decision, change.role, change.type.rsplit("/", 1)[-1], change.path)
        for change in drift.comparisons[0].changes
    ]


@pytest.mark.parametrize("blind", ["left", "right"])
@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize(
    ("aspect", "resource_type"),
    [("diagnostics", "diagnosticSettings"), ("deployments", "deployments"), ("contentPolicies", "raiPolicies")],
)
def test_a_gap_makes_the_comparison_unknown_not_equal(blind: str, upper: bool, aspect: str, resource_type: str) -> None:
    def dark(label: str) -> Snapshot:
        scope = account_id(label, f"voice-{label}")
        return gapped(without(estate(label), resource_type), aspect, scope.upper() if upper else scope)

    left = dark("test") if blind == "left" else estate("test")
    right = dark("prod") if blind == "right" else estate("prod")
    drift = run(left, right)
    assert told(drift) == [("unknown", "voice", resource_type.lower(), "")]
    assert (drift.verdict, drift.exit_code) == ("incomplete", 4)
    (change,) = drift.comparisons[0].changes
    label = "test" if blind == "left" else "prod"
    assert change.decided_by == (
        f"{label}: {aspect} not read: denied (403 AuthorizationFailed), needs Microsoft.X/y/read"
    )


def test_both_blind_is_unknown_too() -> None:
    left, right = (
        gapped(without(estate(label), "diagnosticSettings"), "diagnostics", account_id(label, f"voice-{label}"))
        for label in ("test", "prod")
    )
    assert [decision for decision, *_ in told(run(left, right))] == ["unknown"]


def test_what_was_seen_still_drifts() -> None:
    left = gapped(estate("test"), "diagnostics", account_id("test", "voice-test"))
    right = edited(estate("prod"), "diagnosticSettings", lambda item: item["properties"].update(logs=[]))
    drift = run(left, right)
    assert told(drift) == [
        ("drift", "voice/to-logs", "diagnosticsettings", "/properties/logs"),
        ("unknown", "voice", "diagnosticsettings", ""),
    ]
    assert drift.exit_code == 1


def test_a_gap_at_another_account_hides_nothing() -> None:
    accounts = {label: [account(label), account(label, f"chat-{label}")] for label in ("test", "prod")}
    left = snapshot("test", [*accounts["test"], deployment(accounts["test"][0])])
    right = gapped(snapshot("prod", accounts["prod"]), "deployments", accounts["prod"][1]["id"])
    assert told(run(left, right)) == [
        ("drift", "voice/voice", "deployments", ""),
        ("unknown", "chat", "deployments", ""),
    ]


def test_a_list_that_was_not_read_hides_what_it_could_hold() -> None:
    alert = {"id": f"{subscription('test')}/resourceGroups/rg/providers/Microsoft.Insights/metricAlerts/throttled"}
    left = snapshot("test", [*estate("test").resources, alert])
    assert told(run(left, estate("prod"))) == [("drift", "throttled", "metricalerts", "")]
    assert told(run(left, gapped(estate("prod"), "alerts", subscription("prod")))) == [
        ("unknown", "subscription", "metricalerts", "")
    ]


ALERTS = ("metricAlerts", "activityLogAlerts", "actionGroups")


@pytest.mark.parametrize("blind", ["left", "right"])
@pytest.mark.parametrize("lacking", ALERTS)
@pytest.mark.parametrize("denied", ALERTS)
def test_a_list_of_alerts_hides_its_own_and_what_is_kept_by_it(denied: str, lacking: str, blind: str) -> None:
    scope = f"{subscription('prod')}/providers/Microsoft.Insights/{denied}"
    drift = run(*over_time(blind, "alerts", scope, lacking, [provided(f"Microsoft.Insights/{lacking}/x")]))
    told_of = {(decision, kind) for decision, _, kind, _ in told(drift)}
    # Which action groups are kept depends on the alerts.
    hidden = lacking in (denied, "actionGroups")
    assert told_of == {("unknown", denied.lower())} | (set() if hidden else {("drift", lacking.lower())})
    (gap,) = [change for change in drift.comparisons[0].changes if change.decision == "unknown"]
    assert (gap.decided_by or "").startswith(f"prod: alerts ({denied}) not read: denied")


def test_gaps_of_two_lists_are_two_unknowns() -> None:
    gaps = [
        Gap(f"{subscription('prod')}/providers/Microsoft.Insights/{name}", "alerts", "failed", 500) for name in ALERTS
    ]
    right = Snapshot.of("prod", estate("prod").scope, estate("prod").resources, gaps)
    assert [kind for _, _, kind, _ in told(run(estate("test"), right))] == sorted(name.lower() for name in ALERTS)


def test_an_ignored_list_of_alerts_still_hides_the_action_groups_that_are_kept_by_it() -> None:
    scope = f"{subscription('prod')}/providers/Microsoft.Insights/metricAlerts"
    group = provided("Microsoft.Insights/actionGroups/oncall")
    left, right = over_time("right", "alerts", scope, "actionGroups", [group])
    drift = run(left, right, DriftPolicy([Entry("e", ignore=True, types=("microsoft.insights/metricalerts",))]))
    assert sorted((decision, kind) for decision, _, kind, _ in told(drift)) == [
        ("ignored", "metricalerts"),
        ("unknown", "actiongroups"),
    ]


def test_an_aspect_that_one_side_skipped_is_unknown() -> None:
    few = [name for name in ALL if name != "locks"]
    right = replace(estate("prod"), scope={"aspects": few})
    drift = run(estate("test"), right)
    assert told(drift) == [("unknown", "environment", "locks", "")]
    drift = run(replace(estate("test"), scope={"aspects": few}), right)
    assert (told(drift), drift.warnings, drift.exit_code) == ([], ["not compared: locks, which neither side read"], 0)


def test_an_opt_in_aspect_of_one_side_is_said_but_does_not_gate() -> None:
    drift = run(estate("test"), replace(estate("prod"), scope={"aspects": [*ALL, "defender"]}))
    assert [decision for decision, *_ in told(drift)] == ["unknown"]
    assert drift.exit_code == 0


def test_a_field_that_an_older_api_version_does_not_show_is_unknown() -> None:
    def read_with(given: Snapshot, version: str) -> Snapshot:
        kind = "Microsoft.CognitiveServices/accounts/deployments"
        return Snapshot.of(given.environment, given.scope, given.resources, collection={"apiVersions": {kind: version}})

    def forget(item: Resource) -> None:
        item["properties"].pop("deploymentState")

    hidden = edited(estate("test"), "deployments", forget)
    left, right = read_with(hidden, "2025-06-01"), read_with(estate("prod"), "2026-05-01")
    drift = run(left, right)
    assert told(drift) == [("unknown", "voice/voice", "deployments", "/properties/deploymentState")]
    assert "api-version 2025-06-01 does not show it" in (drift.comparisons[0].changes[0].decided_by or "")
    assert told(run(right, left)) == told(drift)
    both_new = read_with(hidden, "2026-05-01")
    assert told(run(both_new, right))[0][0] == "drift"


def test_accounts_that_could_not_be_listed_are_not_removed() -> None:
    blind = gapped(snapshot("prod", []), "accounts", subscription("prod"))
    drift = run(snapshot("test", [account("test")]), blind)
    assert told(drift) == [("unknown", "environment", "accounts", "")]


def test_roles_that_could_not_be_read_are_unknown() -> None:
    held = {
        "id": f"{subscription('test')}/providers/Microsoft.Authorization/roleAssignments/a",
        "properties": {
            "principalType": "User",
            "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/owner",
        },
    }
    left = snapshot("test", [*estate("test").resources, held])
    assert told(run(left, estate("prod"))) == [("drift", "voice", "roleassignments", "/rolesHeld/User")]
    assert told(run(left, gapped(estate("prod"), "roleAssignments", subscription("prod")))) == [
        ("unknown", "subscription", "roleassignments", "")
    ]


DIAGNOSTICS = ("microsoft.insights/diagnosticsettings",)


@pytest.mark.parametrize(
    ("entry", "decision"),
    [
        (Entry("e", ignore=True), "ignored"),
        (Entry("e", ignore=True, types=DIAGNOSTICS), "ignored"),
        (Entry("e", ignore=True, types=DIAGNOSTICS, paths=("**",)), "ignored"),
        (Entry("e", ignore=True, types=DIAGNOSTICS, roles=("voice",)), "ignored"),
        (Entry("e", ignore=True, types=DIAGNOSTICS, roles=("chat",)), "unknown"),
        (Entry("e", ignore=True, types=DIAGNOSTICS, kind="changed"), "unknown"),
        (Entry("e", ignore=True, types=DIAGNOSTICS, paths=("",)), "unknown"),
        (Entry("e", ignore=True, types=DIAGNOSTICS, paths=("/properties/logs",)), "unknown"),
        (Entry("e", ignore=True, categories=("logging",)), "unknown"),
        (Entry("e", ignore=True, types=("microsoft.insights/metricalerts",)), "unknown"),
    ],
)
def test_only_what_is_ignored_altogether_need_not_be_seen(entry: Entry, decision: str) -> None:
    blind = gapped(without(estate("prod"), "diagnosticSettings"), "diagnostics", account_id("prod", "voice-prod"))
    drift = run(estate("test"), blind, DriftPolicy([entry]))
    assert [one.decision for one in drift.comparisons[0].changes] == [decision]
    assert drift.exit_code == (4 if decision == "unknown" else 0)


@pytest.mark.parametrize(
    ("entries", "severity"),
    [
        ([], "medium"),
        ([Entry("a", severity="info", categories=("logging",))], "medium"),
        ([Entry("a", severity="info", types=DIAGNOSTICS)], "info"),
        ([Entry("a", severity="info", types=DIAGNOSTICS, kind="changed")], "medium"),
        ([Entry("a", severity="info", types=DIAGNOSTICS), Entry("b", severity="high")], "info"),
        ([Entry("a", severity="high", types=DIAGNOSTICS, paths=("/x",)), Entry("b", severity="info")], "high"),
        ([Entry("a", severity="critical", categories=("network",))], "medium"),
        ([Entry("a", severity="critical", paths=("/properties/abusePenalty/**",))], "medium"),
        ([Entry("a", severity="critical", types=("microsoft.network/*",))], "medium"),
    ],
)
def test_a_gap_is_as_severe_as_the_worst_that_it_may_hide(entries: list[Entry], severity: str) -> None:
    blind = gapped(without(estate("prod"), "diagnosticSettings"), "diagnostics", account_id("prod", "voice-prod"))
    (change,) = run(estate("test"), blind, DriftPolicy(entries)).comparisons[0].changes
    assert (change.decision, change.severity) == ("unknown", severity)


def test_an_ignored_gap_still_makes_unknown_what_else_it_hides() -> None:
    workspace = provided("Microsoft.OperationalInsights/workspaces/logs")
    left, right = over_time("right", "diagnostics", VOICE, "workspaces", [workspace])
    drift = run(left, right, DriftPolicy([Entry("e", ignore=True, types=DIAGNOSTICS)]))
    assert sorted(decision for decision, *_ in told(drift)) == ["ignored", "unknown"]
    assert drift.exit_code == 4


def over_time(blind: str, aspect: str, scope: str, lacking: str, extra: list[Resource]) -> tuple[Snapshot, Snapshot]:
    """Production with `extra` and, later, without `lacking` and with a gap; the other way round where the base is blind."""
    whole = snapshot("prod", [*estate("prod").resources, *extra])
    dark = gapped(without(whole, lacking), aspect, scope)
    return (dark, whole) if blind == "left" else (whole, dark)


def provided(tail: str, **properties: object) -> Resource:
    return {"id": f"{subscription('prod')}/resourceGroups/hub/providers/{tail}", "properties": properties}


CATALOGUE = f"{subscription('prod')}/providers/Microsoft.CognitiveServices/locations/eastus2"
ROLE = f"{subscription('prod')}/providers/Microsoft.Authorization/roleDefinitions/reader"
VOICE = account_id("prod", "voice-prod")


@pytest.mark.parametrize("blind", ["left", "right"])
@pytest.mark.parametrize(
    ("aspect", "scope", "lacking"),
    [
        ("accounts", subscription("prod"), {"id": f"{CATALOGUE}/models", "value": []}),
        ("accounts", subscription("prod"), {"id": f"{CATALOGUE}/usages", "value": []}),
        ("accounts", subscription("prod"), provided("Microsoft.Insights/metricAlerts/throttled")),
        ("accounts", subscription("prod"), provided("Microsoft.Insights/actionGroups/oncall")),
        ("accounts", subscription("prod"), provided("Microsoft.OperationalInsights/workspaces/logs")),
        ("accounts", subscription("prod"), provided("Microsoft.Network/privateEndpoints/pe")),
        ("accounts", subscription("prod"), provided("Microsoft.Network/privateDnsZones/zone")),
        ("accounts", subscription("prod"), provided("Microsoft.Authorization/roleAssignments/a")),
        ("accounts", subscription("prod"), provided("Microsoft.Authorization/locks/keep", level="CanNotDelete")),
        ("diagnostics", VOICE, provided("Microsoft.OperationalInsights/workspaces/logs")),
        ("privateEndpoints", subscription("prod"), provided("Microsoft.Network/privateDnsZones/zone/A/voice-prod")),
        ("roleAssignments", ROLE, {"id": ROLE, "properties": {"roleName": "Reader"}}),
    ],
)
def test_a_gap_hides_what_other_lists_keep_by_it(blind: str, aspect: str, scope: str, lacking: Resource) -> None:
    kind = lacking["id"].rsplit("/", 1)[-1] if "value" in lacking else lacking["id"].rsplit("/", 2)[-2]
    drift = run(*over_time(blind, aspect, scope, kind, [lacking]))
    assert [decision for decision, *_ in told(drift)] == ["unknown"]
    assert drift.exit_code == 4
    # Without the gap it is gone.
    left, right = over_time(blind, aspect, scope, kind, [lacking])
    left, right = (Snapshot.of(one.environment, one.scope, one.resources) for one in (left, right))
    assert [decision for decision, *_ in told(run(left, right))] == ["drift"]


@pytest.mark.parametrize("skipped", [("left",), ("right",), ("left", "right")])
def test_an_aspect_that_filters_hides_nothing_where_neither_side_read_it(skipped: tuple[str, ...]) -> None:
    few = {"aspects": [name for name in ALL if name != "diagnostics"]}
    workspace = provided("Microsoft.OperationalInsights/workspaces/logs")
    left, right = snapshot("prod", [*estate("prod").resources, workspace]), estate("prod")
    left = replace(left, scope=few) if "left" in skipped else left
    right = replace(right, scope=few) if "right" in skipped else right
    found = {(decision, kind) for decision, _, kind, _ in told(run(left, right))}
    gone = ("drift", "workspaces")
    assert found == (
        {gone} if len(skipped) == 2 else {("unknown", "diagnosticsettings")} | ({gone} if "left" in skipped else set())
    )


def test_what_hangs_on_an_account_that_was_read_is_not_hidden_by_another() -> None:
    lock = {"id": f"{VOICE}/providers/Microsoft.Authorization/locks/keep", "properties": {"level": "CanNotDelete"}}
    left, right = over_time("right", "accounts", subscription("elsewhere"), "locks", [lock])
    assert ("drift", "voice-prod/keep", "locks", "") in told(run(left, right))


@pytest.mark.parametrize("blind", [True, False])
def test_catalogue_rows_of_deployments_that_were_not_read_are_not_removed(blind: bool) -> None:
    def row(name: str, lifecycle: str = "GenerallyAvailable") -> Resource:
        return {"kind": "OpenAI", "model": {"format": "OpenAI", "name": name, "lifecycleStatus": lifecycle}}

    resources = estate("prod").resources
    left = snapshot("prod", [*resources, {"id": f"{CATALOGUE}/models", "value": [row("gpt-realtime"), row("gpt-5")]}])
    right = snapshot("prod", [*resources, {"id": f"{CATALOGUE}/models", "value": [row("gpt-realtime", "Deprecated")]}])
    drift = run(left, gapped(right, "deployments", VOICE) if blind else right)
    found = {(decision, path.split("/")[2][:19].strip()) for decision, *_, path in told(drift) if path}
    seen = ("drift", "OpenAI OpenAI gpt-r")
    assert found == ({seen} if blind else {seen, ("drift", "OpenAI OpenAI gpt-5")})


@pytest.mark.parametrize(
    ("known", "custom", "drifts"), [(True, False, True), (False, False, False), (False, True, False)]
)
def test_a_role_whose_name_was_not_read_is_no_other_role(known: bool, custom: bool, drifts: bool) -> None:
    def held(label: str, role: str, name: str | None) -> Snapshot:
        definition = f"{subscription(label)}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        assignment = {
            "id": f"{subscription(label)}/providers/Microsoft.Authorization/roleAssignments/a",
            "properties": {"principalType": "User", "roleDefinitionId": definition},
        }
        named = [{"id": definition, "properties": {"roleName": name}}] if name else []
        return snapshot(label, [*estate(label).resources, assignment, *named])

    right = held("prod", "11" if custom else "22", "Owner" if known else None)
    if not known:
        scope = f"{subscription('prod')}/providers/Microsoft.Authorization/roleDefinitions/{'11' if custom else '22'}"
        right = gapped(right, "roleAssignments", scope)
    drift = run(held("test", "22", "Reader"), right)
    assert ("drift" in [decision for decision, *_ in told(drift)]) is drifts

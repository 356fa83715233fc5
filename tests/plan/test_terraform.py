"""Terraform plans: actions, what is known after the apply, and where references lead."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from rtaudit.plan.addresses import module_index, module_names, split_module, steps_of
from rtaudit.plan.model import Unknown, value_of
from rtaudit.policy import check, load_policies
from rtaudit.snapshot import Snapshot

from .kit import (
    ACCOUNT,
    GROUP,
    SUBSCRIPTION,
    WORKSPACE,
    change,
    configured,
    gaps,
    refers,
    resource,
    snapshot,
    terraform_plan,
    tf_account,
)

SETTING = "azurerm_monitor_diagnostic_setting"


@pytest.mark.parametrize(
    ("after", "unknown", "shown"),
    [
        pytest.param({"a": 1}, {}, {"a": 1}, id="all known"),
        pytest.param({"a": 1}, {"b": True}, {"a": 1, "b": "?"}, id="a key left out"),
        pytest.param({"a": None}, {}, {"a": None}, id="null is unset"),
        pytest.param({"l": [None, "x"]}, {"l": [True, False]}, {"l": ["?", "x"]}, id="by index"),
        pytest.param({"l": [{}]}, {"l": [{"k": True}]}, {"l": [{"k": "?"}]}, id="an object of which all is unknown"),
        pytest.param({}, {"l": True}, {"l": "?"}, id="a whole block list"),
        pytest.param({"o": {"k": 1}}, {"o": {}}, {"o": {"k": 1}}, id="known collections are left as empty ones"),
        pytest.param({"l": ["x"]}, {"l": [False, True]}, {"l": ["x", "?"]}, id="a set puts unknown ones last"),
        pytest.param({"a": 1}, True, "?", id="everything"),
    ],
)
def test_values_and_their_unknown_marks(after: Any, unknown: Any, shown: Any) -> None:
    def show(value: Any) -> Any:
        if isinstance(value, Unknown):
            return "?"
        if isinstance(value, dict):
            return {key: show(item) for key, item in value.items()}
        return [show(item) for item in value] if isinstance(value, list) else value

    assert show(value_of(after, unknown)) == shown


@pytest.mark.parametrize(
    ("address", "names", "above", "index"),
    [
        ("module.a", ["a"], "", None),
        ('module.a["x.y"].module.b[0]', ["a", "b"], 'module.a["x.y"]', 0),
        ('module.a["k.module.z"]', ["a"], "", "k.module.z"),
        ('module.a["q\\"[1]"].module.b["c"]', ["a", "b"], 'module.a["q\\"[1]"]', "c"),
    ],
)
def test_a_modules_address(address: str, names: list[str], above: str, index: Any) -> None:
    assert module_names(address) == names
    assert split_module(address)[0] == above
    assert module_index(address) == index


def test_a_reference_as_steps() -> None:
    assert steps_of('module.m["a.b"].x[0].id') == ["module", "m", "a.b", "x", 0, "id"]


@pytest.mark.parametrize(
    ("actions", "more", "there"),
    [
        pytest.param(("create",), {}, True, id="create"),
        pytest.param(("update",), {}, True, id="update"),
        pytest.param(("no-op",), {}, True, id="no-op"),
        pytest.param(("delete", "create"), {}, True, id="replace"),
        pytest.param(("create", "delete"), {}, True, id="replace, new first"),
        pytest.param(("delete",), {}, False, id="delete"),
        pytest.param(("forget",), {"before": {**tf_account(), "id": ACCOUNT}}, True, id="forget: it goes on existing"),
        pytest.param(("read",), {}, False, id="read"),
        pytest.param(("create",), {"deposed": "abc123"}, False, id="an older object"),
        pytest.param(("create",), {"mode": "data"}, False, id="a data source"),
    ],
)
def test_what_an_action_leaves_there(actions: tuple[str, ...], more: dict[str, Any], there: bool) -> None:
    after = None if actions in (("delete",), ("forget",)) else {**tf_account(), "id": ACCOUNT}
    found = snapshot(terraform_plan(change("azurerm_cognitive_account", "voice", after, actions=actions, **more)))
    assert bool(found.resources) is there


@pytest.mark.parametrize(
    ("document", "aspect"),
    [
        pytest.param({"resource_changes": "junk"}, "accounts", id="changes that are no list"),
        pytest.param({"complete": False}, "accounts", id="a plan that is not complete"),
        pytest.param({"errored": True, "complete": False}, "accounts", id="a plan that ended with an error"),
        pytest.param({"deferred_changes": [{}]}, "accounts", id="deferred changes"),
    ],
)
def test_what_may_be_missing_is_a_gap(document: dict[str, Any], aspect: str) -> None:
    assert (aspect, None) in gaps(snapshot(terraform_plan(**document)), "notYetKnown", "/")


def two_modules(*, setting_refers: dict[str, Any], index: Any = None, keys: tuple[Any, ...] = (None,)) -> Any:
    """An account in a module (once a key), and a setting in the root that refers to it."""
    suffix = {key: "" if key is None else f'["{key}"]' for key in keys}
    accounts = [
        change("azurerm_cognitive_account", "this", tf_account(f"voice{key or ''}"), {"id": True}, module_address=f"module.voice{suffix[key]}")
        for key in keys
    ]  # fmt: skip
    more = {} if index is None else {"index": index}
    setting = change(
        SETTING,
        "logs",
        {"name": "logs", "log_analytics_workspace_id": WORKSPACE},
        {"id": True, "target_resource_id": True},
        **more,
    )
    root = {
        "resources": [configured(SETTING, "logs", target_resource_id=setting_refers)],
        "module_calls": {
            "voice": {
                "module": {
                    "outputs": {
                        "id": {
                            "expression": refers("azurerm_cognitive_account.this.id", "azurerm_cognitive_account.this")
                        }
                    },
                    "resources": [configured("azurerm_cognitive_account", "this")],
                }
            }
        },
    }
    return terraform_plan(*accounts, setting, root=root)


@pytest.mark.parametrize(
    ("setting_refers", "index", "keys", "target"),
    [
        pytest.param(refers("module.voice.id", "module.voice"), None, (None,), "voice", id="an output"),
        pytest.param(refers('module.voice["b"].id', 'module.voice["b"]', "module.voice"), None, ("a", "b"), "voiceb", id="an output of one instance"),
        pytest.param({"constant_value": ACCOUNT}, None, (None,), "voice", id="a constant"),
        pytest.param(refers("local.account_id"), None, (None,), None, id="a local leads nowhere"),
        pytest.param(refers("module.voice", "each.key"), None, ("a", "b"), None, id="an index that was cut"),
        pytest.param({}, None, (None,), None, id="no expression"),
    ],
)  # fmt: skip
def test_a_reference_through_a_module(setting_refers: Any, index: Any, keys: Any, target: str | None) -> None:
    found = snapshot(two_modules(setting_refers=setting_refers, index=index, keys=keys))
    below = [one["id"] for one in found.resources if "/diagnosticSettings/" in one["id"]]
    expected = [
        f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/{target}/providers/Microsoft.Insights/diagnosticSettings/logs"
    ]
    if target is None:
        assert below != expected
        assert all("/accounts/" not in one for one in below)
    else:
        assert below == expected


def test_a_reference_by_a_variable_of_the_module() -> None:
    account = change("azurerm_cognitive_account", "a", tf_account(), {"id": True})
    inner = change(
        "azurerm_cognitive_deployment",
        "d",
        deployment(),
        {"id": True, "cognitive_account_id": True},
        module_address="module.m",
    )
    root = {
        "resources": [configured("azurerm_cognitive_account", "a")],
        "module_calls": {
            "m": {
                "expressions": {"account": refers("azurerm_cognitive_account.a.id", "azurerm_cognitive_account.a")},
                "module": {
                    "resources": [
                        configured("azurerm_cognitive_deployment", "d", cognitive_account_id=refers("var.account"))
                    ]
                },
            }
        },
    }
    found = snapshot(terraform_plan(account, inner, root=root))
    assert resource(found, f"{ACCOUNT}/deployments/talk")


def test_the_only_candidate_of_a_module_is_taken_and_told() -> None:
    account = change("azurerm_cognitive_account", "a", tf_account(), {"id": True})
    one = change("azurerm_cognitive_deployment", "d", deployment(), {"id": True, "cognitive_account_id": True})
    plan = terraform_plan(
        account,
        one,
        root={"resources": [configured("azurerm_cognitive_deployment", "d", cognitive_account_id=refers("local.id"))]},
    )
    assert resource(snapshot(plan), f"{ACCOUNT}/deployments/talk")
    assert plan.warnings == [
        (
            "azurerm_cognitive_deployment.d: the plan does not say what cognitive_account_id refers to; azurerm_cognitive_account.a,"
            " the only one of its type in the module, was taken"
        )
    ]


def test_of_two_candidates_none_is_taken() -> None:
    accounts = [change("azurerm_cognitive_account", name, tf_account(name), {"id": True}) for name in ("a", "b")]
    one = change("azurerm_cognitive_deployment", "d", deployment(), {"id": True, "cognitive_account_id": True})
    found = snapshot(terraform_plan(*accounts, one))
    assert not [
        each
        for each in found.resources
        if each["id"].lower().startswith(f"{GROUP}/".lower()) and "/deployments/" in each["id"]
    ]


VAULT = change("azurerm_key_vault", "kv", {"name": "kv"}, {"id": True})


@pytest.mark.parametrize(
    ("reference", "guessed"),
    [
        pytest.param(("azurerm_key_vault.kv.id", "azurerm_key_vault.kv"), False, id="the id of another thing"),
        pytest.param(("azurerm_key_vault.kv.vault_uri", "azurerm_key_vault.kv"), False, id="another attribute"),
        pytest.param(("data.azurerm_key_vault.kv.id", "data.azurerm_key_vault.kv"), False, id="a data source"),
        pytest.param(("local.target",), True, id="a local"),
    ],
)
def test_the_only_candidate_is_not_taken_where_the_code_names_another_thing(reference: Any, guessed: bool) -> None:
    account = change("azurerm_cognitive_account", "a", tf_account(), {"id": True})
    values = {"name": "logs", "log_analytics_workspace_id": WORKSPACE}
    setting = change(SETTING, "logs", values, {"id": True, "target_resource_id": True})
    root = {"resources": [configured(SETTING, "logs", target_resource_id=refers(*reference))]}
    plan = terraform_plan(account, VAULT, setting, root=root)
    on_account = [one for one in snapshot(plan).resources if one["id"].startswith(f"{ACCOUNT}/providers/")]
    assert bool(on_account) is guessed
    assert any("was taken" in one for one in plan.warnings) is guessed


@pytest.mark.parametrize(
    ("reference", "groups", "target", "unknown"),
    [
        pytest.param("azurerm_key_vault.kv.id", ["vault"], "/planned/another-service", 0, id="another service"),
        pytest.param("local.target", ["blob"], "/planned/another-service", 0, id="a group of another service"),
        pytest.param("local.target", ["account"], ACCOUNT, 0, id="the only account"),
        pytest.param("azurerm_key_vault.kv.x", ["account"], None, 1, id="an account that is not told"),
    ],
)
def test_what_an_endpoint_connects_to(reference: str, groups: list[str], target: str | None, unknown: int) -> None:
    account = change("azurerm_cognitive_account", "a", tf_account(), {"id": True})
    connection = {"name": "c", "is_manual_connection": False, "subresource_names": groups}
    values = {"name": "pe", "resource_group_name": "rg", "private_service_connection": [connection]}
    open_target = {"id": True, "private_service_connection": [{"private_connection_resource_id": True}]}
    expression = [{"private_connection_resource_id": refers(reference)}]
    root = {"resources": [configured("azurerm_private_endpoint", "e", private_service_connection=expression)]}
    endpoint = change("azurerm_private_endpoint", "e", values, open_target)
    found = snapshot(terraform_plan(account, VAULT, endpoint, root=root))
    (shown,) = resource(found, f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe")["properties"][
        "privateLinkServiceConnections"
    ]
    assert shown["properties"].get("privateLinkServiceId") == target
    # An endpoint whose target is open may be one of an account: each of its rules is unknown once.
    report = check([found], load_policies(["production"]), as_of=date(2026, 11, 22))
    outcomes = [one.outcome for one in report.findings if one.rule == "RTA-NET-008" and "/privateendpoints/" in one.resource.lower()]  # fmt: skip
    assert outcomes.count("unknown") == unknown
    assert bool(outcomes) is (target in (ACCOUNT, None))


def test_a_circle_of_references_ends() -> None:
    settings = [change(SETTING, name, {"name": name}, {"id": True, "target_resource_id": True}) for name in ("a", "b")]
    root = {
        "resources": [
            configured(SETTING, name, target_resource_id=refers(f"{SETTING}.{other}.id", f"{SETTING}.{other}"))
            for name, other in (("a", "b"), ("b", "a"))
        ]
    }
    assert snapshot(terraform_plan(*settings, root=root)).environment == "prod"


@pytest.mark.parametrize(
    ("provider", "ids", "expected"),
    [
        pytest.param({"constant_value": SUBSCRIPTION}, None, GROUP, id="configured"),
        pytest.param(refers("var.sub"), None, GROUP, id="a variable"),
        pytest.param({}, GROUP, GROUP, id="an id that is known"),
        pytest.param({}, None, "/planned/subscription/resourceGroups/rg", id="in the environment: not told"),
    ],
)
def test_the_subscription_of_what_is_new(provider: Any, ids: Any, expected: str) -> None:
    changes = [change("azurerm_cognitive_account", "a", tf_account(), {"id": True})]
    if ids:
        changes.append(change("azurerm_resource_group", "g", {"id": ids, "name": "rg"}, actions=("no-op",)))
    config = {
        "provider_config": {"azurerm": {"name": "azurerm", "expressions": {"subscription_id": provider}}},
        "root_module": {},
    }
    plan = terraform_plan(*changes, configuration=config, variables={"sub": {"value": SUBSCRIPTION}})
    (account,) = [one for one in snapshot(plan).resources if "/accounts/" in one["id"]]
    assert account["id"] == f"{expected}/providers/Microsoft.CognitiveServices/accounts/voice"


OTHER = "00000000-0000-4000-8000-00000000000b"


@pytest.mark.parametrize(
    ("key", "of_alias", "there", "expected"),
    [
        pytest.param("azurerm.hub", {"constant_value": OTHER}, GROUP, OTHER, id="an alias"),
        pytest.param("azurerm", {"constant_value": OTHER}, None, SUBSCRIPTION, id="beside an alias"),
        pytest.param("azurerm.hub", {}, GROUP, None, id="an alias from the environment is not the other one"),
        pytest.param("module.m:azurerm", {}, None, None, id="which one a module is given is not told"),
        pytest.param("module.m:azurerm", {"constant_value": SUBSCRIPTION}, None, SUBSCRIPTION, id="both are one"),
    ],
)
def test_each_provider_configuration_has_its_subscription(key: str, of_alias: Any, there: Any, expected: Any) -> None:
    changes = [change("azurerm_cognitive_account", "a", tf_account(), {"id": True})]
    if there:
        changes.append(change("azurerm_resource_group", "g", {"id": there, "name": "rg"}, actions=("no-op",)))
    provider = {"azurerm": {"constant_value": SUBSCRIPTION}, "azurerm.hub": of_alias}
    written = [
        {**configured("azurerm_cognitive_account", "a"), "provider_config_key": key},
        {**configured("azurerm_resource_group", "g"), "provider_config_key": "azurerm"},
    ]
    config = {
        "provider_config": {
            one: {"name": "azurerm", "expressions": {"subscription_id": value} if value else {}}
            for one, value in provider.items()
        },
        "root_module": {"resources": written},
    }
    (account,) = [
        one for one in snapshot(terraform_plan(*changes, configuration=config)).resources if "/accounts/" in one["id"]
    ]
    start = f"/subscriptions/{expected}/" if expected else "/planned/subscription/"
    assert account["id"].startswith(start)


def test_an_id_of_another_place_does_not_say_where_new_resources_are() -> None:
    """An assignment is where its scope is."""
    role = f"/subscriptions/{OTHER}/resourceGroups/x/providers/Microsoft.Network/virtualNetworks/v/providers/Microsoft.Authorization/roleAssignments/r"
    found = snapshot(
        terraform_plan(
            change("azurerm_role_assignment", "r", {"id": role, "name": "r"}, actions=("no-op",)),
            change("azurerm_resource_group", "g", {"id": GROUP, "name": "rg"}, actions=("no-op",)),
            change("azurerm_cognitive_account", "a", tf_account(), {"id": True}),
            configuration={"root_module": {}},
        )
    )
    assert resource(found)["kind"] == "OpenAI"


def test_a_resource_that_only_moved_stays() -> None:
    values = {**tf_account(), "id": ACCOUNT}
    entry = change(
        "azurerm_cognitive_account",
        "this",
        values,
        actions=("no-op",),
        before=values,
        previous_address="azurerm_cognitive_account.old",
        module_address='module.voice["eu"]',
    )
    found = snapshot(terraform_plan(entry))
    assert resource(found)["properties"]["disableLocalAuth"] is False
    assert found.addresses == {ACCOUNT.lower(): 'module.voice["eu"].azurerm_cognitive_account.this'}
    # What else is on it is in no plan: it was there before.
    assert ("diagnostics", None) in gaps(found, "notYetKnown", ACCOUNT)


def there(resource_id: str) -> Any:
    scope = {"subscriptions": [SUBSCRIPTION], "aspects": ["accounts"]}
    return Snapshot.of("prod", scope, [{"id": resource_id, "kind": "OpenAI", "properties": {}}], [])


OLD = ACCOUNT.replace("voice", "old")


@pytest.mark.parametrize(
    ("actions", "more", "left"),
    [
        pytest.param(("delete", "create"), {}, ["voice"], id="replaced under another name"),
        pytest.param(("create", "delete"), {}, ["voice"], id="replaced, the new one first"),
        pytest.param(("delete", "create"), {"action_reason": "replace_by_triggers"}, ["voice"], id="by a trigger"),
        pytest.param(("create", "forget"), {}, ["old", "voice"], id="the old one is only forgotten"),
        pytest.param(("delete",), {"deposed": "0a1b2c3d"}, [], id="an older object of the address"),
        pytest.param(("forget",), {}, ["old"], id="forgotten"),
    ],
)
def test_what_goes_is_taken_off_what_is_there(actions: tuple[str, ...], more: dict[str, Any], left: list[str]) -> None:
    new = "create" in actions
    entry = change(
        "azurerm_cognitive_account",
        "a",
        tf_account() if new else None,
        {"id": True} if new else {},
        actions=actions,
        before={**tf_account("old"), "id": OLD},
        **more,
    )
    found = snapshot(terraform_plan(entry), base=there(OLD))
    assert [one["id"].rsplit("/", 1)[-1] for one in found.resources] == left


def test_what_moves_to_another_address_is_not_deleted() -> None:
    """Taken out at one address and made at another, in either order."""
    gone = change("azurerm_cognitive_account", "z", None, actions=("delete",), before={**tf_account(), "id": ACCOUNT})
    made = change("azurerm_cognitive_account", "a", tf_account(), {"id": True})
    for entries in ((gone, made), (made, gone)):
        assert resource(snapshot(terraform_plan(*entries), base=there(ACCOUNT)))["location"] == "eastus2"


def test_an_import_is_there_already() -> None:
    entry = change(
        "azurerm_cognitive_account", "a", {**tf_account(), "id": ACCOUNT}, actions=("update",), before=tf_account()
    )
    entry["change"]["importing"] = {"id": ACCOUNT}
    found = snapshot(terraform_plan(entry))
    assert resource(found)["kind"] == "OpenAI"
    assert ("deployments", None) in gaps(found, "notYetKnown", ACCOUNT)


def test_an_account_that_only_a_data_source_names() -> None:
    root = {
        "resources": [
            configured(
                "azurerm_cognitive_deployment",
                "d",
                cognitive_account_id=refers("data.azurerm_cognitive_account.x.id", "data.azurerm_cognitive_account.x"),
            )
        ]
    }
    row = {"address": "data.azurerm_cognitive_account.x", "values": {"id": ACCOUNT, "primary_access_key": "k"}}
    prior = {"values": {"root_module": {"resources": [row]}}}
    one = change("azurerm_cognitive_deployment", "d", deployment(), {"id": True, "cognitive_account_id": True})
    found = snapshot(terraform_plan(one, root=root, prior_state=prior))
    assert resource(found, f"{ACCOUNT}/deployments/talk")
    assert ("accounts", None) in gaps(found, "notYetKnown", ACCOUNT)


def test_instances_of_one_count_find_their_own() -> None:
    """`azurerm_cognitive_account.a[count.index].id` is written without its index."""
    accounts = [
        change("azurerm_cognitive_account", "a", tf_account(f"voice{n}"), {"id": True}, index=n) for n in (0, 1)
    ]
    settings = [
        change(SETTING, "s", {"name": "logs", "log_analytics_workspace_id": WORKSPACE}, {"id": True, "target_resource_id": True}, index=n)
        for n in (0, 1)
    ]  # fmt: skip
    root = {"resources": [configured(SETTING, "s", target_resource_id=refers("azurerm_cognitive_account.a", "count.index"))]}  # fmt: skip
    found = snapshot(terraform_plan(*accounts, *settings, root=root))
    below = sorted(one["id"].split("/accounts/")[1] for one in found.resources if "/diagnosticSettings/" in one["id"])
    assert below == [f"voice{n}/providers/Microsoft.Insights/diagnosticSettings/logs" for n in (0, 1)]


def test_a_name_that_is_not_known_yet() -> None:
    values = {key: value for key, value in tf_account().items() if key not in ("name", "custom_subdomain_name")}
    plan = terraform_plan(
        change("azurerm_cognitive_account", "a", values, {"id": True, "name": True, "custom_subdomain_name": True})
    )
    found = snapshot(plan)
    (account,) = found.resources
    assert {("accounts", "/name"), ("accounts", "/properties/customSubDomainName")} <= gaps(found, "notYetKnown").keys()
    assert account["kind"] == "OpenAI"


def test_types_and_attributes_that_are_not_read_are_told() -> None:
    plan = terraform_plan(
        change("azurerm_batch_account", "b", {"name": "b"}),
        change("azurerm_batch_account", "c", {"name": "c"}),
        change("random_string", "r", {"result": "x"}, provider_name="registry.terraform.io/hashicorp/random"),
        change("azurerm_cognitive_account", "a", tf_account(brand_new_setting="on")),
    )
    assert plan.warnings == [
        "azurerm_cognitive_account: attributes that rtaudit does not know: brand_new_setting",
        "resource types that rtaudit does not read from a Terraform plan: azurerm_batch_account (2)",
    ]


def test_the_address_goes_with_the_resource() -> None:
    found = snapshot(two_modules(setting_refers=refers("module.voice.id", "module.voice")))
    assert found.addresses[ACCOUNT.lower()] == "module.voice.azurerm_cognitive_account.this"


@pytest.mark.parametrize(
    "junk", [None, 3, "x", [], [None, 3, {}], [{"change": 3}], [{"change": {"actions": None}}]], ids=repr
)
def test_junk_in_place_of_changes(junk: Any) -> None:
    assert snapshot(terraform_plan(resource_changes=junk)).resources == []


def deployment(**values: Any) -> dict[str, Any]:
    return {
        "name": "talk",
        "model": [{"format": "OpenAI", "name": "gpt-realtime", "version": "2025-08-28"}],
        "sku": [{"name": "GlobalStandard", "capacity": 4, "tier": None, "size": None, "family": None}],
        "version_upgrade_option": "OnceNewDefaultVersionAvailable",
        **values,
    }


@pytest.mark.parametrize("actions", [("recreate",), ("delete", "forget"), ()], ids=repr)
def test_an_action_that_is_not_known_loses_nothing(actions: tuple[str, ...]) -> None:
    plan = terraform_plan(change("azurerm_cognitive_account", "a", tf_account(), {"id": True}, actions=actions))
    assert "azurerm_cognitive_account.a: the plan says" in plan.missing[0]
    assert ("accounts", None) in gaps(snapshot(plan), "notYetKnown", "/")


def test_instances_whose_keys_look_alike_are_not_one() -> None:
    values = {key: value for key, value in tf_account().items() if key not in ("name", "resource_group_name")}
    keys = ["a b", "a/b", "a-b", "a.b"]
    unknown = {"id": True, "name": True, "resource_group_name": True}
    plan = terraform_plan(*[change("azurerm_cognitive_account", "a", values, unknown, index=key) for key in keys])
    assert len(snapshot(plan).resources) == len(keys)


def test_a_provider_of_a_module_has_the_modules_variable() -> None:
    """The module's `var.sub` is what the call gives, not the root's variable of the same name."""
    inner = {"resources": [{**configured("azurerm_cognitive_account", "a"), "provider_config_key": "module.m:azurerm"}]}
    config = {
        "provider_config": {
            "azurerm": {"name": "azurerm", "expressions": {"subscription_id": refers("var.sub")}},
            "module.m:azurerm": {"name": "azurerm", "module_address": "module.m", "expressions": {"subscription_id": refers("var.sub")}},
        },
        "root_module": {"module_calls": {"m": {"expressions": {"sub": {"constant_value": OTHER}}, "module": inner}}},
    }  # fmt: skip
    made = change("azurerm_cognitive_account", "a", tf_account(), {"id": True}, module_address="module.m")
    plan = terraform_plan(made, configuration=config, variables={"sub": {"value": SUBSCRIPTION}})
    (account,) = plan.resources
    assert account.id.startswith(f"/subscriptions/{OTHER}/")


def test_a_role_on_another_subscription_does_not_say_where_new_resources_are() -> None:
    scope = f"/subscriptions/{OTHER}"
    role = {"id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/r", "name": "r", "scope": scope}
    plan = terraform_plan(
        change("azurerm_cognitive_account", "a", tf_account(), {"id": True}),
        change("azurerm_role_assignment", "r", role, actions=("no-op",)),
        configuration={"provider_config": {"azurerm": {"name": "azurerm", "expressions": {}}}, "root_module": {}},
    )
    (account,) = [one for one in plan.resources if "/accounts/" in one.id]
    assert account.id.startswith("/planned/subscription/")

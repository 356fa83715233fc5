from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rtaudit.drift import Comparison, Drift, load_map
from rtaudit.errors import InputError, UsageError
from rtaudit.snapshot import Snapshot

from .estate import account, account_id, changes, deployment, estate, run, snapshot


def pairs(drift: Drift, resource_type: str = "accounts") -> list[tuple[str, str, str, str]]:
    return sorted(
        (pair.role, pair.left.rsplit("/", 1)[-1], pair.right.rsplit("/", 1)[-1], pair.by)
        for pair in drift.comparisons[0].pairs
        if pair.type.endswith("/" + resource_type)
    )


def doubts(comparison: Comparison) -> list[tuple[str, str]]:
    return [(doubt.side, doubt.resource.rsplit("/", 1)[-1]) for doubt in comparison.unpaired]


def accounts_in(label: str, *accounts: tuple[str, str] | tuple[str, str, str], **more: Any) -> Snapshot:
    made = [
        account(label, given[0], location=given[1], kind=given[2] if len(given) > 2 else "OpenAI", **more)
        for given in accounts
    ]
    return snapshot(label, made)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "map.yaml"
    file.write_text("schema: rtaudit.map/1\n" + text)
    return file


def test_names_without_the_environment() -> None:
    drift = run(accounts_in("test", ("voice-test", "eastus2")), accounts_in("prod", ("voice-prd", "eastus2")))
    assert pairs(drift) == [("voice", "voice-test", "voice-prd", "name")]


def test_one_account_per_side_pairs_across_regions_and_the_region_is_told() -> None:
    left, right = accounts_in("test", ("voice-test-eus", "eastus")), accounts_in("prod", ("voice-prod-eus2", "eastus2"))
    assert pairs(run(left, right)) == [("voice-eus", "voice-test-eus", "voice-prod-eus2", "name")]
    assert [change.path for change in changes(left, right)] == ["/location"]


def test_several_per_role_pair_by_region() -> None:
    left = accounts_in("test", ("voice-test-1", "eastus2"), ("voice-test-2", "swedencentral"))
    right = accounts_in("prod", ("voice-prod-2", "eastus2"), ("voice-prod-1", "swedencentral"))
    # The names say otherwise than the regions, and names are the surer ground.
    assert [by for *_, by in pairs(run(left, right))] == ["name", "name"]
    left = accounts_in("test", ("voice-test-eus2", "eastus2"), ("voice-test-sdc", "swedencentral"))
    right = accounts_in("prod", ("voice-eastus2-prod", "eastus2"), ("voice-swedencentral-prod", "swedencentral"))
    assert [by for *_, by in pairs(run(left, right))] == ["name and region and kind"] * 2


def test_a_region_that_only_one_side_uses_is_no_part_of_a_role() -> None:
    def link(label: str, name: str) -> dict[str, str]:
        return {"id": f"/subscriptions/{label}/resourceGroups/rg/providers/Microsoft.Insights/metricAlerts/{name}"}

    left = snapshot("test", [account("test"), link("test", "throttled-sdc-test")])
    night = account("prod", "night-prod", location="swedencentral")
    right = snapshot("prod", [account("prod"), night, link("prod", "sdc-throttled-prod")])
    assert [by for *_, by in pairs(run(left, right), "metricalerts")] == ["name"]


def test_kind_breaks_a_tie() -> None:
    left = accounts_in("test", ("voice-test", "eastus", "OpenAI"), ("voice-tst", "eastus", "AIServices"))
    right = accounts_in("prod", ("voice-prod", "eastus2", "AIServices"), ("voice-prd", "eastus2", "OpenAI"))
    assert [(one, other) for _, one, other, _ in pairs(run(left, right))] == [
        ("voice-test", "voice-prd"),
        ("voice-tst", "voice-prod"),
    ]


def test_one_region_against_two_is_a_doubt_and_nothing_is_guessed() -> None:
    left = accounts_in("test", ("voice-test-eus", "eastus"))
    right = accounts_in("prod", ("voice-prod-eus2", "eastus2"), ("voice-prod-sdc", "swedencentral"))
    drift = run(left, right)
    assert pairs(drift) == []
    assert doubts(drift.comparisons[0]) == [
        ("left", "voice-test-eus"),
        ("right", "voice-prod-eus2"),
        ("right", "voice-prod-sdc"),
    ]
    assert drift.comparisons[0].changes == []
    assert (drift.verdict, drift.exit_code) == ("incomplete", 4)


def test_the_last_of_several_regions_is_not_paired_by_elimination() -> None:
    left = accounts_in("test", ("voice-test-eus2", "eastus2"), ("voice-test-wus", "westus"))
    right = accounts_in("prod", ("voice-prod-eus2", "eastus2"), ("voice-prod-sdc", "swedencentral"))
    drift = run(left, right)
    assert [one for _, one, _, _ in pairs(drift)] == ["voice-test-eus2"]
    assert len(drift.comparisons[0].unpaired) == 2


def test_a_further_region_is_added() -> None:
    left = accounts_in("test", ("voice-test-eus2", "eastus2"))
    right = accounts_in("prod", ("voice-prod-eus2", "eastus2"), ("voice-prod-sdc", "swedencentral"))
    drift = run(left, right)
    assert drift.comparisons[0].unpaired == []
    assert [(change.kind, change.path, change.role) for change in drift.comparisons[0].changes] == [
        ("added", "", "voice-sdc")
    ]


def test_a_tag_says_the_role() -> None:
    left = snapshot("test", [account("test", "alpha", tags={"Role": "concierge"})])
    right = snapshot("prod", [account("prod", "omega", tags={"role": "Concierge"})])
    assert pairs(run(left, right)) == []
    assert pairs(run(left, right, tag="role")) == [("alpha", "alpha", "omega", "tag role")]
    with pytest.raises(UsageError, match="no account of test carries the tag 'rolle'"):
        run(left, right, tag="rolle")


def test_a_map_says_the_role(tmp_path: Path) -> None:
    left, right = (
        accounts_in("test", ("alpha", "eastus")),
        accounts_in("prod", ("omega", "eastus2"), ("alpha", "eastus")),
    )
    file = written(
        tmp_path, f"roles:\n  concierge:\n    test: alpha\n    prod: {account_id('prod', 'omega').upper()}\n"
    )
    drift = run(left, right, role_map=load_map(file, [left, right]))
    assert pairs(drift) == [("concierge", "alpha", "omega", "map")]


def test_a_map_of_several_regions_pairs_by_region_or_by_declared_order(tmp_path: Path) -> None:
    left = accounts_in("test", ("a", "eastus"), ("b", "westeurope"))
    right = accounts_in("prod", ("c", "eastus"), ("d", "swedencentral"))
    roles = "roles:\n  voice: {test: [a, b], prod: [c, d]}\n"
    drift = run(left, right, role_map=load_map(written(tmp_path, roles), [left, right]))
    assert len(drift.comparisons[0].unpaired) == 2
    declared = roles + "regions: {test: [East US, West Europe], prod: [eastus, swedencentral]}\n"
    drift = run(left, right, role_map=load_map(written(tmp_path, declared), [left, right]))
    assert [(role, one, other) for role, one, other, _ in pairs(drift)] == [
        ("voice-eastus", "a", "c"),
        ("voice-westeurope", "b", "d"),
    ]


def test_tokens_of_a_map_stand_in_place_of_those_of_the_label(tmp_path: Path) -> None:
    left, right = accounts_in("test", ("voice-blue", "eastus")), accounts_in("prod", ("voice-green", "eastus"))
    assert pairs(run(left, right)) == []
    file = written(tmp_path, "tokens: {test: [blue], prod: [Green]}\n")
    assert len(pairs(run(left, right, role_map=load_map(file, [left, right])))) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "roles: {v: {test: voice-tesd}}\n",
            r"map.yaml:2:\d+: role 'v' names 'voice-tesd', which is not in the snapshot",
        ),
        ("roles: {v: {test: /subscriptions/x/y}}\n", "which is not in the snapshot of test"),
        (
            "roles: {v: {test: voice-test}, w: {test: voice-test}}\n",
            r"map.yaml:2:\d+: 'voice-test' has two roles, 'v' and 'w'",
        ),
        (
            f"roles: {{v: {{test: {account_id('test', 'voice')}}}}}\n",
            "which is not in the snapshot of test",
        ),
        (
            f"roles: {{v: {{test: {account_id('test', 'voice-test')}/providers/Microsoft.Authorization/locks/x}}}}\n",
            "which is not paired",
        ),
        ("roles: {v: {staging: voice}}\n", "the map names staging, and the snapshots are of prod, test"),
        ("role: {}\n", "unknown key 'role'"),
    ],
)
def test_a_map_that_does_not_fit_is_refused_at_its_line(tmp_path: Path, text: str, said: str) -> None:
    left, right = accounts_in("test", ("voice-test", "eastus")), accounts_in("prod", ("voice-prod", "eastus"))
    file = written(tmp_path, text)
    with pytest.raises(InputError, match=said):
        run(left, right, role_map=load_map(file, [left, right]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("roles: {v: {test: voice-test, prod: voice-prod}}\n", []),
        # A label that some role spells right is missed where another spells it wrong.
        (
            "roles:\n  v: {test: voice-test, prod: voice-prod}\n  c: {test: chat-test, pord: chat-prod}\n",
            ["map.yaml:4:24: the map names 'pord', and no snapshot is of it: did you mean 'prod'?"],
        ),
        (
            "tokens: {tset: [blue]}\n",
            ["map.yaml:2:10: the map names 'tset', and no snapshot is of it: did you mean 'test'?"],
        ),
        (
            "regions: {test: [eastus], prd: [eastus]}\n",
            ["map.yaml:2:27: the map names 'prd', and no snapshot is of it: did you mean 'prod'?"],
        ),
        # What is there beside `prod` is not meant to be `prod`; each is reported once.
        (
            "roles: {v: {test: voice-test, prod: voice-prod, preprod: v}}\ntokens: {preprod: [pre], prod: [prod]}\n",
            ["map.yaml:2:49: the map names 'preprod', and no snapshot is of it"],
        ),
    ],
)
def test_an_environment_of_the_map_that_no_snapshot_is_of_is_told(tmp_path: Path, text: str, said: list[str]) -> None:
    left = accounts_in("test", ("voice-test", "eastus"), ("chat-test", "eastus"))
    right = accounts_in("prod", ("voice-prod", "eastus"), ("chat-prod", "eastus"))
    drift = run(left, right, role_map=load_map(written(tmp_path, text), [left, right]))
    assert [warning.removeprefix(f"{tmp_path}/") for warning in drift.warnings] == said


def test_children_pair_within_their_parents() -> None:
    one, other = account("test"), account("prod")
    left = snapshot("test", [one, deployment(one, "rt-test"), deployment(one, "chat", "gpt-4.1")])
    right = snapshot("prod", [other, deployment(other, "rt-prod"), deployment(other, "talk", "gpt-4.1")])
    assert pairs(run(left, right), "deployments") == [
        ("voice/chat", "chat", "talk", "model"),
        ("voice/rt", "rt-test", "rt-prod", "name"),
    ]
    # Another name than the environment's tokens explain is a change: clients ask by name.
    assert [(change.path, change.before, change.after) for change in changes(left, right)] == [
        ("/name", "chat", "talk")
    ]


def test_a_map_names_any_resource_by_its_id(tmp_path: Path) -> None:
    one, other = account("test"), account("prod")
    left = snapshot("test", [one, deployment(one, "rt-test"), deployment(one, "rt-tst")])
    right = snapshot("prod", [other, deployment(other, "rt-prod"), deployment(other, "rt-prd")])
    (doubt, *_) = run(left, right).comparisons[0].unpaired
    assert doubt.reason == "by name it could be any of rt-prd, rt-prod of prod; name the pair in --map by their ids"
    text = f"roles:\n  calls: {{test: {one['id']}/deployments/rt-tst, prod: '{other['id'].upper()}/deployments/rt-prod'}}\n"
    drift = run(left, right, role_map=load_map(written(tmp_path, text), [left, right]))
    assert pairs(drift, "deployments") == [
        ("calls", "rt-tst", "rt-prod", "map"),
        ("voice/rt", "rt-test", "rt-prd", "name"),
    ]
    assert (drift.comparisons[0].unpaired, drift.warnings) == ([], [])


def test_what_a_map_names_pairs_whatever_it_hangs_on(tmp_path: Path) -> None:
    one, other = account("test", "alpha"), account("prod", "omega")
    left = snapshot("test", [one, deployment(one, "voice", capacity=1)])
    right = snapshot("prod", [other, deployment(other, "talk", capacity=2)])
    text = f"roles: {{calls: {{test: {one['id']}/deployments/voice, prod: {other['id']}/deployments/talk}}}}\n"
    drift = run(left, right, role_map=load_map(written(tmp_path, text), [left, right]))
    assert pairs(drift, "deployments") == [("calls", "voice", "talk", "map")]
    assert ("calls", "/sku/capacity") in [(one.role, one.path) for one in drift.comparisons[0].changes]


def test_what_a_map_names_on_one_side_only_has_no_counterpart(tmp_path: Path) -> None:
    one, other = account("test"), account("prod")
    left = snapshot("test", [one, deployment(one, "voice")])
    right = snapshot("prod", [other, deployment(other, "voice")])
    text = f"roles: {{calls: {{test: {one['id']}/deployments/voice}}}}\n"
    drift = run(left, right, role_map=load_map(written(tmp_path, text), [left, right]))
    assert pairs(drift, "deployments") == []
    assert sorted(change.kind for change in drift.comparisons[0].changes) == ["added", "removed"]


def test_a_map_pairs_subscriptions_and_client_contracts(tmp_path: Path) -> None:
    def both(label: str) -> Snapshot:
        held = [{"id": f"/subscriptions/{label}-{number}", "displayName": "Voice"} for number in (1, 2)]
        clients = [{"name": f"{name}-{label}"} for name in ("a", "b")]
        return snapshot(label, held, clients=clients)

    left, right = both("test"), both("prod")
    assert len(run(left, right).comparisons[0].unpaired) == 4
    text = (
        "roles:\n  main: {test: /subscriptions/test-1, prod: /subscriptions/prod-2}\n"
        "  desk: {test: client/a-test, prod: client/b-prod}\n"
    )
    drift = run(left, right, role_map=load_map(written(tmp_path, text), [left, right]))
    assert ("main", "test-1", "prod-2", "map") in pairs(drift, "subscriptions")
    assert drift.comparisons[0].unpaired == []
    assert [(one.role, one.left, one.right) for one in drift.comparisons[0].pairs if one.type == "client"] == [
        ("desk", "client/a-test", "client/b-prod")
    ]


def test_several_of_one_role_are_to_have_roles_of_their_own(tmp_path: Path) -> None:
    left = accounts_in("test", ("a", "eastus"), ("b", "westeurope"))
    right = accounts_in("prod", ("c", "centralus"), ("d", "swedencentral"))
    text = "roles:\n  voice: {test: [a, b], prod: [c, d]}\n"
    drift = run(left, right, role_map=load_map(written(tmp_path, text), [left, right]))
    assert {doubt.reason for doubt in drift.comparisons[0].unpaired if doubt.side == "left"} == {
        "by map it could be any of c, d of prod; give each pair a role of its own in --map"
    }


def test_the_children_of_what_is_missing_are_told_with_it() -> None:
    left, right = estate("test"), snapshot("prod", [])
    told = changes(left, right)
    assert ("microsoft.cognitiveservices/accounts", "removed") in [(change.type, change.kind) for change in told]
    assert not [change for change in told if "/accounts/" in change.type or "diagnostic" in change.type]


def test_shared_resources_pair_by_id() -> None:
    hub = {
        "id": "/subscriptions/hub/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/privatelink.openai.azure.com"
    }
    left, right = snapshot("test", [hub]), snapshot("prod", [hub])
    assert [(pair.type, pair.by) for pair in run(left, right).comparisons[0].pairs] == [
        ("microsoft.network/privatednszones", "id")
    ]


def test_the_same_label_without_a_common_account_is_not_one_environment() -> None:
    left = snapshot("default", [account("test", "voice-test")])
    right = snapshot("default", [account("prod", "voice-test")])
    drift = run(left, right)
    assert not drift.comparisons[0].over_time
    assert "share no account" in drift.warnings[0]
    assert len(pairs(drift)) == 1


def _landing_zone(label: str, number: int) -> Snapshot:
    """Two subscriptions with groups of one name each, and things of one name in them, as a platform team hands them out."""
    resources: list[dict[str, Any]] = []
    for offset, what in enumerate(("voice", "chat")):
        sub = f"/subscriptions/{number}{offset}000000-0000-4000-8000-000000000000"
        alerts = f"{sub}/resourceGroups/observability/providers/Microsoft.Insights"
        resources += [
            {"id": sub, "displayName": f"Lodge {what} {label}"},
            {"id": f"{alerts}/actionGroups/oncall", "properties": {"enabled": True, "receivers": offset + 1}},
            {
                "id": f"{sub}/resourceGroups/app/providers/Microsoft.CognitiveServices/accounts/lodge-{what}-{label}",
                "kind": "OpenAI",
                "location": "eastus2",
                "properties": {"endpoint": f"https://lodge-{what}-{label}.openai.azure.com/"},
            },
        ]
    return snapshot(label, resources)


def test_two_subscriptions_with_groups_of_one_name_pair_by_what_the_subscriptions_are_called() -> None:
    drift = run(_landing_zone("test", 1), _landing_zone("prod", 2))
    assert drift.comparisons[0].unpaired == []
    assert [by for *_, by in pairs(drift, "actiongroups")] == ["name and subscription"] * 2
    assert not [change for change in drift.comparisons[0].changes if change.decision == "drift"]


def test_a_doubt_between_things_of_one_name_says_where_they_are() -> None:
    def unnamed(snap: Snapshot) -> Snapshot:
        bare = [
            {key: held for key, held in one.items() if key != "displayName"}
            for one in snap.resources
            if "/accounts/" not in one["id"]
        ]
        return snapshot(snap.environment, bare)

    found = run(unnamed(_landing_zone("test", 1)), unnamed(_landing_zone("prod", 2))).comparisons[0].unpaired
    reasons = [one.reason for one in found if one.type.endswith("actiongroups")]
    assert reasons
    assert all(
        "oncall in group observability of subscription 2" in one or "of subscription 1" in one for one in reasons
    )


@pytest.mark.parametrize(
    ("test", "prod", "same"),
    [
        ("https://kv-voice-test.vault.azure.net/", "https://kv-voice-prod.vault.azure.net/", True),
        ("https://kv-voice.vault.azure.net/", "https://kv-voice.vault.azure.net/", True),
        # One vault that both use is the same, whatever it is called.
        ("https://kv-voice-prod.vault.azure.net/", "https://kv-voice-prod.vault.azure.net/", True),
        ("https://kv-voice-prod.vault.azure.net/", "https://kv-voice-test.vault.azure.net/", False),
        ("https://kv-voice-test.vault.azure.net/", "https://kv-lodge-prod.vault.azure.net/", False),
    ],
)
def test_a_uri_that_carries_the_environment_is_no_drift(test: str, prod: str, same: bool) -> None:
    def vault(uri: str) -> dict[str, Any]:
        return {"encryption": {"keySource": "Microsoft.KeyVault", "keyVaultProperties": {"keyVaultUri": uri}}}

    left = accounts_in("test", ("voice-test", "eastus2"), **vault(test), defaultProject="t", associatedProjects=["t"])
    right = accounts_in(
        "prod", ("voice-prod", "eastus2"), **vault(prod), defaultProject="p", associatedProjects=["p", "q"]
    )
    found = [change.path for change in changes(left, right)]
    assert found == ([] if same else ["/properties/encryption/keyVaultProperties/keyVaultUri"])

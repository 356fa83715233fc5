"""Shards joined, and copies that can be shown to others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudit.azure import arm_id
from rtaudit.collect import Shard
from rtaudit.errors import InputError, UsageError
from rtaudit.snapshot import Snapshot, dump, load
from rtaudit.snapshot.files import parse
from rtaudit.snapshot.merge import merge
from rtaudit.snapshot.redact import redact, shown
from tests.collect.places import strings
from tests.collect.support import ENDPOINT, SUB, SUB2, Cloud, account, account_id, deployment, gather, private_endpoint

SAMPLES = Path(__file__).parents[2] / "snapshots"


def _busy(cloud: Cloud) -> None:
    """Ten accounts in two regions with an endpoint each, and accounts of other kinds."""
    base = f"/subscriptions/{SUB}/providers"
    rows = [{**account(f"a{n}"), "location": ("eastus2", "swedencentral")[n % 2]} for n in range(10)]
    others = [account(f"ears{n}", kind="SpeechServices") for n in range(5)]
    cloud.lists[f"{base}/microsoft.cognitiveservices/accounts".lower()] = [*rows, *others]
    cloud.lists[f"{base}/microsoft.network/privateendpoints".lower()] = [
        private_endpoint(f"{ENDPOINT}{n}", account_id(f"a{n}")) for n in range(10)
    ]
    for row in rows:
        cloud.lists[f"{row['id']}/deployments".lower()] = [deployment(row["id"], "d", f"model-{row['name']}")]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shards_merged_are_a_single_run(cloud: Cloud, count: int) -> None:
    _busy(cloud)
    whole = gather(cloud).snapshot
    shards = [gather(cloud, shard=Shard(number, count)).snapshot for number in range(1, count + 1)]
    merged = merge(list(reversed(shards)))
    assert merged.document()["scope"] == whole.document()["scope"]
    assert merged.digest == whole.digest
    if count > 1:
        owned = [{key for key in map(_key, shard.resources) if "/accounts/a" in key} for shard in shards]
        assert sum(map(len, owned)) == len(set().union(*owned)) > 0


def _key(resource: dict[str, Any]) -> str:
    return arm_id.key(resource["id"])


def test_each_account_is_read_by_one_shard_only(cloud: Cloud) -> None:
    _busy(cloud)
    for number in (1, 2, 3):
        gather(cloud, shard=Shard(number, 3))
    asked = [path for path in cloud.paths() if path.endswith("/deployments")]
    assert len(asked) == len(set(asked)) == 10


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/2/3", "", "1/99999999999999999999999"])
def test_what_is_no_shard_is_said(text: str) -> None:
    with pytest.raises(UsageError):
        Shard.parse(text)


def _changed(snapshot: Snapshot, **scope: object) -> Snapshot:
    return replace(snapshot, scope={**snapshot.scope, **scope})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda one, two: [one], "shard 2/2 is missing"),
        (lambda one, two: [one, one, two], "twice"),
        (lambda one, two: [one, _changed(two, shard="2/3")], "not the shards of one"),
        (lambda one, two: [one, _changed(two, shard=None)], "not the shards of one"),
        (lambda one, two: [one, _changed(two, tenant="x")], "differ in their tenant"),
        (lambda one, two: [one, _changed(two, aspects=["accounts"])], "differ in their choice of aspects"),
        (lambda one, two: [one, _changed(two, subscriptions=[SUB2])], "different subscriptions"),
        (lambda one, two: [one, replace(two, environment="other")], "environment"),
        (lambda one, two: [_changed(one, shard=None), _changed(two, shard=None)], "in more than one"),
        (lambda one, two: [], "nothing to merge"),
    ],
)
def test_what_does_not_belong_together_is_not_merged(
    cloud: Cloud, spoil: Callable[[Snapshot, Snapshot], list[Snapshot]], message: str
) -> None:
    one, two = (gather(cloud, shard=Shard(number, 2)).snapshot for number in (1, 2))
    with pytest.raises(InputError, match=message):
        merge(spoil(one, two))


def test_snapshots_of_different_subscriptions_are_one_environment() -> None:
    parts = [load(SAMPLES / "test.json"), load(SAMPLES / "prod.json")]
    parts = [replace(part, environment="all") for part in parts]
    merged = merge(parts)
    assert merged.scope["subscriptions"] == sorted(name for part in parts for name in part.scope["subscriptions"])
    assert {_key(one) for one in merged.resources} == {_key(one) for part in parts for one in part.resources}


def test_of_two_api_versions_the_older_one_stands_whichever_came_first() -> None:
    def part(version: str) -> Snapshot:
        return Snapshot.of("all", {"aspects": ["accounts"]}, [], collection={"apiVersions": {"T": version}})

    for versions in (("2025-06-01", "2026-05-01"), ("2026-05-01", "2025-06-01")):
        # What the older one cannot show was not seen everywhere.
        assert merge([part(one) for one in versions]).collection["apiVersions"] == {"T": "2025-06-01"}


def test_a_redacted_copy_names_nobody() -> None:
    for name in ("dev", "test", "prod"):
        before = load(SAMPLES / f"{name}.json")
        text = dump(redact(before)).lower()
        words = {
            *before.scope["subscriptions"],
            before.scope["tenant"],
            before.collection["principal"],
            "lanternhouse",
            "10.40.",
        }
        words |= {arm_id.name_of(one["id"]) for one in before.resources if "/accounts/" in one["id"]} - _public(before)
        words |= {str(arm_id.group_of(one["id"])) for one in before.resources if arm_id.group_of(one["id"])}
        words |= {str(value) for one in before.resources for value in (one.get("tags") or {}).values()} - {
            name,
            "true",
            "false",
            "",
        }
        for word in words:
            assert word.lower() not in text, word


def _public(snapshot: Snapshot) -> set[str]:
    """Names that are Azure's own or a model's."""
    models = {str((one.get("properties") or {}).get("model", {}).get("name")) for one in snapshot.resources}
    names = {arm_id.name_of(one["id"]) for one in snapshot.resources}
    return (
        models
        | {name for name in names if name.startswith("Microsoft.") or name.lower() in {"default", "models", "usages"}}
        | {name for name in names if name in models or any(name == model for model in models)}
    )


def test_a_redacted_copy_is_judged_alike_and_still_differs_alike() -> None:
    from datetime import date

    from rtaudit.policy.check import check
    from rtaudit.policy.packs import load_policies

    packs = load_policies(["production"])
    for name in ("dev", "test", "prod"):
        before = load(SAMPLES / f"{name}.json")
        reports = [check([one], packs, as_of=date(2026, 11, 22)).summary for one in (before, redact(before))]
        assert reports[0] == reports[1]


def test_copies_made_with_one_key_compare_and_others_do_not() -> None:
    before, key = load(SAMPLES / "prod.json"), b"k" * 32
    assert redact(before, key).digest == redact(before, key).digest
    ids = [{_key(one) for one in redact(before).resources} for _ in range(2)]
    assert not {one for one in ids[0] & ids[1] if "/resourcegroups/" in one}
    other = redact(replace(before, environment="prod2"), key)
    same = {_key(one) for one in redact(before, key).resources} & {_key(one) for one in other.resources}
    assert len(same) > len(before.resources) / 2


def test_a_key_in_a_file_is_its_owners_alone(rtaudit: Callable[..., Any], tmp_path: Path) -> None:
    words = ("snapshot", "redact", str(SAMPLES / "test.json"), "--key", "redaction.key")
    first, second = rtaudit(*words), rtaudit(*words)
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert (tmp_path / "redaction.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "redaction.key").read_text().strip() not in first.stdout
    (tmp_path / "redaction.key").write_text("short\n")
    assert "holds no key" in rtaudit(*words).stderr
    assert rtaudit(*words[:-1], "no/folder/key").returncode == 3


@pytest.mark.parametrize("properties", [None, {}])
def test_a_resource_without_properties_is_redacted(properties: Any) -> None:
    kinds = (
        "Authorization/roleDefinitions/r",
        "CognitiveServices/accounts/a",
        "CognitiveServices/accounts/a/deployments/d",
    )
    rows = [{"id": f"/subscriptions/{SUB}/providers/Microsoft.{kind}", "properties": properties} for kind in kinds]
    made = redact(Snapshot.of("x", {"subscriptions": [SUB], "aspects": ["accounts"]}, rows))
    assert [one["properties"] for one in made.resources] == [properties] * 3


_LETTERS = st.text("ghijklmnopqrstuvw", min_size=4, max_size=8)
_FORMS = [
    "{}", "{} {}", "{}@{}.example", "https://{}.{}.io/{}", "{}.openai.azure.com", "10.1.2.3:8080/{}", "{}_{}-{}", "gpt-4o.ft-{}-{}",
    "gpt-{}", "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.CognitiveServices/accounts/{}", "{}#EXT#@{}.onmicrosoft.com",
    "/providers/{}.{}/things/{}", "sip:{}@{}",
]  # fmt: skip


def _shown_fields(parent: str, field: str) -> bool:
    return (
        field.lower() in shown.FIELDS | shown.AUTH
        or (parent.lower() in shown.NAMED and field.lower() in {"name", "value"})
        or parent.lower() == "capabilities"
    )


_PLANTABLE = [
    (name, place)
    for name in ("dev", "test", "prod")
    for place in strings(json.loads((SAMPLES / f"{name}.json").read_text()))
    if place[0] in ("resources", "gaps", "scope", "collection", "environment")
    and not _shown_fields(*([""] + [step for step in place if isinstance(step, str)])[-2:])
    and place[-1] != "roleName"  # of a built-in role, as all of the samples' are: Azure's own word
]


@given(st.sampled_from(_PLANTABLE), st.sampled_from(_FORMS), st.lists(_LETTERS, min_size=3, max_size=3, unique=True))
def test_of_a_text_that_is_not_on_the_list_nothing_survives(place: Any, form: str, words: list[str]) -> None:
    name, path = place
    document = json.loads((SAMPLES / f"{name}.json").read_text())
    at = document
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = form.format(*words)
    if isinstance(at, dict) and path[-1] != "id" and path[0] == "resources":
        at[f"tags {words[0]}"] = "x"
        document["resources"][path[1]]["tags"] = {words[0]: words[1], f"{words[2]}-owner": "x"}
    try:
        before = parse(json.dumps(document), "planted.json")
    except InputError:
        return
    text = dump(redact(before)).lower()
    for word in words:
        for start in range(len(word) - 3):
            part = word[start : start + 4]
            assert part not in text or part in _KNOWN, (part, path)


_KNOWN = dump(redact(Snapshot.of("x", {}, []))) + "".join(
    dump(redact(load(SAMPLES / f"{name}.json"))).lower() for name in ("dev", "test", "prod")
)
"""What copies hold anyway: Azure's words."""


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("gpt-realtime-mini-2025-12-15", True), ("gpt-4o-realtime-preview", True), ("gpt-4.1", True), ("gpt-35-turbo-16k", True),
        ("o4-mini", True), ("gpt-4contoso", False), ("gpt-4o-9lanternhouse", False), ("gpt-4.lantern.house", False), ("o1-o2contoso", False),
    ],
)  # fmt: skip
def test_a_name_behind_a_digit_is_no_model_of_azure(name: str, known: bool) -> None:
    assert shown.is_model(name) is known


def test_networks_keep_their_kind_and_size() -> None:
    rules = ["10.1.2.3", "10.1.2.0/24", "8.8.4.4", "52.1.2.0/28", "0.0.0.0/0", "172.16.4.5", "fd12::1", "10.0.0.0/8"]
    row = {**account(), "properties": {"networkAcls": {"ipRules": [{"value": rule} for rule in rules]}}}
    scope = {"subscriptions": [SUB], "aspects": ["accounts"], "tenant": "t"}
    found = [
        one["value"]
        for one in redact(Snapshot.of("x", scope, [row])).resources[0]["properties"]["networkAcls"]["ipRules"]
    ]

    def kind(text: str) -> tuple[int, bool]:
        return ip_network(text).prefixlen, ip_network(text).is_private

    assert sorted(map(kind, found)) == sorted(map(kind, rules))
    assert not set(found) & (set(rules) - {"0.0.0.0/0", "10.0.0.0/8"})


def test_the_commands(rtaudit: Callable[..., Any], cloud: Cloud, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"{number}.json").write_text(dump(gather(cloud, shard=Shard(number, 2)).snapshot))
    done = rtaudit("snapshot", "merge", "1.json", "2.json", "-o", "all.json")
    assert done.returncode == 0, done.stderr
    assert load(tmp_path / "all.json").digest == gather(cloud).snapshot.digest
    assert rtaudit("snapshot", "merge", "1.json").returncode == 3
    done = rtaudit("snapshot", "redact", "all.json")
    assert done.returncode == 0
    assert SUB not in done.stdout
    assert json.loads(done.stdout)["schema"] == "rtaudit.snapshot/1"

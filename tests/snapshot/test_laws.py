"""Laws of snapshots: the same Azure, the same bytes; what is volatile or unordered says nothing."""

from __future__ import annotations

import copy
import hashlib
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudit.assets import snapshots
from rtaudit.documents import canonical
from rtaudit.snapshot import ASPECTS, Gap, Snapshot, dump, load, write
from rtaudit.snapshot.files import parse
from rtaudit.snapshot.gaps import GAP_REASONS
from rtaudit.snapshot.order import SET_LISTS

_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8)
_NAME = st.text(alphabet="abcXYZ019-._ é", min_size=1, max_size=8).filter(lambda name: name.strip() not in ("", "."))
_LEAF = st.none() | st.booleans() | st.integers(-999, 999) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
_KEY = _TEXT | st.sampled_from(sorted(SET_LISTS))
_JSON = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEY, inner, max_size=4), max_leaves=15
)
_RESOURCE = st.builds(
    lambda name, properties: {
        "id": f"/subscriptions/s/resourceGroups/g/providers/Microsoft.X/ys/{name}",
        "properties": properties,
    },
    _NAME,
    st.dictionaries(_KEY, _JSON, max_size=4),
)
_GAP = st.builds(
    Gap,
    scope=_NAME.map(lambda name: f"/subscriptions/{name}"),
    aspect=st.sampled_from(sorted(ASPECTS)),
    reason=st.sampled_from(GAP_REASONS),
    status=st.none() | st.sampled_from([403, 404, 429, 500]),
    message=st.none() | _TEXT,
)
_PARTS = st.fixed_dictionaries(
    {
        "environment": st.just("prod"),
        "scope": st.fixed_dictionaries(
            {"aspects": st.lists(st.sampled_from(sorted(ASPECTS)), unique=True).map(sorted)}
        ),
        "resources": st.lists(_RESOURCE, max_size=4),
        "gaps": st.lists(_GAP, max_size=4),
        "collection": st.dictionaries(st.sampled_from(["note", "principal"]), _LEAF, max_size=2),
    }
)


@given(_PARTS)
def test_loaded_and_dumped_it_has_the_same_bytes(parts: dict[str, Any]) -> None:
    snapshot = Snapshot.of(**parts)
    text = dump(snapshot)
    again = parse(text, "f")
    assert dump(again) == text
    assert again.digest == snapshot.digest == again.recorded_digest
    # Canonical once is canonical for ever.
    assert (
        dump(Snapshot.of(again.environment, again.scope, again.resources, again.gaps, again.clients, again.collection))
        == text
    )
    assert text.endswith("}\n")


def _shuffled(value: Any, chance: random.Random, name: str = "") -> Any:
    """`value` with the keys of every mapping, and every list that is a set, in another order."""
    if isinstance(value, dict):
        items = [(key, _shuffled(item, chance, key)) for key, item in value.items()]
        chance.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        items = [_shuffled(item, chance) for item in value]
        if name in SET_LISTS:
            chance.shuffle(items)
        return items
    return value


@given(_PARTS, st.integers(0, 2**32).map(random.Random))
def test_order_says_nothing(parts: dict[str, Any], chance: random.Random) -> None:
    # Of a resource that comes twice the later one counts, so what comes twice here must be the same.
    parts["resources"] = list({one["id"].lower(): one for one in parts["resources"]}.values())
    snapshot = Snapshot.of(**parts)
    other = _shuffled(copy.deepcopy(parts["resources"]), chance)
    gaps = list(parts["gaps"])
    chance.shuffle(other)
    chance.shuffle(gaps)
    shuffled = Snapshot.of(parts["environment"], _shuffled(parts["scope"], chance), other, [*gaps, *gaps], (), {})
    assert shuffled.digest == snapshot.digest


def test_the_order_of_a_list_that_is_no_set_is_kept() -> None:
    resource = {"id": "/subscriptions/s", "properties": {"anything": ["b", "a"], "groupIds": ["b", "a"]}}
    made = Snapshot.of("prod", {"aspects": []}, [resource]).resources[0]["properties"]
    assert made == {"anything": ["b", "a"], "groupIds": ["a", "b"]}
    assert resource["properties"] == {"anything": ["b", "a"], "groupIds": ["b", "a"]}


@given(_PARTS)
def test_the_digest_is_over_the_canonical_json_of_the_rest(parts: dict[str, Any]) -> None:
    document = Snapshot.of(**parts).document()
    rest = {name: value for name, value in document.items() if name not in ("collection", "digest")}
    assert document["digest"] == "sha256:" + hashlib.sha256(canonical(rest).encode("ascii")).hexdigest()


@given(_PARTS, st.dictionaries(_TEXT, _JSON, max_size=3))
def test_the_volatile_block_is_no_part_of_the_digest(parts: dict[str, Any], collection: dict[str, Any]) -> None:
    snapshot = Snapshot.of(**parts)
    assert Snapshot.of(**{**parts, "collection": collection}).digest == snapshot.digest
    if collection != parts["collection"]:
        assert dump(Snapshot.of(**{**parts, "collection": collection})) != dump(snapshot)


@given(_PARTS)
def test_everything_else_is_part_of_it(parts: dict[str, Any]) -> None:
    digest = Snapshot.of(**parts).digest
    resource = {"id": "/subscriptions/another", "properties": {}}
    gap = Gap("/subscriptions/another", "locks", "denied")
    for change in (
        {"environment": "test"},
        {"scope": {**parts["scope"], "tenant": "t"}},
        {"resources": [*parts["resources"], resource]},
        {"gaps": [*parts["gaps"], gap]},
        {"clients": [{"name": "web"}]},
    ):
        assert Snapshot.of(**{**parts, **change}).digest != digest


def test_a_region_s_rows_are_sorted_by_kind_format_name_and_version() -> None:
    def row(kind: str, name: str, version: str) -> dict[str, Any]:
        return {"model": {"version": version, "name": name, "format": "OpenAI"}, "kind": kind}

    rows = [
        row("OpenAI", "b", "1"),
        row("AIServices", "b", "2"),
        row("AIServices", "b", "1"),
        row("AIServices", "a", "9"),
    ]
    where = "/subscriptions/s/providers/Microsoft.CognitiveServices/locations/eastus2"
    usages = [{"name": {"value": name}, "limit": 1} for name in ("z", "a")]
    snapshot = Snapshot.of(
        "prod", {"aspects": []}, [{"id": f"{where}/models", "value": rows}, {"id": f"{where}/usages", "value": usages}]
    )
    found = [(one["kind"], one["model"]["name"], one["model"]["version"]) for one in snapshot.resources[0]["value"]]
    assert found == [("AIServices", "a", "9"), ("AIServices", "b", "1"), ("AIServices", "b", "2"), ("OpenAI", "b", "1")]
    assert [one["name"]["value"] for one in snapshot.resources[1]["value"]] == ["a", "z"]


def test_rows_that_are_none_are_sorted_too() -> None:
    where = "/subscriptions/s/providers/Microsoft.CognitiveServices/locations/eastus2/models"
    row = {"kind": "a", "model": 5, "name": {}}
    made = Snapshot.of("prod", {"aspects": []}, [{"id": where, "value": [row, "x", None, 5]}])
    assert made.resources[0]["value"] == ["x", 5, None, row]


def test_resources_stand_by_id_in_lower_case_and_once() -> None:
    made = Snapshot.of(
        "prod", {"aspects": []}, [{"id": "/B"}, {"id": "/a", "n": 1}, {"id": "/A/", "n": 2}, {"id": "/C"}]
    )
    assert [one["id"] for one in made.resources] == ["/A/", "/B", "/C"]


@pytest.mark.parametrize("label", ["dev", "test", "prod"])
def test_the_samples_are_canonical_and_their_digest_is_of_any_order(label: str, tmp_path: Path) -> None:
    file = snapshots() / f"{label}.json"
    snapshot = load(file)
    write(snapshot, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == file.read_bytes()
    document = json.loads(file.read_text())
    chance = random.Random(7)
    resources = _shuffled(document["resources"], chance)
    chance.shuffle(resources)
    again = Snapshot.of(snapshot.environment, snapshot.scope, resources, snapshot.gaps, snapshot.clients)
    assert again.digest == snapshot.digest == document["digest"]


def test_times_and_api_versions_are_read_from_the_collection_block() -> None:
    runs = [
        {"startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:01:00Z"},
        {"startedAt": "2026-01-02T00:00:00Z"},
    ]
    made = Snapshot.of(
        "prod", {"aspects": []}, [], collection={"runs": runs, "apiVersions": {"Microsoft.X/Ys": "2026-05-01"}}
    )
    assert made.collected_at == "2026-01-02T00:00:00Z"
    assert made.api_version("microsoft.x/ys") == "2026-05-01"
    assert made.api_version("microsoft.x/zs") is None
    assert Snapshot.of("prod", {"aspects": []}, []).collected_at is None
    assert Snapshot.of("prod", {"aspects": []}, [], collection={"runs": [{"finishedAt": 5}]}).collected_at is None

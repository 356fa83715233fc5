from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtaudit.drift.categories import category_of
from rtaudit.drift.compare import differences, pointer, raw_at
from rtaudit.drift.model import CATEGORIES

ACCOUNT = "microsoft.cognitiveservices/accounts"
DEPLOYMENT = ACCOUNT + "/deployments"


def told(left: Any, right: Any, resource_type: str = ACCOUNT) -> list[tuple[str, str, Any, Any]]:
    return [(one.path, one.kind, one.before, one.after) for one in differences(left, right, resource_type)]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ({}, {}, []),
        ({"a": 1}, {"a": 2}, [("/a", "changed", 1, 2)]),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": True}, {"a": "true"}, [("/a", "changed", True, "true")]),
        ({"a": "X"}, {"a": "x"}, []),
        ({"tags": {"a": "X"}}, {"tags": {"a": "x"}}, [("/tags/a", "changed", "X", "x")]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [2]}}, [("/a/b", "changed", [1, 2], [2])]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, [("/a", "changed", [{"b": 1}], [{"b": 2}])]),
        ({}, {"a": {"b": 1, "c": {"d": 2}}}, [("/a/b", "added", None, 1), ("/a/c/d", "added", None, 2)]),
        ({"a": {"b": 1}}, {}, [("/a/b", "removed", 1, None)]),
        ({"a": {"b": 1}}, {"a": "b"}, [("/a", "changed", {"b": 1}, "b")]),
        ({"__private": 1}, {"__private": 2}, [("/__private", "changed", 1, 2)]),
        ({"tags": {"a/b~c": "1"}}, {"tags": {"a/b~c": "2"}}, [("/tags/a~1b~0c", "changed", "1", "2")]),
        ({"tags": {"it's [\"x\"]": "1"}}, {"tags": {"it's [\"x\"]": "2"}}, [("/tags/it's [\"x\"]", "changed", "1", "2")]),
        ({"a": "\0list [1]"}, {"a": [1]}, [("/a", "changed", "\0list [1]", [1])]),
    ],
)  # fmt: skip
def test_each_difference_has_its_path(left: Any, right: Any, expected: Any) -> None:
    found = told(left, right)
    assert found == expected
    assert sorted(path for path, *_ in told(right, left)) == sorted(path for path, *_ in expected)


def test_what_follows_from_another_change_is_told_once() -> None:
    left = {
        "sku": {"capacity": 1},
        "properties": {"rateLimits": [1], "model": {"name": "a"}, "capabilities": {"x": "1"}},
    }
    right = {
        "sku": {"capacity": 2},
        "properties": {"rateLimits": [2], "model": {"name": "b"}, "capabilities": {"x": "2"}},
    }
    assert [path for path, *_ in told(left, right, DEPLOYMENT)] == ["/properties/model/name", "/sku/capacity"]
    right["sku"]["capacity"] = 1
    assert "/properties/rateLimits" in [path for path, *_ in told(left, right, DEPLOYMENT)]


FIELDS = st.sampled_from(["a", "b", "tags", "__c"])
VALUES = st.recursive(
    st.sampled_from(["x", "X", "y", "left", "right", True, False, None, 0, 1, 1.0, 2.5, 7]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(FIELDS, inner, min_size=1, max_size=3),
    max_leaves=8,
)


def _plainly(left: Any, right: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str, Any, Any]]:
    """The same, field by field."""
    absent = object()
    for name in {**left, **right}:
        one, other, at = left.get(name, absent), right.get(name, absent), (*path, name)
        same = isinstance(one, str) and isinstance(other, str) and at[0] != "tags" and one.lower() == other.lower()
        if same or one == other:
            continue
        whole = [{} if side is absent else side for side in (one, other)]
        if all(isinstance(side, dict) for side in whole):
            yield from _plainly(*whole, at)
        else:
            kind = "added" if one is absent else "removed" if other is absent else "changed"
            yield pointer(at), kind, None if one is absent else one, None if other is absent else other


@given(*[st.dictionaries(FIELDS, VALUES, max_size=4)] * 2)
@settings(deadline=None, max_examples=300)
def test_what_differs_is_found_whatever_else_was_compared_before(left: Any, right: Any) -> None:
    assert told(left, right) == sorted(_plainly(left, right))


def test_pointers_lead_back() -> None:
    value = {"tags": {"a/b~c": "found"}}
    assert raw_at(value, pointer(("tags", "a/b~c"))) == "found"
    assert raw_at(value, "/tags/none/deeper") is None


@pytest.mark.parametrize(
    ("resource_type", "path", "category"),
    [
        (ACCOUNT, "/tags/env", "tags"),
        (ACCOUNT, "/properties/publicNetworkAccess", "network"),
        (ACCOUNT, "/properties/disableLocalAuth", "identity"),
        (ACCOUNT, "/properties/encryption/keySource", "other"),
        (ACCOUNT, "/properties/endpointless", "other"),
        (DEPLOYMENT, "", "deployments"),
        (DEPLOYMENT, "/properties/model/version", "models"),
        (DEPLOYMENT, "/sku/capacity", "quota"),
        (DEPLOYMENT, "/properties/raiPolicyName", "contentSafety"),
        (ACCOUNT + "/raipolicies", "/properties/mode", "contentSafety"),
        ("microsoft.network/privateendpoints/privatednszonegroups", "", "dns"),
        ("microsoft.network/privateendpoints", "", "privateEndpoints"),
        ("microsoft.network/privatednszones/a", "", "dns"),
        ("microsoft.insights/diagnosticsettings", "/properties/logs", "logging"),
        ("microsoft.authorization/roleassignments", "/rolesHeld/User", "identity"),
        ("client", "/transport", "client"),
    ],
)
def test_categories(resource_type: str, path: str, category: str) -> None:
    assert category_of(resource_type, path) == category
    assert category in CATEGORIES

"""Whatever is where Azure has another type of value: a report, or one clear error; never a crash."""

from __future__ import annotations

import contextlib
import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudit import assets
from rtaudit.errors import InputError
from rtaudit.policy import check, load_policies
from rtaudit.policy.packs import Pack
from rtaudit.report import dump
from rtaudit.snapshot.files import parse
from tests.policy.judging import TODAY

JUNK: list[Any] = [
    None, True, 0, -1, 1.5, "", "x", "/", "\u202e\x1b[31m<b>=1+1", [], [None], [1], ["x"], [[]], [{}], {}, {"id": 5},
    {"a": {"b": []}}, "2026-01-01", "/subscriptions/x", "0.0.0.0/0", "9" * 400,
]  # fmt: skip
BASE = (assets.snapshots() / "prod.json").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def packs() -> list[Pack]:
    return load_policies(
        ["regulated"], {"approvedModels": ["x"], "allowedRegions": ["eastus2"], "namePattern": "[a-z]+"}
    )


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*path, key)
        yield from _places(value[key], (*path, key))


PLACES = [path for path in _places(json.loads(BASE)) if len(path) > 1]


@given(chance=st.integers(0, 2**32).map(random.Random))
def test_junk_is_judged_or_refused(chance: random.Random, packs: list[Pack]) -> None:
    document = json.loads(BASE)
    for _ in range(chance.choice([1, 3, 10])):
        *above, last = chance.choice(PLACES)
        holder = document
        with contextlib.suppress(KeyError, IndexError, TypeError):  # what stood there was replaced before
            for key in above:
                holder = holder[key]
            if chance.random() < 0.2:
                del holder[last]
            else:
                holder[last] = copy.deepcopy(chance.choice(JUNK))
    with contextlib.suppress(InputError):
        snapshot = parse(json.dumps(document), "f.json")
        made = check([snapshot], packs, as_of=TODAY)
        assert json.loads(dump(made))["verdict"] == made.verdict

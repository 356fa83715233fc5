"""A check and a diff of twice the estate look at twice as much of it, and at no more: counted, not timed."""

from __future__ import annotations

import copy
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, ClassVar

import pytest

from rtaudit import assets
from rtaudit.api.checks import Checker
from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import ACCOUNT, MODELS, RESOURCE_TYPES, USAGES
from rtaudit.contract.load import load_contract
from rtaudit.documents.wildcards import wildcards
from rtaudit.drift import diff, load_policy
from rtaudit.impact.join import join_rules
from rtaudit.inventory import INVENTORIES
from rtaudit.policy import Waiver, check, load_policies
from rtaudit.policy.waivers import apply_waivers
from rtaudit.render import render
from rtaudit.render import whole as whole_text
from rtaudit.report import Report
from rtaudit.snapshot import ASPECTS, Gap, Snapshot
from rtaudit.subjects import EstateIndex

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from whole import whole

TODAY = date(2026, 11, 22)
COPIES = (20, 40)
"""Copies of a sample of four accounts: 80 and 160 accounts, ten subscriptions to a hundred copies."""


class Counted(dict[str, Any]):
    """A mapping of a snapshot that counts how often it is looked at; `calls` counts functions, for what is looked at is often copied."""

    looks: ClassVar[int] = 0

    def __getitem__(self, key: str) -> Any:
        Counted.looks += 1
        return dict.__getitem__(self, key)

    def get(self, key: str, default: Any = None) -> Any:  # type: ignore[override]
        Counted.looks += 1
        return dict.get(self, key, default)

    def items(self) -> Any:
        Counted.looks += 1
        return dict.items(self)


def counted(value: Any) -> Any:
    if isinstance(value, dict):
        return Counted({key: counted(held) for key, held in value.items()})
    return [counted(held) for held in value] if isinstance(value, list) else value


@cache
def estate(copies: int, label: str = "prod") -> Snapshot:
    made = whole(copies, subscriptions=copies // 10, environment=label)
    return Snapshot(label, made.scope, [counted(one) for one in made.resources], made.gaps, (), made.collection)


def _check(copies: int) -> None:
    check([estate(copies)], load_policies(["regulated"]), as_of=TODAY)


def _diff(copies: int) -> None:
    sides = [estate(copies, "test"), estate(copies)]
    join_rules(diff(sides, load_policy(None, TODAY), as_of=TODAY), sides, load_policies(["production"]), TODAY)


@cache
def _of_clients(copies: int) -> Snapshot:
    """An estate with a contract of each of its accounts, in one subscription: one zone is linked to every network."""
    made = whole(copies, subscriptions=1)
    stated = load_contract(assets.snapshots() / "clients" / "phone-bridge.yaml")
    named = [one["name"] for one in made.resources if arm_id.type_of(one["id"]) == ACCOUNT]
    return made.with_clients([{**stated, "name": f"of-{name}", "account": name, "environments": {}} for name in named])


def _clients(copies: int) -> None:
    check([_of_clients(copies)], load_policies(["client"]), as_of=TODAY)


@cache
def _of_assignments(copies: int) -> Snapshot:
    """An estate in one subscription, with as many assignments at the subscription as accounts, of a role that grants nothing."""
    made = whole(copies, subscriptions=1)
    subscription = f"/subscriptions/{made.scope['subscriptions'][0]}"
    role = {
        "id": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/reads-blobs",
        "properties": {"roleName": "reads blobs", "permissions": [{"actions": ["Microsoft.Storage/*/read"]}]},
    }
    assignments = [
        {
            "id": f"{subscription}/providers/Microsoft.Authorization/roleAssignments/a{number}",
            "properties": {"roleDefinitionId": role["id"], "principalId": f"p{number}", "scope": subscription},
        }
        for number in range(4 * copies)
    ]
    return replace(made, resources=[*made.resources, role, *assignments])


def _assignments(copies: int) -> None:
    check([_of_assignments(copies)], load_policies(["regulated"]), as_of=TODAY)


@cache
def _waivers(copies: int) -> list[Waiver]:
    """A waiver of each failure of an estate, by its id."""
    failed = [one for one in _report(copies).findings if one.outcome == "fail"]
    stated = [{"rule": one.rule, "resource": one.resource} for one in failed]
    return [
        Waiver(one["rule"], wildcards(one["resource"]), "fail", None, one, f"w.yaml:{line}")
        for line, one in enumerate(stated)
    ]


def _waive(copies: int) -> None:
    apply_waivers([replace(one) for one in _report(copies).findings], _waivers(copies), TODAY)


def _list(copies: int) -> None:
    """Every inventory; the catalogues and quotas are made as large as the estate."""
    estate = EstateIndex(_many_regions(copies))
    for inventory in INVENTORIES.values():
        assert inventory.rows(estate)


@cache
def _many_regions(copies: int) -> Snapshot:
    """An estate whose accounts are each in a region of their own, with this region's catalogue and quota, and a gap."""
    made, regions = estate(copies), []
    accounts = [one for one in made.resources if arm_id.type_of(one["id"]) == ACCOUNT]
    place = {arm_id.key(one["id"]): f"region{number}" for number, one in enumerate(accounts)}
    models, usages = (
        next(one for one in made.resources if arm_id.type_of(one["id"]) == kind) for kind in (MODELS, USAGES)
    )
    for key, region in place.items():
        at = f"/subscriptions/{arm_id.subscription_of(key)}/providers/Microsoft.CognitiveServices/locations/{region}"
        regions += [{**models, "id": f"{at}/models"}, {**usages, "id": f"{at}/usages"}]
    moved = [
        counted({**one, "location": place[arm_id.key(one["id"])]}) if arm_id.key(one["id"]) in place else one
        for one in made.resources
    ]
    gaps = [*made.gaps, *(Gap(key, "diagnostics", "denied", status=403) for key in place)]
    return Snapshot("prod", made.scope, [*moved, *regions], gaps, (), made.collection)


@cache
def _report(copies: int) -> Report:
    return check([estate(copies)], load_policies(["production"]), as_of=TODAY)


def _render(copies: int) -> None:
    """The report in every format that lists findings."""
    for name in ("table", "json", "sarif", "markdown", "csv", "html", "ocsf", "junit"):
        assert whole_text(render(_report(copies), name, show=("all",), snapshots=[estate(copies)]))


def _calls(work: Callable[[int], None], copies: int) -> Counter[str]:
    """How often each function of Python is called."""
    found: Counter[CodeType] = Counter()

    def count(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            found[frame.f_code] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work(copies)
    finally:
        sys.setprofile(before)
    return Counter(
        {f"{code.co_filename}:{code.co_firstlineno} {code.co_qualname}": calls for code, calls in found.items()}
    )


MADE: dict[Callable[[int], None], Callable[[int], Any]] = {
    _assignments: _of_assignments,
    _check: estate,
    _clients: _of_clients,
    _diff: estate,
    _list: _many_regions,
    _render: _report,
    _waive: _waivers,
}
"""What is measured -> what makes its estate."""


@pytest.mark.parametrize("work", MADE, ids=["assignments", "check", "clients", "diff", "list", "render", "waivers"])
def test_twice_the_estate_calls_each_function_twice_as_often(work: Callable[[int], None]) -> None:
    for copies in COPIES:
        assert MADE[work](copies)
    less, more = (_calls(work, copies) for copies in COPIES)
    assert more.total() > (20_000 if work is _waive else 100_000)
    # What is rare may fall into one half of the estate.
    assert {
        name: (less[name], calls) for name, calls in more.items() if calls > 5_000 and calls > 2.6 * less[name]
    } == {}


@pytest.mark.parametrize("work", [_check, _diff, _list], ids=["check", "diff", "list"])
def test_twice_the_estate_is_twice_the_work(work: Callable[[int], None]) -> None:
    looks = []
    for copies in COPIES:
        assert estate(copies).resources
        Counted.looks = 0
        work(copies)
        looks.append(Counted.looks)
    assert looks[0] > 10_000
    assert looks[1] < 2.15 * looks[0], looks


def test_a_finding_is_hashed_once_for_a_format() -> None:
    found = _report(COPIES[0]).findings
    hashed = sum(
        calls for name, calls in _calls(_render, COPIES[0]).items() if name.endswith((" digest", " _fingerprint"))
    )
    # Fingerprints of every finding for each of the formats that hold them, and a cause each.
    assert 0 < hashed <= 8 * len(found)


def test_a_policy_is_read_once_for_a_collection_and_its_check(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("schema: rtaudit.policy/1\nname: own\ntitle: Own\nextends: [production]\n")

    def prepare(_copies: int) -> None:
        how = Checker([str(tmp_path / "own.yaml")], params={"maxKeyReaders": 3})
        assert how.aspects(contracts=True) == how.aspects(contracts=True)
        assert how.packs(contracts=True) is how.packs(contracts=True)

    visits = [calls for name, calls in _calls(prepare, 0).items() if name.endswith("_Resolver.resolve")]
    assert visits == [2], "the named pack, and that of contracts"


def test_a_change_of_one_account_has_the_rules_judge_that_account() -> None:
    def judged(label: str, work: Callable[[int], None]) -> int:
        calls = _calls(work, COPIES[0])
        return sum(count for name, count in calls.items() if "/rtaudit/policy/" in name and name.endswith(label))

    def one_change(copies: int) -> None:
        before = estate(copies)
        resources = [copy.deepcopy(one) if arm_id.type_of(one["id"]) == ACCOUNT else one for one in before.resources]
        next(one for one in resources if arm_id.type_of(one["id"]) == ACCOUNT)["properties"]["disableLocalAuth"] = None
        sides = [before, replace(before, resources=resources)]
        join_rules(diff(sides, load_policy(None, TODAY), as_of=TODAY), sides, load_policies(["regulated"]), TODAY)

    assert 0 < judged(".truth", one_change) < len(estate(COPIES[0]).index.by_type[ACCOUNT]) / 2


def test_a_whole_estate_holds_every_type_that_is_read_by_default() -> None:
    held = {arm_id.type_of(one["id"]) for one in estate(10).resources}
    read = {row.key for row in RESOURCE_TYPES.values() if row.aspect and not ASPECTS[row.aspect].opt_in}
    assert {one for one in read - held if RESOURCE_TYPES[one].compared != "never"} == set()
    assert estate(10).gaps

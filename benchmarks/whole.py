"""Whole estates for measuring: N copies of a sample environment in several subscriptions, with every type that rules read.

`whole(copies, subscriptions, environment)` copies what the sample holds: role assignments, locks, alerts, private endpoints,
zones, links, records, diagnostics; and one read in 25 copies failed. The same arguments make the same bytes.
As a script: `python benchmarks/whole.py COPIES [SUBSCRIPTIONS [LABEL]] > FILE`.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from typing import Any

from rtaudit import assets
from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import ACCOUNT
from rtaudit.snapshot import Gap, Snapshot, dump, load

GAP_EVERY = 25
"""Of so many copies, the diagnostics of one account could not be read."""

_NAME = re.compile(r"\blh-([a-z]+-)")


def whole(copies: int, subscriptions: int = 10, environment: str = "prod") -> Snapshot:
    """A snapshot of `copies` copies of a sample, each as many accounts as the sample has, in `subscriptions` subscriptions."""
    sample = load(assets.snapshots() / f"{environment}.json")
    text = json.dumps(list(sample.resources), ensure_ascii=False)
    own = str(sample.scope["subscriptions"][0])
    ids = [own, *(str(uuid.uuid5(uuid.NAMESPACE_URL, f"{environment}/{number}")) for number in range(1, subscriptions))]
    resources: dict[str, dict[str, Any]] = {}
    gaps: list[Gap] = list(sample.gaps)
    for copy in range(copies):
        made = _NAME.sub(rf"lh-\g<1>{copy:05d}-", text).replace(own, ids[copy % subscriptions])
        accounts = []
        here = f"/subscriptions/{ids[copy % subscriptions]}"
        log_alert = _log_alert(here, copy)
        resources[arm_id.key(log_alert["id"])] = log_alert
        for resource in json.loads(made):
            # What is once in a subscription (its catalogue, its registrations) is the same for its copies.
            resources.setdefault(arm_id.key(resource["id"]), resource)
            if arm_id.type_of(resource["id"]) == ACCOUNT:
                accounts.append(resource["id"])
        if copy % GAP_EVERY == 1:
            gaps.append(Gap(accounts[0], "diagnostics", "denied", 403, "AuthorizationFailed"))
    scope = {**sample.scope, "subscriptions": sorted(ids)}
    return Snapshot.of(environment, scope, resources.values(), gaps, collection=sample.collection)


def _log_alert(subscription: str, copy: int) -> dict[str, Any]:
    """An alert on a log query, which the sample has none of."""
    name = f"lh-{copy:05d}-refused"
    query = "AzureDiagnostics | where ResultSignature == 429"
    return {
        "id": f"{subscription}/resourceGroups/lh-{copy:05d}-rg/providers/Microsoft.Insights/scheduledQueryRules/{name}",
        "name": name,
        "type": "Microsoft.Insights/scheduledQueryRules",
        "location": "eastus2",
        "properties": {
            "enabled": True,
            "scopes": [subscription],
            "criteria": {"allOf": [{"query": query, "operator": "GreaterThan", "threshold": 5}]},
            "actions": {"actionGroups": []},
        },
    }


if __name__ == "__main__":
    sys.stdout.write(dump(whole(int(sys.argv[1]), *map(int, sys.argv[2:3]), *sys.argv[3:4])))

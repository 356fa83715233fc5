"""Normalisation: makes resources comparable: `ignored_fields` are left out, names of the environment become roles."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from rtaudit.azure import arm_id, resource_types, shapes
from rtaudit.documents import canonical
from rtaudit.documents.json_values import mapping, mappings, properties, text
from rtaudit.drift import names
from rtaudit.drift.ignored_fields import DEFAULTS, INTERNAL_CAPABILITIES, dropped
from rtaudit.drift.sides import Resource, SideIndex
from rtaudit.snapshot.order import SET_LISTS
from rtaudit.snapshot.secrets import MASK

HOST = re.compile(r"(?<![\w.-])([a-z0-9][a-z0-9-]*)(?=(?:\.[a-z0-9-]+){2,})", re.IGNORECASE)
"""A host name; its group is the first label, which Azure takes from the account's name or subdomain."""
_ID = re.compile(r"/?(?:subscriptions/[^/]+(?:/|$)|providers/microsoft\.)", re.IGNORECASE)
_OWN_NAMES = frozenset(
    {
        "account",
        "basePolicyName",
        "blocklistName",
        "deployment",
        "model",
        "parentDeploymentName",
        "raiPolicyName",
        "spilloverDeploymentName",
        "transcriptionDeployment",
    }
)
"""Fields that hold the name of a thing of the same environment."""
_SPECIAL = _OWN_NAMES | {"location", "customSubDomainName", "tags", "userAssignedIdentities"}


_DROPPED, _PLAIN, _OTHER = "dropped", "plain", "other"
"""How a field is kept: not at all; as it is, unless its text says otherwise; or as its name asks for."""


class _Fields(dict[str, str]):
    """Name of a field -> how it is kept, worked out once. `deep`: the names that are dropped wherever they are."""

    def __init__(self, deep: frozenset[str]) -> None:
        super().__init__(dict.fromkeys(deep, _DROPPED))

    def __missing__(self, name: str) -> str:
        kept = _OTHER if name in _SPECIAL else _DROPPED if name.startswith(INTERNAL_CAPABILITIES) else _PLAIN
        self[name] = kept
        return kept


class Normaliser:
    """Makes one side's resources comparable."""

    def __init__(self, side: SideIndex, roles: dict[str, str], other: SideIndex, *, over_time: bool) -> None:
        self.side, self.roles, self.over_time = side, roles, over_time
        self.models = side.model_names | other.model_names
        self.regions = side.regions | other.regions
        self._fields: dict[str, tuple[_Fields, frozenset[str]]] = {}
        self._known = side.tokens

    def __call__(self, item: Resource, resource_type: str) -> Resource:
        """`item` as it is compared, but for the order of its lists (see `sorted_sets`). Nothing of it is changed in place."""
        if resource_type not in self._fields:
            deep, top = dropped(resource_type, over_time=self.over_time)
            self._fields[resource_type] = _Fields(deep), top | deep
        fields, left_out = self._fields[resource_type]
        kept: Resource = {}
        for key, value in item.items():
            if key in left_out:
                continue
            if key == "properties" and isinstance(value, dict):
                value = {inner: held for inner, held in value.items() if inner not in left_out}  # noqa: PLW2901
            done = self._value(key, value, fields)
            if done is not None:
                kept[key] = done
        _defaults(kept, resource_type)
        shape = _SHAPES.get(resource_type)
        if shape is not None:
            shape(self, kept, item)
        return kept

    def _value(self, key: str, value: Any, fields: _Fields) -> Any:
        """A value made comparable; None for what is as good as absent: null, an empty mapping, an empty list."""
        if isinstance(value, str):
            return self._string(key, value)
        if isinstance(value, dict):
            if key == "tags":
                return self._tags(value)
            if key == "userAssignedIdentities" and not self.over_time:
                return sorted(self._reference(identity) for identity in value) or None
            return self._mapping(key, value, fields)
        if isinstance(value, list):
            items = [done for held in value if (done := self._value(key, held, fields)) is not None]
            special = _LISTS.get(key)
            if special is not None:
                items = special(items)
            return items or None
        return value

    def _mapping(self, key: str, value: Resource, fields: _Fields) -> Resource | None:
        # Most of a diff's time is spent here: plain words and numbers, which are most values, take the short way.
        if key == "capabilities" and "area" in value:
            value = {inner: held for inner, held in value.items() if inner != "area"}
        made: Resource = {}
        for inner, held in value.items():
            kept = fields[inner]
            if kept is _DROPPED:
                continue
            kind = type(held)
            if kept is _PLAIN:
                if kind is str:
                    if "." not in held and "/" not in held and held != MASK:
                        made[inner] = held
                        continue
                elif kind is dict:
                    if (below := self._mapping(inner, held, fields)) is not None:
                        made[inner] = below
                    continue
            if kind is bool or kind is int or kind is float:
                made[inner] = held
            elif held is not None and (done := self._value(inner, held, fields)) is not None:
                made[inner] = done
        return made or None

    def _string(self, key: str, value: str) -> str | None:
        if value == MASK:
            # A secret was there: it was cut, and what is cut cannot be compared.
            return None
        if key == "location":
            return arm_id.region(value)
        if self.over_time:
            return value
        if "/" in value and _ID.match(value):
            return self._reference(value)
        if key == "customSubDomainName":
            return "{account}"
        if "." in value:
            return HOST.sub(self._host, value)
        if key == "account" and value.lower() in self.side.hosts:
            return f"{{{self.roles.get(self.side.hosts[value.lower()], 'account')}}}"
        if key in _OWN_NAMES:
            return self.side.base_name(value) or value
        return value

    def _reference(self, resource_id: str) -> str:
        """An id as what it points at: the role of what was paired, else its types and names without the environment."""
        if self.over_time:
            return arm_id.key(resource_id)
        role = self.roles.get(arm_id.key(resource_id))
        if role is not None:
            return f"{{{names.short_type(arm_id.type_of(resource_id)) or 'scope'} {role}}}"
        return "{" + names.path_stem(resource_id, self.side.tokens, self.regions) + "}"

    def _host(self, found: re.Match[str]) -> str:
        account = self.side.hosts.get(found.group(1).lower())
        if account is None:
            # `kv-voice-test` in test and `kv-voice-prod` in prod are one thing; what names another environment stays.
            base = self.side.base_name(found.group(1))
            return base if base and base != found.group(1).lower() else found.group(1)
        return f"{{{self.roles.get(account, 'account')}}}"

    def _tags(self, tags: Resource) -> Resource | None:
        kept = {}
        for key, value in tags.items():
            if value is None or (not self.over_time and key.lower().startswith("hidden-")):
                continue
            own = not self.over_time and isinstance(value, str) and value.lower() in self._known
            kept[key] = "{environment}" if own else value
        return kept or None


def unify_tag_case(one: Resource, other: Resource) -> None:
    """Give each tag that two normalised resources have one spelling: Azure takes `Env` and `env` for one name."""
    here, there = one.get("tags"), other.get("tags")
    if not isinstance(here, dict) or not isinstance(there, dict) or here.keys() == there.keys():
        return
    # The first of the alphabet, so that the answer is the same in both directions.
    spelling = {name.lower(): name for name in sorted({*here, *there}, reverse=True)}
    for item, tags in ((one, here), (other, there)):
        if len({name.lower() for name in tags}) == len(tags):
            item["tags"] = {spelling[name.lower()]: value for name, value in tags.items()}


def sorted_sets(value: Any, key: str = "") -> Any:
    """A normalised value with its lists that are sets in order. Left to when two differ: most are equal as they come."""
    if isinstance(value, dict):
        return {inner: sorted_sets(held, inner) for inner, held in value.items()}
    if isinstance(value, list):
        items = [sorted_sets(held) for held in value]
        return sorted(items, key=canonical) if key in SET_LISTS else items
    return value


def _defaults(kept: Resource, resource_type: str) -> None:
    for path, default in DEFAULTS.get(resource_type, {}).items():
        inner = kept.get("properties")
        if not isinstance(inner, dict):
            inner = kept["properties"] = {}
        for part in path[:-1]:
            following = inner.get(part)
            if following is None:
                following = inner[part] = {}
            inner = following if isinstance(following, dict) else {}
        inner.setdefault(path[-1], default)


_SPELLED = {
    (key, name.lower()): name
    for key, names_of in {
        "category": ("Audit", "RequestResponse", "Trace", "AzureOpenAIRequestUsage", "AllMetrics"),
        "categoryGroup": ("audit", "allLogs"),
    }.items()
    for name in names_of
}
"""Field and lower-case name of a category or group -> as Azure documents it: answers differ in case only."""


def _log_categories(items: list[Any]) -> list[Any]:
    """Enabled categories only, in Azure's spelling: one that is off is as good as one that is not there. Retention there is retired."""
    kept = []
    for item in items:
        if not isinstance(item, dict) or "enabled" not in item:
            kept.append(item)
        elif item["enabled"]:
            kept.append(
                {
                    key: _SPELLED.get((key, value.lower()), value) if isinstance(value, str) else value
                    for key, value in item.items()
                    if key != "retentionPolicy"
                }
            )
    return kept


def _rate_limits(items: list[Any]) -> list[Any]:
    """Per minute: Azure writes one rate as 1 in 10 s here and as 6 in 60 s there."""
    kept = []
    for item in items:
        period, count = (item.get("renewalPeriod"), item.get("count")) if isinstance(item, dict) else (None, None)
        if isinstance(period, int | float) and isinstance(count, int | float) and period > 0:
            per_minute = count * 60 / period
            kept.append(
                {"key": item.get("key"), "perMinute": int(per_minute) if per_minute == int(per_minute) else per_minute}
            )
        else:
            kept.append(item)
    return kept


def _ip_rules(items: list[Any]) -> list[Any]:
    """`1.2.3.4/32` is `1.2.3.4`."""
    return [
        {**item, "value": text(item.get("value")).removesuffix("/32")}
        if isinstance(item, dict) and isinstance(item.get("value"), str)
        else item
        for item in items
    ]


def _unique(items: list[Any]) -> list[Any]:
    return list({canonical(item): item for item in items}.values()) if len(items) > 1 else items


_LISTS: dict[str, Callable[[list[Any]], list[Any]]] = {
    "logs": _log_categories,
    "metrics": _log_categories,
    "rateLimits": _rate_limits,
    "ipRules": _ip_rules,
    "privateEndpointConnections": lambda items: _unique([_connection(item) for item in items]),
}
"""Lists whose elements have a form of their own to compare."""


def _connection(item: Any) -> Any:
    """A connection as what counts of it: its groups and its state. Its name and its endpoint's are generated."""
    inner = item.get("properties") if isinstance(item, dict) else None
    if not isinstance(inner, dict):
        return item
    state = inner.get("privateLinkServiceConnectionState")
    return {
        "groupIds": inner.get("groupIds"),
        "status": state.get("status") if isinstance(state, dict) else None,
        "privateEndpoint": (inner.get("privateEndpoint") or {}).get("id")
        if isinstance(inner.get("privateEndpoint"), dict)
        else None,
    }


def _account(normaliser: Normaliser, kept: Resource, _item: Resource) -> None:
    connections = properties(kept).get("privateEndpointConnections")
    if normaliser.over_time or not isinstance(connections, list):
        return
    # The endpoints themselves are compared; between environments the account's view counts groups and states only.
    for connection in mappings(connections):
        connection.pop("privateEndpoint", None)
    kept["properties"]["privateEndpointConnections"] = _unique(connections)


def _endpoint(normaliser: Normaliser, kept: Resource, _item: Resource) -> None:
    if normaliser.over_time:
        return
    for connection in shapes.connections(kept):
        connection.pop("id", None)
        connection.pop("name", None)
        # "Auto Approved", "Auto-Approved", "Approved": words for people.
        state = mapping(properties(connection).get("privateLinkServiceConnectionState"))
        state.pop("description", None)
        state.pop("actionsRequired", None)


def _zone_group(normaliser: Normaliser, kept: Resource, _item: Resource) -> None:
    if normaliser.over_time:
        return
    for config in mappings(properties(kept).get("privateDnsZoneConfigs")):
        config.pop("name", None)
        config.pop("id", None)


def _usages(normaliser: Normaliser, kept: Resource, item: Resource) -> None:
    """Rows by quota name; between environments only those of models that either side deploys."""
    rows = {}
    for row in mappings(item.get("value")):
        named = row.get("name")
        name = text(named.get("value") if isinstance(named, dict) else named)
        if normaliser.over_time or name.lower().rsplit(".", 1)[-1] in normaliser.models:
            rows[name] = {"limit": row.get("limit"), "unit": row.get("unit")}
    kept["value"] = rows


def _models(normaliser: Normaliser, kept: Resource, item: Resource) -> None:
    """Rows by kind, format, name and version. Between environments the catalogue is Azure's, and not compared."""
    if not normaliser.over_time:
        kept.clear()
        return
    rows: Resource = {}
    for row in mappings(item.get("value")):
        model = row.get("model")
        model = model if isinstance(model, dict) else {}
        name = " ".join(
            text(part) for part in (row.get("kind"), model.get("format"), model.get("name"), model.get("version"))
        )
        done = normaliser._value("", row, _Fields(frozenset({"callRateLimit", "systemData"})))  # noqa: SLF001
        rows[name if name not in rows else f"{name} {canonical(row)}"] = done
    kept["value"] = rows


_SHAPES: dict[str, Callable[[Normaliser, Resource, Resource], None]] = {
    resource_types.ACCOUNT: _account,
    resource_types.PRIVATE_ENDPOINT: _endpoint,
    resource_types.ZONE_GROUP: _zone_group,
    resource_types.USAGES: _usages,
    resource_types.MODELS: _models,
}
"""Types that have a form of their own to compare."""

"""azurerm resources: a planned change of one, as the Azure resource that it makes, by the mapping in `azurerm.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.plan.azurerm_convert import CONVERT, WHOLE, Conversion, customer_key
from rtaudit.plan.azurerm_table import MAPPING, Mapped, MappingRow
from rtaudit.plan.changes import Changes, PlannedChange, attribute, fate_of
from rtaudit.plan.identify import reference
from rtaudit.plan.model import AFTER_APPLY, Fate, Plan, PlannedResource, Unknown, at, known, put, without_nulls

_COMMON = frozenset(
    {
        "id",
        "name",
        "resource_group_name",
        "location",
        "tags",
        "timeouts",
        "zone_name",
        "private_dns_zone_name",
        "private_dns_zone_id",
        "virtual_network_name",
    }
)


def azurerm_resource(plan: Plan, changes: Changes, change: PlannedChange) -> None:
    """Add the resource, and what its blocks make beside it, to the plan."""
    mapped = MAPPING[change.kind]
    fate = fate_of(change)
    assert fate is not None
    if mapped.place == "patch":
        _patch(plan, changes, change)
        return
    if fate == "delete":
        return
    resource_id = changes.id_of(change)
    if resource_id is None:
        plan.missing.append(f"{change.address}: the plan does not tell what it belongs to")
        return
    values = change.after if isinstance(change.after, dict) else {}
    body: dict[str, Any] = {"id": resource_id, "name": _name(change, resource_id), "type": mapped.type}
    for name in ("location", "tags"):
        if values.get(name) is not None:
            body[name] = without_nulls(values[name])
    for path, value in mapped.also.items():
        body.setdefault(path, value)
    reader = _Reader(changes, change, plan)
    reader.fill(body, mapped, values)
    if "tags" in values:
        (reader.cleared if values["tags"] is None else reader.whole).append("tags")
    plan.resources.append(
        PlannedResource(
            resource_id,
            body,
            change.address,
            fate,
            defaults=reader.defaults,
            cleared=[path for path in reader.cleared if at(body, path.split(".")) is None],
            whole=reader.whole,
            unmodelled=["/" + path.replace(".", "/") for path in mapped.unmodelled],
        )
    )
    if change.kind == "azurerm_private_endpoint":
        _zone_groups(plan, reader, resource_id, values.get("private_dns_zone_group"), fate)
    reader.tell_unread(mapped, values)


class _Reader:
    """Fills an ARM resource from the values of one change."""

    def __init__(self, changes: Changes, change: PlannedChange, plan: Plan) -> None:
        self.changes = changes
        self.change = change
        self.plan = plan
        self.expressions = changes.configured(change)
        self.defaults: dict[str, str] = {}
        """JSON Pointer -> attribute, where the provider's default holds."""
        self.cleared: list[str] = []
        """Dotted paths that the plan says are not set."""
        self.whole: list[str] = []
        """Dotted paths of objects that the plan shows whole."""

    def fill(self, body: dict[str, Any], mapped: Mapped, values: Mapping[str, Any]) -> None:
        """Set what the rows say."""
        for row in mapped.rows.values():
            block, _, inner = row.attribute.partition(".")
            if not row.to or block not in values or self._other_spelling_knows(mapped, row, values):
                continue
            value, expression = values[block], self.expressions.get(block)
            if inner:
                if isinstance(value, list):
                    value = value[0] if value else None
                expression = expression[0] if isinstance(expression, list) and expression else expression
                if isinstance(value, dict):
                    value = value.get(inner)
                expression = expression.get(inner) if isinstance(expression, dict) else None
            if value in (None, [], "") and row.convert != "chosen_by_azure":
                self.cleared.append(row.to)
                continue
            self.set(body, row, value, expression)
            if row.hides and fate_of(self.change) == "keep" and at(body, row.to.split(".")) == row.hides:
                put(body, row.to, Unknown(f"the provider reads another value as {block} = {str(value).lower()} too"))
            if row.default is not None and value == row.default and expression is None and self.expressions:
                self.defaults["/" + row.to.replace(".", "/")] = row.attribute

    def set(self, body: dict[str, Any], row: MappingRow, value: Any, expression: Any) -> None:
        """Set one attribute's value in `body`."""
        if isinstance(value, Unknown) and row.refers is not None and not row.rows:
            value = self.refer(row, expression) or value
        elif row.rows:
            value = self._blocks(row, value, expression)
            if not value:
                return
        elif isinstance(value, list) and row.refers is not None:
            value = self.refer_each(row, value, expression)
        if row.convert in WHOLE:
            if row.to != "properties":  # where connections are, beside others
                self.whole.append(row.to)
            WHOLE[row.convert](Conversion(self, body, row, value, expression))
        elif isinstance(value, Unknown) and row.convert != "chosen_by_azure":
            put(body, row.to, value)
        else:
            put(body, row.to, CONVERT[row.convert](row, value) if row.convert else without_nulls(value))

    def _blocks(self, row: MappingRow, value: Any, expression: Any) -> Any:
        if not isinstance(value, list):
            return value
        stated = [one for one in expression if isinstance(one, dict)] if isinstance(expression, list) else []
        found: list[Any] = []
        for block in value:
            if not isinstance(block, dict):
                found.append(block)
                continue
            one: dict[str, Any] = dict(row.also)
            for inner in row.rows.values():
                shown = block.get(inner.attribute)
                if inner.refers is not None and isinstance(shown, Unknown):
                    one[inner.to] = shown
                elif inner.to and shown not in (None, ""):
                    self.set(one, inner, shown, None)
            found.append(one)
        for inner in row.rows.values():
            if inner.refers is not None:
                self._refer_blocks(inner, found, [one[inner.attribute] for one in stated if inner.attribute in one])
        return found

    def _refer_blocks(self, row: MappingRow, blocks: list[Any], stated: list[Any]) -> None:
        """Put what the code refers to in place of the ids in blocks that are not known.

        A set of blocks is in another order than the code's: references are given out where their number agrees.
        """
        ids = [at(one, (row.to,)) for one in blocks]
        unknown = [one for one in blocks if isinstance(one, dict) and isinstance(one.get(row.to), Unknown)]
        if len(blocks) == 1 or not stated:
            targets = [self.refer(row, next(iter(stated), None))] if len(unknown) == 1 else []
        else:
            targets = [
                target
                for one in stated
                if isinstance(one, dict) and "constant_value" not in one
                for target in self.changes.all_targets(self.change, one, row.refers or "")
                if target not in ids
            ]
        for one, target in zip(unknown, targets, strict=False) if len(unknown) == len(targets) else ():
            one[row.to] = target or one[row.to]

    def refer(self, row: MappingRow, expression: Any) -> str | None:
        return self.changes.leads_to(self.change, expression, row.refers or "", row.attribute)

    def refer_each(self, row: MappingRow, values: list[Any], expression: Any) -> list[Any]:
        """A list of ids, with what the expression refers to in place of the unknown ones, where the numbers agree."""
        unknown = [index for index, one in enumerate(values) if isinstance(one, Unknown)]
        if not unknown:
            return values
        targets = [
            one for one in self.changes.all_targets(self.change, expression, row.refers or "") if one not in values
        ]
        if len(targets) != len(unknown):
            return values
        found = list(values)
        for index, target in zip(unknown, targets, strict=True):
            found[index] = target
        return found

    def _other_spelling_knows(self, mapped: Mapped, row: MappingRow, values: Mapping[str, Any]) -> bool:
        """True where this spelling is unknown as a whole only because that of another provider version is used."""
        return isinstance(values.get(row.attribute), Unknown) and any(
            known(values.get(other.attribute)) and values[other.attribute] != []
            for other in mapped.rows.values()
            if other.to == row.to
        )

    def tell_unread(self, mapped: Mapped, values: Mapping[str, Any]) -> None:
        """Say which attributes the mapping does not know: a provider newer than it."""
        read = _COMMON | {name.partition(".")[0] for name in mapped.rows} | set(mapped.parents)
        unread = sorted(name for name, value in values.items() if name not in read and known(value) and value not in ([], {}, ""))  # fmt: skip
        if unread:
            text = f"{mapped.kind}: attributes that rtaudit does not know: {', '.join(unread)}"
            if text not in self.plan.warnings:
                self.plan.warnings.append(text)


def _name(change: PlannedChange, resource_id: str) -> Any:
    name = attribute(change, "name")
    return arm_id.name_of(resource_id) if isinstance(name, str) or change.kind == "azurerm_role_assignment" else name


def _patch(plan: Plan, changes: Changes, change: PlannedChange) -> None:
    """A customer-managed key that is a resource of its own in Terraform and part of the account in Azure."""
    if fate_of(change) == "delete":
        gone = change.before.get("cognitive_account_id") if isinstance(change.before, dict) else None
        if isinstance(gone, str):
            # Without a key of one's own the account is encrypted with Microsoft's.
            cleared = ["properties.encryption"]
            plan.resources.append(PlannedResource(gone, _account(gone), change.address, "change", cleared=cleared))
        return
    account = reference(changes, change, "cognitive_account_id", "Microsoft.CognitiveServices/accounts")
    if account is None:
        plan.missing.append(f"{change.address}: the plan does not tell which account it is for")
        return
    body = _account(account)
    row = MappingRow("customer_managed_key", to="properties.encryption")
    customer_key(Conversion(_Reader(changes, change, plan), body, row, [change.after], None))
    plan.resources.append(PlannedResource(account, body, change.address, "change"))


def _account(resource_id: str) -> dict[str, Any]:
    return {"id": resource_id, "name": arm_id.name_of(resource_id), "type": "Microsoft.CognitiveServices/accounts"}


def _zone_group_names(values: Any) -> list[str]:
    blocks = values.get("private_dns_zone_group") if isinstance(values, dict) else None
    names = [at(one, ("name",)) for one in blocks] if isinstance(blocks, list) else []
    return [one for one in names if isinstance(one, str) and one]


def _zone_groups(plan: Plan, reader: _Reader, endpoint: str, value: Any, fate: Fate) -> None:
    kind = "Microsoft.Network/privateEndpoints/privateDnsZoneGroups"
    if isinstance(value, Unknown):
        plan.missing.append(f"{reader.change.address}: its private_dns_zone_group is not known before the apply")
        return
    for gone in _zone_group_names(reader.change.before) if fate == "change" else ():
        group = f"{endpoint}/privateDnsZoneGroups/{gone}"
        plan.resources.append(PlannedResource(group, {}, reader.change.address, "delete"))
    expression = reader.expressions.get("private_dns_zone_group")
    for number, block in enumerate(value if isinstance(value, list) else ()):
        if not isinstance(block, dict):
            continue
        stated = expression[number] if isinstance(expression, list) and number < len(expression) else {}
        stated = stated.get("private_dns_zone_ids") if isinstance(stated, dict) else None
        ids = block.get("private_dns_zone_ids")
        refers = MappingRow("private_dns_zone_ids", refers="Microsoft.Network/privateDnsZones")
        if isinstance(ids, Unknown):
            ids = [ids]
        zones = reader.refer_each(refers, ids, stated) if isinstance(ids, list) else []
        name = block.get("name") if isinstance(block.get("name"), str) else "default"
        resource_id = f"{endpoint}/privateDnsZoneGroups/{name}"
        configs = [
            {"name": arm_id.name_of(one).replace(".", "-"), "properties": {"privateDnsZoneId": one}}
            if isinstance(one, str)
            else Unknown(AFTER_APPLY)
            for one in zones
        ]
        body = {"id": resource_id, "name": name, "type": kind, "properties": {"privateDnsZoneConfigs": configs}}
        plan.resources.append(PlannedResource(resource_id, body, reader.change.address, fate))

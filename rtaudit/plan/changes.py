"""Resource changes of a Terraform plan: their values, and where their references lead.

A value that is not known is left out of `after` and marked in `after_unknown`; `configuration` says which references it was
made of. Locals, dynamic blocks and cut indexes are in no plan: there a reference leads to the one resource of the type in
question that its module has, which is said, or nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from rtaudit.plan.addresses import module_index, module_names, slug, split_module, steps_of
from rtaudit.plan.azurerm_table import MAPPING
from rtaudit.plan.model import Fate, value_of
from rtaudit.plan.sensitive import hidden, names

if TYPE_CHECKING:
    from rtaudit.plan.subscriptions import Subscriptions

_DEPTH = 20
"""Modules that a reference is followed through at the most."""


@dataclass
class PlannedChange:
    """One entry of `resource_changes`."""

    address: str
    module: str
    """The module instance's address; empty for the root module."""
    mode: str
    kind: str
    """The resource type: `azurerm_cognitive_account`."""
    name: str
    index: Any
    """Its count or for_each key; None without."""
    provider: str
    """The provider's short name: `azurerm`."""
    actions: tuple[str, ...]
    after: Any
    """What it will be, with an Unknown for each value that is not known; `before` where it only goes on existing."""
    before: Any
    secret_names: list[str]
    """Names that are marked as sensitive, which ids may hold."""


_FATES: dict[tuple[str, ...], Fate] = {
    ("update",): "change",
    ("no-op",): "keep",
    ("forget",): "keep",
    ("delete",): "delete",
}


def fate_of(change: PlannedChange) -> Fate | None:
    """What becomes of the resource; None for what is not read (a data source)."""
    actions = change.actions
    if "create" in actions:
        return "create"
    return _FATES.get(actions)


def attribute(change: PlannedChange, name: str) -> Any:
    """The value of an attribute after the apply; an Unknown where it is not known."""
    return change.after.get(name) if isinstance(change.after, dict) else None


def arm_type(change: PlannedChange) -> str:
    """The ARM type that a change makes, as its provider writes it; empty where it makes none that is read."""
    if change.kind in ("azapi_resource", "azapi_update_resource"):
        stated = attribute(change, "type")
        return stated.split("@")[0] if isinstance(stated, str) else ""
    mapped = MAPPING.get(change.kind)
    return mapped.type if mapped else ""


def _is(change: PlannedChange, wanted: str) -> bool:
    """Whether a change makes a resource of an ARM type; of any where `wanted` is empty."""
    made = arm_type(change).lower()
    return bool(made) and wanted.lower() in ("", made)


class Changes:
    """The changes of a plan, and the configuration that they come from."""

    def __init__(self, document: dict[str, Any], nth: str = "") -> None:
        self.document = document
        self._nth = nth
        self.guesses: list[str] = []
        """Sentences on references that were taken to lead to the only candidate."""
        self.ids: dict[str, str] = {}
        """Address -> the id that the resource has or will have, as far as worked out."""
        self.removing: list[PlannedChange] = []
        """Those that take something away: replaced and deposed objects included."""
        self._by_module: dict[str, list[PlannedChange]] = {}
        self._named: dict[tuple[str, str, str], dict[Any, PlannedChange]] = {}
        """Module, type and name -> index -> the managed resource."""
        self._followed: dict[tuple[str, str, Any, str], PlannedChange | str | None] = {}
        self._rows: dict[int, dict[str, dict[str, Any]]] = {}
        """Identity of a module's configuration -> address in it -> the resource as it is written."""
        rows = document.get("resource_changes")
        for row in rows if isinstance(rows, list) else ():
            change = _change(row)
            if change is None:
                continue
            if "delete" in change.actions:
                self.removing.append(change)
            if not row.get("deposed"):  # an older object of the address, beside the one that there will be
                self._by_module.setdefault(change.module, []).append(change)
                if change.mode == "managed":
                    self._named.setdefault((change.module, change.kind, change.name), {})[change.index] = change

    def __iter__(self) -> Iterator[PlannedChange]:
        for changes in self._by_module.values():
            yield from changes

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Where what is new is made."""
        from rtaudit.plan.subscriptions import Subscriptions

        return Subscriptions(self)

    def slug(self, change: PlannedChange) -> str:
        """What a resource without a name, or without a place, is called in ids."""
        return self._nth + slug(change.address)

    def constant(self, expression: Any, module: str) -> Any:
        """The value of an expression of a module that is a constant or a variable given as one; None otherwise."""
        for _ in range(_DEPTH):
            if not isinstance(expression, dict):
                return None
            if "constant_value" in expression:
                return expression["constant_value"]
            first = next(iter(_references(expression)), "")
            if not first.startswith("var."):
                return None
            if not module:
                return self._variable(first[4:])
            module, given = self._call(module)
            expression = given.get(first[4:])
        return None

    def _variable(self, name: str) -> Any:
        """The value of a root variable; None where it is sensitive."""
        variables, declared = self.document.get("variables"), self._module("").get("variables")
        row = variables.get(name) if isinstance(variables, dict) else None
        stated = declared.get(name) if isinstance(declared, dict) else None
        if not isinstance(row, dict) or (isinstance(stated, dict) and stated.get("sensitive") is True):
            return None
        return row.get("value")

    def configured(self, change: PlannedChange) -> dict[str, Any]:
        """The expressions that the code gives a resource; empty where the plan has none."""
        return expressions(self.stated(change))

    def stated(self, change: PlannedChange) -> dict[str, Any]:
        """A resource of `configuration`; empty where the plan has none."""
        module = self._module(change.module)
        if id(module) not in self._rows:
            self._rows[id(module)] = {str(one.get("address")): one for one in _rows(module.get("resources"))}
        prefix = "data." if change.mode == "data" else ""
        return self._rows[id(module)].get(f"{prefix}{change.kind}.{change.name}", {})

    def all_targets(self, change: PlannedChange, expression: Any, wanted: str) -> list[str]:
        """The ids of everything wanted that an expression of `change` refers to, each once, in order."""
        found: dict[str, None] = {}
        for reference in _references(expression):
            one = self._follow(reference, change.module, change.index, wanted, 0)
            target = self.id_of(one) if isinstance(one, PlannedChange) else one
            if target:
                found[target] = None
        return list(found)

    def leads_to(self, change: PlannedChange, expression: Any, wanted: str, what: str) -> str | None:
        """The id of the resource that an expression of `change` refers to, if it is one that is wanted.

        `wanted` is its ARM type, empty for any; `what` names the attribute for the sentence on a guess. None where nothing
        leads there.
        """
        found = self._first(expression, change.module, change.index, wanted, 0)
        if found is not None:
            return self.id_of(found) if isinstance(found, PlannedChange) else found or None
        # Two others are as good as many: there is no single one.
        of_type = islice(
            (one for one in self._of_type.get((change.module, wanted.lower()), ()) if one is not change), 2
        )
        candidates = list(of_type)
        if len(candidates) != 1:
            return None
        only = candidates[0]
        self.guesses.append(
            f"{change.address}: the plan does not say what {what} refers to; {only.address}, the only one of its type in"
            " the module, was taken"
        )
        return self.id_of(only)

    @cached_property
    def _of_type(self) -> dict[tuple[str, str], list[PlannedChange]]:
        """Module and ARM type (lower case; empty: any) -> the resources that there will be."""
        found: dict[tuple[str, str], list[PlannedChange]] = {}
        for one in self:
            kind = arm_type(one).lower()
            if kind and one.mode == "managed" and fate_of(one) not in (None, "delete"):
                for key in ("", kind):
                    found.setdefault((one.module, key), []).append(one)
        return found

    @cached_property
    def _instances(self) -> dict[tuple[str, str], list[str]]:
        """Module instance and the name of a module in it -> the instances of that."""
        found: dict[tuple[str, str], list[str]] = {}
        seen: set[str] = set()
        for resource_of in self._by_module:
            instance = resource_of
            while instance and instance not in seen:
                seen.add(instance)
                above, name = split_module(instance)
                found.setdefault((above, name), []).append(instance)
                instance = above
        return found

    def id_of(self, change: PlannedChange) -> str | None:
        """The id of a planned resource, once it was worked out."""
        if change.address not in self.ids:
            from rtaudit.plan.identify import identify

            self.ids[change.address] = ""  # a circle of references ends here
            self.ids[change.address] = identify(self, change) or ""
        return self.ids[change.address] or None

    @cached_property
    def _prior(self) -> dict[str, dict[str, Any]]:
        """The values of the data sources and resources in the plan's prior state, by address."""
        state = self.document.get("prior_state")
        values = state.get("values") if isinstance(state, dict) else None
        found: dict[str, dict[str, Any]] = {}
        waiting = [values.get("root_module")] if isinstance(values, dict) else []
        while waiting:
            module = waiting.pop()
            if isinstance(module, dict):
                for row in _rows(module.get("resources")):
                    if isinstance(row.get("values"), dict):
                        found[str(row.get("address"))] = row["values"]
                waiting += _rows(module.get("child_modules"))
        return found

    def _module(self, instance: str) -> dict[str, Any]:
        """The configuration of a module instance."""
        if instance not in self._modules:
            config = self.document.get("configuration")
            module = config.get("root_module") if isinstance(config, dict) else None
            for name in module_names(instance):
                calls = module.get("module_calls") if isinstance(module, dict) else None
                call = calls.get(name) if isinstance(calls, dict) else None
                module = call.get("module") if isinstance(call, dict) else None
            self._modules[instance] = module if isinstance(module, dict) else {}
        return self._modules[instance]

    @cached_property
    def _modules(self) -> dict[str, dict[str, Any]]:
        return {}

    def _call(self, instance: str) -> tuple[str, dict[str, Any]]:
        """The instance above a module instance, and the expressions that it is called with."""
        above, name = split_module(instance)
        calls = self._module(above).get("module_calls")
        call = calls.get(name) if isinstance(calls, dict) else None
        return above, expressions(call)

    def _follow(self, reference: str, module: str, index: Any, wanted: str, depth: int) -> PlannedChange | str | None:
        """The wanted change, or the id, that a reference leads to; empty where to something else; None where no plan says."""
        key = (reference, module, index, wanted)
        if key not in self._followed:
            self._followed[key] = None  # a circle of references ends here
            self._followed[key] = self._target(reference, module, index, wanted, depth)
        return self._followed[key]

    def _target(self, reference: str, module: str, index: Any, wanted: str, depth: int) -> PlannedChange | str | None:
        if depth > _DEPTH:
            return None
        steps = steps_of(reference)
        if len(steps) < 2:
            return None
        if steps[0] == "var":
            if not module:
                return _as_id(self._variable(str(steps[1]))) or ""
            above, given = self._call(module)
            return self._first(given.get(str(steps[1])), above, module_index(module), wanted, depth + 1)
        if steps[0] == "module":
            return self._into_module(steps, module, index, wanted, depth)
        if steps[0] == "data":
            address = ".".join([*([module] if module else []), *map(str, steps[:3])])
            return _as_id(self._prior.get(address, {}).get("id")) or ""
        if steps[0] in ("local", "each", "count", "path", "terraform", "self"):
            return None
        at = next((step for step in steps[2:3] if not isinstance(step, str) or f'["{step}"]' in reference), None)
        named = self._named.get((module, str(steps[0]), str(steps[1])), {})
        several = at is not None or len(named) > 1
        found = named.get(index if at is None else at) if several else next(iter(named.values()), None)
        if found is None or _is(found, wanted):
            return found
        # The id of what is of another type: it is not worked out, but it is none that is wanted.
        return f"/planned/{self.slug(found)}" if reference.endswith(".id") and len(steps) < 5 else ""

    def _into_module(
        self, steps: list[Any], module: str, index: Any, wanted: str, depth: int
    ) -> PlannedChange | str | None:
        name = str(steps[1])
        calls = self._module(module).get("module_calls")
        call = calls.get(name) if isinstance(calls, dict) else None
        inner = call.get("module") if isinstance(call, dict) else None
        rest = steps[2:]
        instances = self._instances.get((module, name), [])
        if len(instances) > 1:
            chosen = rest[0] if rest and (isinstance(rest[0], int) or len(rest) > 1) else index
            instances = [one for one in instances if module_index(one) == chosen]
        if not instances or not isinstance(inner, dict):
            return None
        outputs = inner.get("outputs")
        output = outputs.get(str(rest[-1])) if isinstance(outputs, dict) and rest else None
        if not isinstance(output, dict):
            return None
        return self._first(output.get("expression"), instances[0], None, wanted, depth + 1)

    def _first(self, expression: Any, module: str, index: Any, wanted: str, depth: int) -> PlannedChange | str | None:
        """What the first of an expression's references that leads to what is wanted leads to, else as `_follow` says."""
        if not isinstance(expression, dict):
            return None
        if "constant_value" in expression:
            return _as_id(expression["constant_value"])
        found = [self._follow(one, module, index, wanted, depth) for one in _references(expression)]
        # What is wanted comes before the id of another thing, and that before something else.
        ways = sorted((one for one in found if one is not None), key=_distance)
        return ways[0] if ways else None


def _references(expression: Any) -> list[str]:
    found = expression.get("references") if isinstance(expression, dict) else None
    return [str(one) for one in found] if isinstance(found, list) else []


def _distance(way: PlannedChange | str) -> int:
    if isinstance(way, str) and way.startswith("/planned/"):
        return 1
    return 0 if way else 2


def _change(row: Any) -> PlannedChange | None:
    inner = row.get("change") if isinstance(row, dict) else None
    if not isinstance(inner, dict):
        return None
    listed = inner.get("actions")
    actions = tuple(map(str, listed)) if isinstance(listed, list) else ()
    before, after, marks = inner.get("before"), inner.get("after"), inner.get("after_sensitive")
    secret = [*names(before, inner.get("before_sensitive")), *names(after, marks)]
    if actions == ("forget",):
        after = hidden(before, inner.get("before_sensitive"))
    else:
        after = hidden(value_of(after, inner.get("after_unknown")), marks)
    return PlannedChange(
        address=str(row.get("address")),
        module=str(row.get("module_address") or ""),
        mode=str(row.get("mode", "managed")),
        kind=str(row.get("type")),
        name=str(row.get("name")),
        index=row.get("index") if isinstance(row.get("index"), str | int) else None,
        provider=str(row.get("provider_name", "")).rsplit("/", 1)[-1],
        actions=actions,
        after=after,
        before=before,
        secret_names=secret,
    )


def expressions(row: Any) -> dict[str, Any]:
    """The expressions of a part of `configuration`; empty where it has none."""
    found = row.get("expressions") if isinstance(row, dict) else None
    return found if isinstance(found, dict) else {}


def _rows(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _as_id(value: Any) -> str | None:
    return value if isinstance(value, str) and value.startswith("/") else None

"""Subscriptions: which one a resource of a Terraform plan is made in, which its id does not say before the apply."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from rtaudit.plan.azurerm_table import MAPPING
from rtaudit.plan.changes import Changes, PlannedChange, expressions

_SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE)


class Subscriptions:
    """The subscriptions that the provider configurations of a plan lead to."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._of_key: dict[str, str | None] = {}
        """Key of a provider's configuration -> its subscription."""

    def of(self, change: PlannedChange) -> str | None:
        """The subscription of a resource that is new: that of its provider's configuration; None where the plan tells none.

        Where the code does not state it, the one subscription that known ids under the same configuration name.
        """
        key = str(self._changes.stated(change).get("provider_config_key"))
        if key not in self._of_key:
            providers = self._providers
            value = self._configured_subscription(providers.get(key))
            if not isinstance(value, str):
                under = {self._subscription_there(one, key) for one in self._changes} - {None}
                value = under.pop() if len(under) == 1 else None
            if value is None and len({repr(expressions(one).get("subscription_id")) for one in providers.values()}) < 2:
                value = self._only_subscription
            self._of_key[key] = value
        return self._of_key[key]

    @cached_property
    def _only_subscription(self) -> str | None:
        """The one subscription that the plan's ids, else its azurerm providers, name; None where they name none or several."""
        stated = {self._subscription_there(one, None) for one in self._changes} - {None}
        configured = {self._configured_subscription(one) for one in self._providers.values()} - {None}
        return next((one.pop() for one in (stated, configured) if len(one) == 1), None)

    @cached_property
    def _providers(self) -> dict[str, dict[str, Any]]:
        """The configurations of azurerm by their keys."""
        config = self._changes.document.get("configuration")
        providers = config.get("provider_config") if isinstance(config, dict) else None
        rows = providers.items() if isinstance(providers, dict) else ()
        return {key: one for key, one in rows if isinstance(one, dict) and str(one.get("name")) == "azurerm"}

    def _configured_subscription(self, provider: Any) -> str | None:
        module = provider.get("module_address") if isinstance(provider, dict) else None
        value = self._changes.constant(expressions(provider).get("subscription_id"), str(module or ""))
        return value if isinstance(value, str) else None

    def _subscription_there(self, change: PlannedChange, key: str | None) -> str | None:
        """The subscription in the id that a change has already; None of another provider configuration than `key`."""
        if key is not None and str(self._changes.stated(change).get("provider_config_key")) != key:
            return None
        mapped = MAPPING.get(change.kind)
        if mapped is not None and mapped.extension:
            return None  # it is where its target is
        for value in (change.after, change.before):
            stated = str(value.get("id")) if isinstance(value, dict) else ""
            found = _SUBSCRIPTION.match(stated)
            if found and stated.lower().count("/providers/") < 2:  # an extension again
                return found[1].lower()
        return None

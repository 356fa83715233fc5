"""Environments: fills Click's defaults from `rtaudit.yaml` by `--environment` and `--config`; the command line wins."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from rtaudit.cli.signature import ROWS
from rtaudit.errors import RtauditError, UsageError

if TYPE_CHECKING:
    from rtaudit.settings.config_file import Environment
    from rtaudit.settings.row import Option

_LABEL, _FILE, _FOUND = "rtaudit.environment", "rtaudit.config", "rtaudit.found"
NO_FILE = "none"
"""`--config none`: the label is a label only."""


def apply_config_defaults(context: typer.Context, value: str | None) -> str | None:
    """Callback of an eager `--environment`: from then on the file's values are the defaults of the other options."""
    context.meta[_LABEL] = value
    _apply(context)
    return value


def _take_config(context: typer.Context, value: str | None) -> str | None:
    context.meta[_FILE] = value
    _apply(context)
    return value


def with_params(context: typer.Context, value: list[str] | None) -> list[str] | None:
    """Callback of `--set`: the file's parameters come first, so that one that is set here replaces that one alone."""
    found: Environment | None = context.meta.get(_FOUND)
    if found is None or not found.values.get("params"):
        return value
    from rtaudit.documents import canonical

    return [*(f"{name}={canonical(given)}" for name, given in found.values["params"].items()), *(value or ())]


def take_subscriptions(context: typer.Context, value: list[str] | None) -> list[str] | None:
    """Callback of `-s`: the file's `allSubscriptions` gives way."""
    _drop_overridden(context, "subscription", "all_subscriptions")
    return value


def take_all_subscriptions(context: typer.Context, value: bool) -> bool:
    """Callback of `--all-subscriptions`: the file's `subscriptions` give way."""
    _drop_overridden(context, "all_subscriptions", "subscription")
    return value


def take_aspects(context: typer.Context, value: list[str] | None) -> list[str] | None:
    """Callback of `--aspect`: the file's `skip` gives way to what is named, and wholly to a default aspect alone."""
    from rtaudit.snapshot.aspects import DEFAULT_ASPECTS

    skipped = (context.default_map or {}).get("skip") or []
    _drop_overridden(context, "aspect", "skip")
    left = [name for name in skipped if name not in (value or ())]
    if context.default_map is not None and left and not set(DEFAULT_ASPECTS) & set(value or ()):
        context.default_map["skip"] = left
    return value


def _drop_overridden(context: typer.Context, option: str, rival: str) -> None:
    # What is on the command line is read before what is not, so that the file's value has not been taken yet.
    source = context.get_parameter_source(option)
    if context.default_map and source is not None and source.name == "COMMANDLINE":
        context.default_map.pop(rival, None)


def allowed_audiences(file: str | None, audience: str | None) -> list[tuple[str, str]]:
    """The pairs of endpoint and audience that the file allows; it is looked up where an audience is named."""
    from rtaudit.settings.config_file import DEFAULT_FILE, load_audiences

    if audience is None or file == NO_FILE or (file is None and not os.path.exists(DEFAULT_FILE)):
        return []
    return load_audiences(file or DEFAULT_FILE)


def snapshots_given(context: typer.Context, given: Sequence[str]) -> list[str]:
    """The snapshots on the command line, or the file's own. Raises UsageError, which says where one is missing."""
    if given:
        return list(given)
    found: Environment | None = context.meta.get(_FOUND)
    if found is None:
        raise UsageError(
            "no snapshot is named",
            f"rtaudit {context.info_name} SNAPSHOT…, or -e LABEL of an environment that names its `snapshot`",
        )
    raise UsageError(
        f"{found.file} names no `snapshot` for the environment '{found.label}'",
        f"add it there, such as `snapshot: snapshots/prod.json`, or name the file: rtaudit {context.info_name} SNAPSHOT… -e {found.label}",
    )


def _apply(context: typer.Context) -> None:
    # Both callbacks come before those of the other options, in the order in which the reader typed them.
    waits = _FILE not in context.meta and any(one.name == "config" for one in context.command.params)
    if _LABEL not in context.meta or waits or context.resilient_parsing:
        return
    try:
        found = _find(context)
    except RtauditError as error:
        from rtaudit.cli.app import report_error

        raise typer.Exit(report_error(error)) from None
    if found is not None:
        context.meta[_FOUND] = found
        context.default_map = _defaults(found, context)


def _find(context: typer.Context) -> Environment | None:
    label, file = context.meta[_LABEL], context.meta.get(_FILE)
    if label is None:
        if file not in (None, NO_FILE):
            raise UsageError("--config needs --environment", "say which environment of the file is meant: -e prod")
        return None
    if file == NO_FILE:
        return None
    from rtaudit.settings.config_file import DEFAULT_FILE, find_environment

    if file is None and not os.path.exists(DEFAULT_FILE):
        if context.command.name == "check":
            raise UsageError(f"no {DEFAULT_FILE} here to look up '{label}' in", "name the file with --config")
        return None
    return find_environment(file or DEFAULT_FILE, label)


def _defaults(found: Environment, context: typer.Context) -> dict[str, Any]:
    """What the file says of each option of the command that has a key in it, as Click takes values."""
    rows: dict[str, Option] = getattr(context.command.callback, ROWS, {})
    given: dict[str, Any] = {}
    for parameter in context.command.params:
        row = rows.get(str(parameter.name))
        if row is None or row.key is None or row.key.schema == "mapping" or not found.values.get(row.key.name):
            continue
        value = found.values[row.key.name]
        several = parameter.multiple if hasattr(parameter, "multiple") and parameter.multiple else parameter.nargs == -1
        if several:
            value = ["all"] if value is True else list(value) if isinstance(value, list) else [value]
        given[str(parameter.name)] = value
    return given


CALLBACKS: dict[str, Callable[..., Any]] = {
    "environment": apply_config_defaults,
    "config": _take_config,
    "settings": with_params,
    "subscription": take_subscriptions,
    "all_subscriptions": take_all_subscriptions,
    "aspect": take_aspects,
}
"""Option -> what Typer calls with its value."""

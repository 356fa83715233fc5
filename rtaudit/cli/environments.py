"""`--environment` and `--config`: what `rtaudit.yaml` says stands where an option is not given. Options win."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rtaudit.cli.app import complain
from rtaudit.errors import RtauditError, UsageError

if TYPE_CHECKING:
    from rtaudit.environments import Environment

_LABEL, _FILE, _FOUND = "rtaudit.environment", "rtaudit.config", "rtaudit.found"
NO_FILE = "none"
"""`--config none`: the label is a label only."""


def take_environment(context: typer.Context, value: str | None) -> str | None:
    """Callback of an eager `--environment`: from then on the file's values are the defaults of the other options."""
    context.meta[_LABEL] = value
    _apply(context)
    return value


def _take_config(context: typer.Context, value: str | None) -> str | None:
    context.meta[_FILE] = value
    _apply(context)
    return value


ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The file that names the environments; `none`: no file. [rtaudit.yaml, where there is one]",
        is_eager=True,
        callback=_take_config,
    ),
]
EnvironmentOption = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="LABEL",
        help="Judge as rtaudit.yaml says for this environment.",
        is_eager=True,
        callback=take_environment,
    ),
]
"""`--environment` of a command that does not collect: without the file it means nothing."""


def with_params(context: typer.Context, value: list[str] | None) -> list[str] | None:
    """Callback of `--set`: the file's parameters come first, so that one that is set here replaces that one alone."""
    found: Environment | None = context.meta.get(_FOUND)
    if found is None or not found.params:
        return value
    from rtaudit.documents import canonical

    return [*(f"{name}={canonical(given)}" for name, given in found.params.items()), *(value or ())]


def take_subscriptions(context: typer.Context, value: list[str] | None) -> list[str] | None:
    """Callback of `-s`: the file's `allSubscriptions` gives way."""
    _give_way(context, "subscription", "all_subscriptions")
    return value


def take_all_subscriptions(context: typer.Context, value: bool) -> bool:
    """Callback of `--all-subscriptions`: the file's `subscriptions` give way."""
    _give_way(context, "all_subscriptions", "subscription")
    return value


def take_aspects(context: typer.Context, value: list[str] | None) -> list[str] | None:
    """Callback of `--aspect`: the file's `skip` gives way to what is named, and wholly to a default aspect alone."""
    from rtaudit.snapshot.aspects import DEFAULT_ASPECTS

    skipped = (context.default_map or {}).get("skip") or []
    _give_way(context, "aspect", "skip")
    left = [name for name in skipped if name not in (value or ())]
    if context.default_map is not None and left and not set(DEFAULT_ASPECTS) & set(value or ()):
        context.default_map["skip"] = left
    return value


def _give_way(context: typer.Context, option: str, rival: str) -> None:
    # What is on the command line is read before what is not, so that the file's value has not been taken yet.
    source = context.get_parameter_source(option)
    if context.default_map and source is not None and source.name == "COMMANDLINE":
        context.default_map.pop(rival, None)


def snapshots_given(context: typer.Context, given: list[str] | None) -> list[str]:
    """The snapshots on the command line, or the file's own. Raises UsageError, which says where one is missing."""
    if given:
        return given
    found: Environment | None = context.meta.get(_FOUND)
    if found is None:
        raise UsageError(
            "no snapshot is named", "rtaudit check SNAPSHOT…, or -e LABEL of an environment that names its `snapshot`"
        )
    raise UsageError(
        f"{found.file} names no `snapshot` for the environment '{found.label}'",
        f"add it there, such as `snapshot: snapshots/prod.json`, or name the file: rtaudit check SNAPSHOT… -e {found.label}",
    )


def _apply(context: typer.Context) -> None:
    # Both callbacks come before those of the other options, in the order in which the reader typed them.
    waits = _FILE not in context.meta and any(one.name == "config" for one in context.command.params)
    if _LABEL not in context.meta or waits or context.resilient_parsing:
        return
    try:
        found = _find(context)
    except RtauditError as error:
        complain(error)
        raise typer.Exit(error.exit_code) from None
    if found is not None:
        context.meta[_FOUND] = found
        known = {parameter.name for parameter in context.command.params}
        given = _defaults(found, str(context.command.name))
        context.default_map = {name: value for name, value in given.items() if name in known and value}


def _find(context: typer.Context) -> Environment | None:
    label, file = context.meta[_LABEL], context.meta.get(_FILE)
    if label is None:
        if file not in (None, NO_FILE):
            raise UsageError("--config needs --environment", "say which environment of the file is meant: -e prod")
        return None
    if file == NO_FILE:
        return None
    from rtaudit.environments import DEFAULT_FILE, find_environment

    if file is None and not os.path.exists(DEFAULT_FILE):
        if context.command.name == "check":
            raise UsageError(f"there is no {DEFAULT_FILE} here to look up '{label}' in", "name the file with --config")
        return None
    return find_environment(file or DEFAULT_FILE, label)


def _defaults(found: Environment, command: str) -> dict[str, Any]:
    """The values of the options, by the names that the commands' functions give them."""
    allowed = found.allow_unknown
    return {
        "subscription": list(found.subscriptions),
        "all_subscriptions": found.all_subscriptions,
        "resource_group": list(found.resource_groups),
        "account": list(found.accounts),
        "tenant": found.tenant,
        "cloud": found.cloud,
        "auth": found.auth,
        "skip": list(found.skip),
        "client": list(found.contracts),
        "expect": list(found.contracts),
        "policy": list(found.policies),
        "for_packs": list(found.policies),
        "waivers": found.waivers,
        "baseline": found.baseline,
        "fail_on": found.fail_on,
        "allow_unknown": ["all"] if allowed is True else list(allowed or ()),
        **_snapshot(found.snapshot, command),
    }


def _snapshot(path: str | None, command: str) -> dict[str, Any]:
    if path is None:
        return {}
    return {"output": path} if command == "collect" else {"snapshot": [path] if command == "check" else path}

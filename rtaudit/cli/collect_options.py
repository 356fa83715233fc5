"""The options of a collection, shared by the commands that collect, and the one function that runs it for them."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rtaudit.cli.app import counted, plain
from rtaudit.cli.environments import take_all_subscriptions, take_aspects, take_environment, take_subscriptions
from rtaudit.errors import RtauditError, UsageError, allowed_hint

if TYPE_CHECKING:
    from rtaudit.collect import Collected, Endpoint, Identity, Limits, Request, Watch
    from rtaudit.snapshot import Snapshot

_SCOPE, _REACH, _HOW = "What to collect", "Where and as whom", "How"

Subscriptions = Annotated[
    list[str] | None,
    typer.Option(
        "--subscription",
        "-s",
        metavar="SUBSCRIPTION",
        help="Id or name; repeatable.",
        rich_help_panel=_SCOPE,
        callback=take_subscriptions,
    ),
]
AllSubscriptions = Annotated[
    bool,
    typer.Option(
        "--all-subscriptions",
        help="Every subscription that the credential can see.",
        rich_help_panel=_SCOPE,
        callback=take_all_subscriptions,
    ),
]
Groups = Annotated[
    list[str] | None,
    typer.Option(
        "--resource-group",
        "-g",
        metavar="GROUP",
        help="Only accounts in this resource group; repeatable.",
        rich_help_panel=_SCOPE,
    ),
]
Accounts = Annotated[
    list[str] | None,
    typer.Option(
        "--account", "-a", metavar="ACCOUNT", help="Only this account (name or id); repeatable.", rich_help_panel=_SCOPE
    ),
]
Environment = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="LABEL",
        help="Label of the environment, such as prod; what rtaudit.yaml says of it holds where no option says otherwise.",
        rich_help_panel=_SCOPE,
        is_eager=True,
        callback=take_environment,
    ),
]
OnlyAspects = Annotated[
    list[str] | None,
    typer.Option(
        "--aspect",
        metavar="NAME",
        help="An opt-in aspect (defender, perimeters, metrics) to read too, or the only default ones to read; repeatable.",
        rich_help_panel=_SCOPE,
        callback=take_aspects,
    ),
]
SkippedAspects = Annotated[
    list[str] | None,
    typer.Option("--skip", metavar="NAME", help="Do not read this aspect; repeatable.", rich_help_panel=_SCOPE),
]
Fill = Annotated[
    str | None,
    typer.Option(
        "--fill",
        metavar="OLD.json",
        help="Ask only for what the gaps of this snapshot name; keep the rest.",
        rich_help_panel=_SCOPE,
    ),
]
ShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard", metavar="K/N", help="Read the K-th of N parts; `snapshot merge` joins them.", rich_help_panel=_SCOPE
    ),
]
Tenant = Annotated[
    str | None, typer.Option("--tenant", metavar="ID", help="Tenant to log in to.", rich_help_panel=_REACH)
]
CloudOption = Annotated[
    str,
    typer.Option(
        "--cloud", metavar="CLOUD", help="AzureCloud, AzureUSGovernment or AzureChinaCloud.", rich_help_panel=_REACH
    ),
]
ArmEndpoint = Annotated[
    str | None,
    typer.Option(
        "--arm-endpoint",
        metavar="URL",
        help="Another Resource Manager: https, or http on loopback.",
        rich_help_panel=_REACH,
    ),
]
Audience = Annotated[
    str | None,
    typer.Option(
        "--audience", metavar="URL", help="What a token for --arm-endpoint is asked for.", rich_help_panel=_REACH
    ),
]
Auth = Annotated[
    str,
    typer.Option(
        "--auth",
        metavar="METHOD",
        help="default, cli, managed-identity, workload-identity or environment.",
        rich_help_panel=_REACH,
    ),
]
Concurrency = Annotated[
    int, typer.Option("--concurrency", metavar="N", min=1, max=256, help="Reads in flight.", rich_help_panel=_HOW)
]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", metavar="SECONDS", min=0.1, help="Stop then, with what there is.", rich_help_panel=_HOW),
]
ProgressOption = Annotated[
    str, typer.Option("--progress", metavar="HOW", help="auto, plain or none (on stderr).", rich_help_panel=_HOW)
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show every call on stderr.", rich_help_panel=_HOW)]
LogFile = Annotated[
    str | None, typer.Option("--log-file", metavar="FILE", help="Append every call to this file.", rich_help_panel=_HOW)
]

PROGRESS = ("auto", "plain", "none")


@dataclass(frozen=True, slots=True)
class CollectOptions:
    """The values of the options above."""

    subscriptions: tuple[str, ...] = ()
    all_subscriptions: bool = False
    groups: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    environment: str | None = None
    aspects: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    """Aspects that a pack reads beside the default ones."""
    clients: tuple[dict[str, Any], ...] = ()
    """Client contracts, loaded."""
    fill: str | None = None
    shard: str | None = None
    tenant: str | None = None
    cloud: str = "AzureCloud"
    arm_endpoint: str | None = None
    audience: str | None = None
    auth: str = "default"
    concurrency: int = 48
    timeout: float | None = None
    progress: str = "auto"
    verbose: bool = False
    log_file: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a collection needs, made from the options."""

    request: Request
    endpoint: Endpoint
    identity: Identity
    limits: Limits
    watch: Watch


@contextlib.contextmanager
def prepared(options: CollectOptions) -> Iterator[Prepared]:
    """Everything for a collection, with its log and progress open and its signals caught. Raises what the options earn."""
    if options.progress not in PROGRESS:
        raise UsageError(f"there is no --progress '{options.progress}'", allowed_hint(options.progress, PROGRESS))
    with _no_garbage():
        from rtaudit.cli.progress import Progress
        from rtaudit.collect import Limits, Watch, find_endpoint, find_identity

        request = _request(options)
        endpoint = find_endpoint(options.cloud, options.arm_endpoint, options.audience)
        with _call_log(options) as log, Progress(options.progress, verbose=options.verbose) as progress:
            watch = Watch(observe=progress.update, log=log)
            identity = find_identity(endpoint, options.auth, request.tenant)
            limits = Limits(concurrency=options.concurrency, budget=options.timeout)
            with _stopped_by_signals(watch):
                yield Prepared(request, endpoint, identity, limits, watch)


def run_collect(options: CollectOptions) -> Collected:
    """Collect as the options say, with progress and a summary of the gaps on stderr.

    Raises UsageError, CredentialError and the other errors that a person may see. Ctrl-C, SIGTERM and the time budget
    end it with what there is: `Collected.interrupted` says so.
    """
    from rtaudit.collect import collect

    with prepared(options) as ready:
        collected = collect(ready.request, ready.endpoint, ready.identity, ready.limits, ready.watch)
    say_gaps(collected.snapshot)
    if not collected.interrupted:
        say_empty(collected.snapshot)
    return collected


def partial_name(path: str | None, environment: str) -> str:
    """Where an interrupted run leaves what it has: `prod.json` -> `prod.partial.json`."""
    if path is None or path == "-":
        return f"{environment}.partial.json" if environment.replace("-", "").isalnum() else "rtaudit.partial.json"
    target = Path(path)
    return str(target.with_name(f"{target.name.removesuffix('.json')}.partial.json"))


def check_writable(path: str | None) -> None:
    """Raise RtauditError now when `path` cannot be written later, after minutes of reading."""
    if path is None or path == "-":
        return
    target = Path(path)
    folder = Path(os.path.realpath(target)).parent
    if target.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise RtauditError(f"cannot write {path}", "choose a path in a folder that exists and that you may write to")


def say_gaps(snapshot: Snapshot) -> None:
    """Sum up the gaps in words on stderr; nothing when there are none."""
    if not snapshot.gaps:
        return
    from rtaudit.collect.words import gap_lines

    print(f"{counted(len(snapshot.gaps), 'gap')}:", file=sys.stderr)
    for line in gap_lines(snapshot.gaps):
        print(f"  {plain(line)}", file=sys.stderr)


def say_empty(snapshot: Snapshot) -> None:
    """Warn on stderr of what was asked for and holds no account. A shard, or a gap of the accounts, cannot tell."""
    scope = snapshot.scope
    if scope.get("shard") or scope.get("accounts") or any(gap.aspect == "accounts" for gap in snapshot.gaps):
        return
    from rtaudit.azure import arm_id

    held = {
        (arm_id.group_of(one["id"]) or "").lower()
        for one in snapshot.resources
        if arm_id.type_of(one["id"]) == "microsoft.cognitiveservices/accounts"
    }
    groups = [f"the resource group '{name}'" for name in scope.get("resourceGroups") or () if name.lower() not in held]
    if not held and not groups:
        groups = [f"the subscription {name}" for name in scope.get("subscriptions") or ()]
    for place in groups:
        print(f"warning: {plain(place)} holds no account of kind OpenAI or AIServices", file=sys.stderr)


def _request(options: CollectOptions) -> Any:
    from rtaudit.collect import Request, Shard, choose_aspects, refill

    if options.fill is not None:
        given = [
            name
            for name, value in (
                ("-s", options.subscriptions), ("--all-subscriptions", options.all_subscriptions), ("-g", options.groups),
                ("-a", options.accounts), ("-e", options.environment), ("--aspect", options.aspects),
                ("--skip", options.skip), ("--shard", options.shard),
            )
            if value
        ]  # fmt: skip
        if given:
            do = "does" if len(given) == 1 else "do"
            raise UsageError(
                f"--fill takes the scope from the snapshot; {', '.join(given)} {do} not go with it",
                "leave it out, or collect anew without --fill",
            )
        from rtaudit.snapshot import load

        return refill(load(options.fill), Request(tenant=options.tenant, clients=options.clients))
    if options.subscriptions and options.all_subscriptions:
        raise UsageError("-s and --all-subscriptions contradict each other", "leave one of them out")
    environment = options.environment if options.environment is not None else "default"
    if not environment.strip():
        raise UsageError("--environment is empty", "a label such as prod")
    return Request(
        subscriptions=options.subscriptions,
        all_subscriptions=options.all_subscriptions,
        groups=options.groups,
        accounts=options.accounts,
        aspects=choose_aspects(options.aspects, options.skip, options.also),
        environment=environment,
        tenant=options.tenant,
        shard=Shard.parse(options.shard) if options.shard else None,
        clients=options.clients,
    )


@contextlib.contextmanager
def _call_log(options: CollectOptions) -> Iterator[Any]:
    if not options.verbose and options.log_file is None:
        yield None
        return
    from rtaudit.collect.words import call_line

    lock = threading.Lock()
    lost: list[OSError] = []
    try:
        file = open(options.log_file, "a", encoding="utf-8") if options.log_file else None  # noqa: SIM115 (closed below)
    except OSError as error:
        raise RtauditError(f"cannot write {options.log_file}: {error.strerror}", "choose another --log-file") from None

    def log(method: str, path: str, status: int, seconds: float, request_id: str) -> None:
        line = plain(call_line(method, path, status, seconds, request_id))
        with lock, contextlib.suppress(ValueError):
            if options.verbose:
                print(line, file=sys.stderr)
            if file is not None and not lost:
                try:
                    file.write(line + "\n")
                    file.flush()
                except OSError as error:
                    # The log is beside the point: what is read is kept.
                    lost.append(error)

    try:
        yield log
    finally:
        if file is not None:
            with lock, contextlib.suppress(OSError):
                file.close()
        if lost:
            what = f"{options.log_file} does not hold every call: {lost[0].strerror}"
            print(f"warning: {plain(what)}", file=sys.stderr)


@contextlib.contextmanager
def _no_garbage() -> Iterator[None]:
    # Answers are trees that all stay, and so do the classes of the SDKs: looking through them for cycles again and again
    # finds nothing, and took a fifth of the time.
    gc.disable()
    try:
        yield
    finally:
        # Nor is it looked through at the end of the process.
        gc.freeze()
        gc.enable()


@contextlib.contextmanager
def _stopped_by_signals(watch: Watch) -> Iterator[None]:
    def stop(_number: int, _frame: Any) -> None:
        # Before reads are under way there is nothing to keep (a login that hangs); a second signal insists.
        if not watch.gathering or watch.stop.is_set():
            raise KeyboardInterrupt
        watch.stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

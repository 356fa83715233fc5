"""Collections: run one on the command line, with its progress, log and signals, and sum up its gaps."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtaudit.cli.app import on_signals, plain
from rtaudit.cli.environments import allowed_audiences
from rtaudit.errors import RtauditError, UsageError, allowed_hint, counted
from rtaudit.settings.values import PROGRESS

if TYPE_CHECKING:
    from rtaudit.collect import Collected, CollectionObserver, CollectionRequest
    from rtaudit.settings import options
    from rtaudit.snapshot import Snapshot


def requested(scope: options.Scope, label: options.Label, reach: options.Login, **more: Any) -> CollectionRequest:
    """What is to be read, as the options say; `more` as `rtaudit.api.live.collection` takes it."""
    from rtaudit.api.live import collection

    return collection(
        scope.subscription, all_subscriptions=scope.all_subscriptions, resource_groups=scope.resource_group,
        accounts=scope.account, environment=label.environment, aspects=scope.aspect, skip=scope.skip,
        tenant=reach.tenant, **more,
    )  # fmt: skip


@contextlib.contextmanager
def observed(reach: options.Login, progress: str) -> Iterator[CollectionObserver]:
    """What looks on at a collection: its log and progress are open within, and signals end it with what there is."""
    if progress not in PROGRESS:
        raise UsageError(f"unknown --progress '{progress}'", allowed_hint(progress, PROGRESS))
    from rtaudit.documents.trees import no_cycles

    with no_cycles(ever=True):
        from rtaudit.cli.progress import Progress
        from rtaudit.collect import CollectionObserver

        with _call_log(reach) as log, Progress(progress, verbose=reach.verbose) as shown:
            watch = CollectionObserver(observe=shown.update, log=log)
            with _stopped_by_signals(watch):
                yield watch


def run_collect(
    scope: options.Scope,
    label: options.Label,
    reach: options.Login,
    collecting: options.Collecting,
    *,
    contracts: Sequence[str] = (),
    packs: Sequence[str] = (),
    also: Sequence[str] = (),
    shard: str | None = None,
) -> Collected:
    """Collect as the options say, with progress and a summary of the gaps on stderr.

    Raises UsageError, CredentialError and the other errors that a person may see. Ctrl-C, SIGTERM and the time budget
    end it with what there is: `Collected.interrupted` says so.
    """
    from rtaudit.api.live import collect_snapshot

    with observed(reach, collecting.progress) as watch:
        request = requested(
            scope, label, reach, contracts=contracts, packs=packs, also=also, fill=collecting.fill, shard=shard
        )
        collected = collect_snapshot(
            request, cloud=reach.cloud, arm_endpoint=reach.arm_endpoint, audience=reach.audience,
            allowed_audiences=allowed_audiences(label.config, reach.audience), auth=reach.auth,
            concurrency=collecting.concurrency, timeout=reach.timeout, watch=watch,
        )  # fmt: skip
    log_gaps(collected.snapshot)
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


def log_gaps(snapshot: Snapshot) -> None:
    """Sum up the gaps in words on stderr; nothing when there are none."""
    if not snapshot.gaps:
        return
    from rtaudit.collect.gap_summary import gap_lines

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


@contextlib.contextmanager
def _call_log(reach: options.Login) -> Iterator[Any]:
    if not reach.verbose and reach.log_file is None:
        yield None
        return
    from rtaudit.collect.gap_summary import call_line

    lock = threading.Lock()
    lost: list[OSError] = []
    try:
        file = open(reach.log_file, "a", encoding="utf-8") if reach.log_file else None  # noqa: SIM115 (closed below)
    except OSError as error:
        raise RtauditError(f"cannot write {reach.log_file}: {error.strerror}", "choose another --log-file") from None

    def log(method: str, path: str, status: int, seconds: float, request_id: str) -> None:
        line = plain(call_line(method, path, status, seconds, request_id))
        with lock, contextlib.suppress(ValueError):
            if reach.verbose:
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
            what = f"{reach.log_file} does not hold every call: {lost[0].strerror}"
            print(f"warning: {plain(what)}", file=sys.stderr)


@contextlib.contextmanager
def _stopped_by_signals(watch: CollectionObserver) -> Iterator[None]:
    def stop(_number: int, _frame: Any) -> None:
        # Before reads are under way there is nothing to keep (a login that hangs); a second signal insists.
        if not watch.gathering or watch.stop.is_set():
            raise KeyboardInterrupt
        watch.stop.set()

    with on_signals(stop, signal.SIGINT):
        yield

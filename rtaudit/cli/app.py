"""Application: holds the Typer object, and turns every error into two lines and an exit code."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, TextIO, TypeVar

import typer
import typer.core

from rtaudit.cli.signature import expanded
from rtaudit.errors import RtauditError
from rtaudit.version import __version__

INTERRUPTED = 130
"""Exit code after Ctrl-C."""
CRASHED = 70
"""Exit code of an error that is rtaudit's own (EX_SOFTWARE): never 1, which says not ready or drift."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _without_types(params: list[Any]) -> list[Any]:
    """`params` with no type in the help where an option states no metavar: `--verbose`, not `--verbose <bool>`."""
    for one in params:
        if one.metavar is None or not getattr(one, "opts", ("",))[0].startswith("-"):
            one.display_type_rich = lambda ctx: None  # noqa: ARG005 (Typer's signature)
    return params


class CliCommand(typer.core.TyperCommand):
    """A command whose help shows no Python types."""

    def get_params(self, ctx: Any) -> Any:
        """The parameters, as the help shows them."""
        return _without_types(super().get_params(ctx))


_USAGE_ERROR: Any = typer.BadParameter.__base__
"""What Typer raises for a wrong command line; it exports no name for it."""


class Group(typer.core.TyperGroup):
    """A group of commands whose help shows no Python types, and whose usage errors are two lines as all others."""

    def get_params(self, ctx: Any) -> Any:
        """The parameters, as the help shows them."""
        return _without_types(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments of the group itself."""
        with _usage_errors():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Parse and run the command."""
        with _usage_errors():
            return super().invoke(ctx)


@contextlib.contextmanager
def _usage_errors() -> Iterator[None]:
    """Within, a wrong command line ends as `error:` and `hint:`; a group without a command still shows its help."""
    try:
        yield
    except _USAGE_ERROR as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise
        message, _, near = (
            error.format_message().replace(" (Possible options: ", " Did you mean ").partition(" Did you mean ")
        )
        command = error.ctx.command_path if error.ctx is not None else "rtaudit"
        about = f"see `{command} --help`"
        print_error(
            RtauditError(
                message[:1].lower() + message[1:].rstrip("."),
                f"did you mean {near.rstrip('?.)')}? {about}" if near else about,
            )
        )
        raise typer.Exit(error.exit_code) from None


app = typer.Typer(
    cls=Group,
    name="rtaudit",
    help="Readiness and drift auditor for the Azure OpenAI Realtime API. Read-only. Reports always list what could not be read.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"rtaudit {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


def command(
    group: typer.Typer = app, name: str | None = None, *, trees: bool = False, **settings: Any
) -> Callable[[_Function], _Function]:
    """Register a function as a command whose errors end as `error:` and `hint:` on stderr, with their exit code.

    A parameter whose type is a group of `rtaudit.settings.options` brings the options of this group. With `trees` the command
    makes values without cycles, and none are looked for.
    """

    def register(function: _Function) -> _Function:
        called = expanded(function)

        @functools.wraps(called)
        def run(*args: Any, **kwargs: Any) -> Any:
            try:
                with terminable():
                    if not trees:
                        return called(*args, **kwargs)
                    from rtaudit.documents.trees import no_cycles

                    with no_cycles(ever=True):
                        return called(*args, **kwargs)
            except (typer.Exit, typer.Abort):
                raise
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (said, with its own exit code)
                raise typer.Exit(report_error(error)) from None

        group.command(name, cls=CliCommand, **settings)(run)
        return function

    return register


def report_error(error: BaseException) -> int:
    """Say on stderr what ended a command, and return its exit code: 70 where the error is one of rtaudit itself."""
    if isinstance(error, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        drop_stdout()
        return 0
    known = _as_known(error)
    if known is not None:
        print_error(known)
        return known.exit_code
    import traceback

    from rtaudit.snapshot.secrets import scrub

    for line in "".join(traceback.format_exception(error)).splitlines():
        print(plain(scrub(line)), file=sys.stderr)
    print_error(
        RtauditError(
            f"rtaudit {__version__} ended by an error of its own ({type(error).__name__}): there is no verdict",
            "please report it, with the lines above; remove names that you do not want to share",
        )
    )
    return CRASHED


def _as_known(error: BaseException) -> RtauditError | None:
    """The error in words that a person can act on; None where it is a defect of rtaudit."""
    if isinstance(error, RtauditError):
        return error
    if isinstance(error, RecursionError):
        return RtauditError("a document is nested too deeply to be one of ours", "check the files given")
    if isinstance(error, MemoryError):
        return RtauditError(
            "there is not enough memory", "use a machine with more, or fewer accounts in one run: -g, -a or --shard"
        )
    if isinstance(error, OSError) and error.errno is not None:
        what = (
            f"cannot use {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else "cannot go on"
        )
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return RtauditError(
            f"{what}: {error.strerror}", "make room on the disk" if full else "check the path and who may use it"
        )
    return None


@contextlib.contextmanager
def on_signals(stop: Callable[[int, Any], None], *more: signal.Signals) -> Iterator[None]:
    """Within, `stop` is called for SIGTERM, SIGHUP and `more`; in a thread that hears no signals, nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ending = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # Who started it with `nohup` wants it to outlive the terminal.
    heard = [*more, *(number for number in ending if signal.getsignal(number) is not signal.SIG_IGN)]
    before = [signal.signal(number, stop) for number in heard]
    try:
        yield
    finally:
        for number, handler in zip(heard, before, strict=True):
            signal.signal(number, handler)


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Within, SIGTERM and SIGHUP end the command as Ctrl-C does: by KeyboardInterrupt, so that temporary files are removed."""

    def stop(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    with on_signals(stop):
        yield


def print_error(error: RtauditError) -> None:
    """Print an error and its hint on stderr, as plain text, without secrets."""
    # Imported here: most commands end well.
    from rtaudit.snapshot.secrets import scrub

    print(f"error: {plain(scrub(error.message))}", file=sys.stderr)
    if error.hint:
        print(f"hint: {plain(scrub(error.hint))}", file=sys.stderr)


def write_stdout(text: str | Iterable[str]) -> None:
    """Write results to stdout, in UTF-8 whatever the locale says. Raises RtauditError when that fails.

    A JSON document is written so that it steers neither a terminal nor a build agent; it means the same as in a file.

    A reader that has seen enough (`| head`) is no failure: what the command found still decides its exit code.
    """
    stream = sys.stdout.buffer
    try:
        for piece in _tamed((text,) if isinstance(text, str) else text):
            stream.write(piece.encode("utf-8", "backslashreplace"))
        stream.flush()
    except BrokenPipeError:
        drop_stdout()
    except OSError as error:
        drop_stdout()
        raise RtauditError(
            f"cannot write to standard output: {error.strerror or error}", "write to a file on a disk with room"
        ) from None


class Stream:
    """A stream that nobody reads any more, or whose disk is full: what is written there is lost, and nothing else.

    `lost` are the errors that mean so; others are raised.
    """

    def __init__(self, stream: TextIO, lost: type[OSError] = OSError) -> None:
        self._stream = stream
        self._lost = lost

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except self._lost:
            self._drop()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except self._lost:
            self._drop()

    def _drop(self) -> None:
        # What is still in the buffer would fail again, at the end of the process too.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _tamed(pieces: Iterable[str]) -> Iterator[str]:
    is_json: bool | None = None
    for piece in pieces:
        if is_json is None and piece.strip():
            is_json = piece.lstrip()[0] in "{["
        if is_json and ("##" in piece or not piece.isascii() or not piece.replace("\n", "").isprintable()):
            # Imported here: most documents need none of it.
            from rtaudit.render.text import escape_ci_commands

            yield escape_ci_commands(piece)
        else:
            yield piece


def drop_stdout() -> None:
    """Let what is written to stdout from now on, and what waits in its buffer, go nowhere."""
    # Python would complain at exit about what it could not write.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def plain(text: str) -> str:
    """`text` as one line that steers neither a terminal nor a build agent, as the formats write it."""
    if text.isprintable() and "::" not in text and "##" not in text:
        return text
    # Imported here: most lines need none of it.
    from rtaudit.render.text import to_printable as shown

    return shown(text)

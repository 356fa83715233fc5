"""The Typer application, and the one place where an error becomes two lines and an exit code."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, TextIO, TypeVar

import typer

from rtaudit import __version__
from rtaudit.errors import RtauditError

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

_Function = TypeVar("_Function", bound=Callable[..., Any])

app = typer.Typer(
    name="rtaudit",
    help="Readiness and drift auditor for the Azure OpenAI Realtime API. Read-only; every answer says what it could not see.",
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
        bool, typer.Option("--version", help="Print the version and stop.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


def command(group: typer.Typer = app, name: str | None = None, **settings: Any) -> Callable[[_Function], _Function]:
    """Register a function as a command whose errors end as `error:` and `hint:` on stderr, with their exit code."""

    def register(function: _Function) -> _Function:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except RtauditError as error:
                complain(error)
                raise typer.Exit(error.exit_code) from None
            except RecursionError:
                complain(RtauditError("a document is nested too deeply to be one of ours", "check the files given"))
                raise typer.Exit(RtauditError.exit_code) from None
            except KeyboardInterrupt:
                print("interrupted", file=sys.stderr)
                raise typer.Exit(INTERRUPTED) from None
            except BrokenPipeError:
                drop_stdout()
                raise typer.Exit(0) from None

        group.command(name, **settings)(run)
        return function

    return register


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Within, SIGTERM ends the command as Ctrl-C does: by KeyboardInterrupt, so that temporary folders are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def complain(error: RtauditError) -> None:
    """Print an error and its hint on stderr, as plain text, without secrets."""
    # Imported here: most commands end well.
    from rtaudit.snapshot.secrets import scrub

    print(f"error: {plain(scrub(error.message))}", file=sys.stderr)
    if error.hint:
        print(f"hint: {plain(scrub(error.hint))}", file=sys.stderr)


def emit(text: str | Iterable[str]) -> None:
    """Write results to stdout as they are, in UTF-8 whatever the locale says. Raises RtauditError when that fails.

    A reader that has seen enough (`| head`) is no failure: what the command found still decides its exit code.
    """
    stream = sys.stdout.buffer
    try:
        for piece in (text,) if isinstance(text, str) else text:
            stream.write(piece.encode("utf-8", "backslashreplace"))
        stream.flush()
    except BrokenPipeError:
        drop_stdout()
    except OSError as error:
        drop_stdout()
        raise RtauditError(
            f"cannot write to standard output: {error.strerror or error}", "write to a file: -o"
        ) from None


class Stderr:
    """Standard error that nobody reads any more, or whose disk is full: what is said there is lost, and nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            self._drop()

    def _drop(self) -> None:
        # What is still in the buffer would fail again, at the end of the process too.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def drop_stdout() -> None:
    """Let what is written to stdout from now on, and what waits in its buffer, go nowhere."""
    # Python would complain at exit about what it could not write.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def plain(text: str) -> str:
    """`text` as one line that steers neither a terminal nor a build agent, as the formats write it."""
    if text.isprintable() and "::" not in text and "##" not in text:
        return text
    # Imported here: most lines need none of it.
    from rtaudit.render.text import plain as shown

    return shown(text)


def counted(number: int, noun: str) -> str:
    """`1 gap`, `3 gaps`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

"""Steps: hold what mends a finding, with commands as words, so that each shell quotes them by its own rules."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

SHELLS = ("bash", "pwsh")
"""The shells that commands are quoted for."""

ASK = re.compile(r"<([A-Za-z][^<>]*)>")
"""What the reader must put in, as a text holds it: `<subnet id>`."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PWSH_PLAIN = re.compile(r"(--?[a-z][a-z-]*|[A-Za-z0-9_/][A-Za-z0-9_./:=-]*)\Z")
_PWSH_QUOTES = "'\u2018\u2019\u201a\u201b"
_CMD_READS = set(" \t&|<>^()%!,;=`")


@dataclass(frozen=True, slots=True)
class Ask:
    """What only the reader knows: it is shown as `<name>`, and as a variable in a script."""

    name: str

    @property
    def variable(self) -> str:
        """Its name as a variable of a script: SUBNET_ID."""
        return re.sub(r"[^A-Z0-9]+", "_", self.name.upper()).strip("_") or "VALUE"


Word = tuple[str | Ask, ...]
"""One argument of a command."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command, as its arguments."""

    words: tuple[Word, ...]

    @classmethod
    def parse(cls, line: str) -> Command | None:
        """The command of a line that was written for bash, or None when it is none."""
        if not line.startswith("az "):
            return None
        try:
            return cls(tuple(map(_pieces, shlex.split(ASK.sub(_kept_whole, line)))))
        except ValueError:
            return None

    @property
    def asks(self) -> list[Ask]:
        """What the reader must put in, each once."""
        return list(dict.fromkeys(piece for word in self.words for piece in word if isinstance(piece, Ask)))

    def answered(self, answers: Mapping[str, str]) -> Command:
        """The same with what is known put in."""
        return Command(
            tuple(
                tuple(answers.get(one.name, one) if isinstance(one, Ask) else one for one in word)
                for word in self.words
            )
        )

    def arguments(self) -> list[str]:
        """The arguments as they reach the program; what is asked is shown as `<name>`."""
        return ["".join(f"<{one.name}>" if isinstance(one, Ask) else one for one in word) for word in self.words]

    def line(self, shell: str = "bash") -> str:
        """One line for reading and pasting; what is asked is shown as `<name>`."""
        quote = quote_bash if shell == "bash" else quote_pwsh
        return " ".join(_word(word, quote) for word in self.words)

    def script(self, shell: str) -> str:
        """One line of a script; what is asked is shown as a variable."""
        if shell == "bash":
            return " ".join(
                "".join(f'"${{{one.variable}}}"' if isinstance(one, Ask) else _some(quote_bash, one) for one in word)
                for word in self.words
            )
        return " ".join(_pwsh_script(word) for word in self.words)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a rule's fix, filled in for one observation."""

    say: str
    """What to do, in one sentence; empty where the command says it."""
    command: Command | None = None
    """The command, where there is one."""
    line: str = ""
    """The command as bash reads it, where the rule states it as a plain line."""
    sets: Sequence[Mapping[str, Any]] = ()
    """What it changes in Azure, in the language of the rules' cases."""
    risk: str = ""
    """Who will notice, and how."""
    before: Sequence[str] = ()
    """Rules whose steps come later."""
    after: Sequence[str] = ()
    """Rules whose steps come first."""
    manual: str = ""
    """Why no command mends it; empty where one does."""
    examples: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Values for what is asked, by name, with which the step is proved on paper."""
    place: int = 0
    """Its place in the rule's fix, from 0."""

    def lines(self, shell: str = "bash") -> list[str]:
        """The step as plain lines: what it says, then its command."""
        command = (
            self.line if self.line and shell == "bash" else self.command.line(shell) if self.command else self.line
        )
        return [one for one in (self.say, command) if one]


@lru_cache(maxsize=16_384)
def quote_bash(text: str) -> str:
    """`text` as one word of a POSIX shell."""
    return shlex.quote(text)


def quote_pwsh(text: str) -> str:
    r"""`text` as one word of PowerShell, for az on Windows: a batch file, whose arguments cmd.exe reads a second time.

    What cmd.exe reads as syntax is in double quotes, in which a double quote is written twice: after `\"`, which cmd.exe
    does not know, the rest would be outside of them, and `&` would begin a command. A percent sign is followed by an empty
    piece of a variable, so that no name between two is looked up. Elsewhere a double quote is written `\"` (PowerShell passes
    both on as they are where $PSNativeCommandArgumentPassing is Legacy, as it always is for batch files).
    Source: https://learn.microsoft.com/cli/azure/use-azure-cli-successfully-powershell, and on batch files
    https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments.
    """
    if _PWSH_PLAIN.match(text):
        return text
    if not text or any(one in _CMD_READS for one in text):
        inner = re.sub(r'(\\*)"', r'\1\1""', text)
        inner = '"' + re.sub(r"(\\+)\Z", r"\1\1", inner).replace("%", "%%cd:~,%") + '"'
    else:
        inner = re.sub(r'(\\*)"', r'\1\1\\"', text)
    return "'" + "".join(one * 2 if one in _PWSH_QUOTES else one for one in inner) + "'"


def printable(text: str) -> bool:
    """True when a text can be in a line of a command as it is: it has no control character."""
    return not _CONTROL.search(text)


def _word(word: Word, quote: Callable[[str], str]) -> str:
    if len(word) == 1 and isinstance(word[0], str):
        return quote(word[0])
    if not any(isinstance(one, Ask) for one in word):
        return quote("".join(map(str, word)))
    return "".join(f"<{one.name}>" if isinstance(one, Ask) else _some(quote, one) for one in word)


def _some(quote: Callable[[str], str], text: str) -> str:
    return quote(text) if text else ""


def _pwsh_script(word: Word) -> str:
    if not any(isinstance(one, Ask) for one in word):
        return quote_pwsh("".join(map(str, word)))
    parts = [f"${{{one.variable}}}" if isinstance(one, Ask) else quote_pwsh(one) for one in word if one != ""]
    if len(parts) == 1:
        return parts[0]
    quoted = (part if part[0] in "'$" else f"'{part}'" for part in parts)
    return f"({' + '.join(quoted)})"


def _kept_whole(found: re.Match[str]) -> str:
    # A name with a blank or a quote is one word of the line.
    return "<" + found[1].replace(" ", "\ue000").replace("'", "\ue001") + ">"


def _pieces(text: str) -> Word:
    texts = ASK.split(text.replace("\ue000", " ").replace("\ue001", "'"))
    found = [Ask(one) if index % 2 else one for index, one in enumerate(texts)]
    return tuple(one for one in found if one != "") or ("",)

"""Fixes: read the steps of a rule's `fix`, choose those that an observation needs, and fill them in."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.documents import KeyPath
from rtaudit.documents.json_values import copied
from rtaudit.errors import InputError
from rtaudit.policy import made_models, made_monitoring  # noqa: F401 (they register their values)
from rtaudit.policy.compile import compile_condition
from rtaudit.policy.conditions import Condition, EvalContext
from rtaudit.policy.made import MADE, Given, home_of
from rtaudit.policy.paths import FieldPath, PathError, Read, compile_path, unwrap
from rtaudit.report import Observation
from rtaudit.report.steps import Ask, Command, Step, Word, printable
from rtaudit.report.wording import name as display_name
from rtaudit.subjects import Subject

_OLD_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_PLACEHOLDER = re.compile(r"(?P<open>\{\{)|(?P<close>\}\})|\{(?P<name>[^{}]+)\}|<(?P<ask>[A-Za-z][^<>]*)>")
_MADE_NAME = re.compile(r"([A-Za-z]+)(?=\.|\[|\Z)")
_OR_ASK = re.compile(r"(?P<path>.*\S)\s*\|\|\s*<(?P<ask>[A-Za-z][^<>]*)>\s*\Z")


@dataclass(frozen=True, slots=True)
class Name:
    """What is filled in from the subject, the observation or a parameter."""

    text: str
    ask: str
    """What the reader is asked for where it has no value."""


StepTemplate = tuple[str | Name | Ask, ...]
"""Text with names to fill in."""


@dataclass(frozen=True)
class StatedStep:
    """A step as the rule states it."""

    say: str = ""
    az: str = ""
    for_: Mapping[str, Any] | None = None
    needs: Sequence[str] = ()
    """What must have a value for the step to be kept."""
    without: Sequence[str] = ()
    """What must have none."""
    sets: Sequence[Mapping[str, Any]] = ()
    risk: str = ""
    before: Sequence[str] = ()
    after: Sequence[str] = ()
    manual: str = ""
    examples: Mapping[str, Any] = field(default_factory=dict)
    plain: str = ""
    """The line of the old form."""

    @property
    def lines(self) -> list[str]:
        """As readers of plain lines see it."""
        return [one for one in (self.plain, self.say, self.az) if one]


@dataclass(frozen=True)
class BoundStep:
    """A step with its condition compiled for the parameters of one pack."""

    stated: StatedStep
    place: int
    chosen: Condition | None
    params: Mapping[str, Any] = field(hash=False)
    today: date


class Observed(EvalContext):
    """Where `for` is evaluated: at the element that an observation is about."""

    __slots__ = ("element",)

    def __init__(self, subject: Subject, element: Any) -> None:
        super().__init__(subject)
        self.element = element

    def read(self, path: FieldPath) -> Read:
        return path.of_element(self.element, self.subject)


def read_steps(stated: Sequence[Any]) -> list[StatedStep]:
    """The steps of a `fix` that was validated against the schema: lines of the old form, or mappings."""
    return [_read(one) for one in stated]


def _read(stated: Any) -> StatedStep:
    if isinstance(stated, str):
        return StatedStep(plain=_one_line(stated))
    return StatedStep(
        say=_one_line(stated.get("say", "")),
        az=_one_line(stated.get("az", "")),
        for_=stated.get("for"),
        needs=stated.get("needs", ()),
        without=stated.get("without", ()),
        sets=stated.get("sets", ()),
        risk=_one_line(stated.get("risk", "")),
        before=stated.get("before", ()),
        after=stated.get("after", ()),
        manual=_one_line(stated.get("manual", "")),
        examples=stated.get("examples", {}),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def bind_steps(
    steps: Sequence[StatedStep],
    kind: str,
    params: Mapping[str, Any],
    today: date,
    error: Callable[[KeyPath, str, str | None], InputError],
) -> list[BoundStep]:
    """The steps with their conditions compiled. Raises what `error` makes, at the place within the rule."""
    bound = []
    for index, one in enumerate(steps):
        chosen = None
        if one.for_ is not None:
            chosen = compile_condition(one.for_, ("fix", index, "for"), kind, params, today, error, inside=True)
        if one.az:
            _check_command(one, ("fix", index, "az"), error)
        bound.append(BoundStep(one, index, chosen, params, today))
    return bound


def _check_command(step: StatedStep, path: KeyPath, error: Callable[[KeyPath, str, str | None], InputError]) -> None:
    if not step.az.startswith("az "):
        raise error(path, "the command does not begin with 'az '", "write other advice as `say`")
    try:
        words = _words(step.az)
    except ValueError as problem:
        raise error(path, f"the command cannot be read as a line of a shell: {problem}", "close the quote") from None
    for name in (piece for word in words for piece in word if isinstance(piece, Name)):
        if name.text in NAMES or name.text.split(".")[0] in ("observed", "param", *MADE):
            continue
        try:
            compile_path(name.text)
        except PathError as problem:
            raise error(path, str(problem), problem.hint) from None


def steps_for(
    steps: Sequence[BoundStep], subject: Subject, observed: Observation | None, *, whole: bool = True
) -> Iterator[Step]:
    """The steps that mend one observation (or, without one, those that need none and can be filled in whole), filled in.

    Without `whole` they have what their lines say, and no more.
    """
    filler = _Filler(subject, observed)
    for one in steps:
        if one.chosen is not None:
            if observed is None:
                continue
            scope = EvalContext(subject) if observed.element is None else Observed(subject, observed.element)
            if one.chosen.truth(scope) is not True:
                continue
        if filler.keeps(one):
            step = filler.step(one, whole=whole or observed is None)
            if observed is not None or not filler.unfilled:
                yield step


class _Filler:
    def __init__(self, subject: Subject, observed: Observation | None) -> None:
        self.subject = subject
        self.element = observed.element if observed else None
        self.today = date.min
        self.made: dict[str, Any] = {}
        self.found: dict[str, Any] = {}
        """Name -> its value."""
        self.unfilled = False
        """Whether the last step names a path that has no value, and no words for what to ask instead."""

    def keeps(self, bound: BoundStep) -> bool:
        """Whether what the step needs has a value, and what it is to go without has none."""
        stated = bound.stated
        self.today = bound.today
        return all(self._find(name, bound.params) is not None for name in stated.needs) and all(
            self._find(name, bound.params) is None for name in stated.without
        )

    def step(self, bound: BoundStep, *, whole: bool) -> Step:
        stated, params = bound.stated, bound.params
        self.unfilled = False
        if stated.plain:
            line = fill_in(stated.plain, self.subject)
            say = "" if line.startswith("az ") else line
            return Step(say, Command.parse(line), "" if say else line, place=bound.place)
        command = None
        if stated.az:
            command = Command(tuple(self._word(word, params) for word in _words(stated.az)))
        say = self._text(stated.say, params, by_name=True)
        if not whole:
            return Step(say, command, place=bound.place)
        return Step(
            say=say,
            command=command,
            sets=[self._value(one, params) for one in stated.sets],
            risk=self._text(stated.risk, params, by_name=True),
            before=stated.before,
            after=stated.after,
            manual=self._text(stated.manual, params, by_name=True),
            examples=stated.examples,
            place=bound.place,
        )

    def _word(self, word: StepTemplate, params: Mapping[str, Any]) -> Word:
        if len(word) == 1 and type(word[0]) is str:
            return (word[0],)
        pieces: list[str | Ask] = []
        for one in word:
            if not isinstance(one, Name):
                pieces.append(Ask(self._text(one.name, params)) if isinstance(one, Ask) else one)
                continue
            text = self._filled(one, params)
            pieces.append(Ask(one.ask) if text is None or not printable(text) else text)
        return tuple(pieces)

    def _filled(self, name: Name, params: Mapping[str, Any]) -> str | None:
        text = _as_text(self._find(name.text, params))
        self.unfilled = self.unfilled or (text is None and name.ask == name.text)
        return text

    def _text(self, template: str, params: Mapping[str, Any], *, by_name: bool = False) -> str:
        """The text with its names filled in; in a sentence a resource goes by its name, the command has its id."""
        if "{" not in template:
            return template
        pieces = []
        for one in _template(template):
            if isinstance(one, Name):
                text = self._filled(one, params)
                shown = display_name(text) if by_name and text and text.startswith("/subscriptions/") else text
                pieces.append(f"<{one.ask}>" if shown is None else shown)
            else:
                pieces.append(f"<{self._text(one.name, params)}>" if isinstance(one, Ask) else one)
        return "".join(pieces)

    def _value(self, value: Any, params: Mapping[str, Any]) -> Any:
        """A value of `sets`, filled in; a text that is one name alone becomes the value itself."""
        if isinstance(value, dict):
            return {self._text(key, params): self._value(item, params) for key, item in value.items()}
        if isinstance(value, list):
            return [self._value(item, params) for item in value]
        if not isinstance(value, str) or "{" not in value:
            return value
        template = _template(value)
        if len(template) == 1 and isinstance(template[0], Name):
            found = self._find(template[0].text, params)
            return f"<{template[0].ask}>" if found is None else copied(unwrap(found))
        return self._text(value, params)

    def _find(self, name: str, params: Mapping[str, Any]) -> Any:
        # `params` are those of the rule, the same for each of its steps.
        if name not in self.found:
            self.found[name] = _reader(name)(self, params)
        return self.found[name]

    def make(self, name: str, params: Mapping[str, Any]) -> Any:
        if name not in self.made:
            self.made[name] = MADE[name](Given(self.subject, self.element, params, self.today))
        return self.made[name]


@lru_cache(maxsize=2048)
def _reader(name: str) -> Callable[[_Filler, Mapping[str, Any]], Any]:
    """How the value of a name is found."""
    if name in NAMES:
        of_subject = NAMES[name]
        return lambda filler, _: of_subject(filler.subject)
    head, _, rest = name.partition(".")
    made = _MADE_NAME.match(name)
    try:
        if head == "param":
            path = compile_path(rest)
            return lambda filler, params: path.of_element(params, filler.subject)[0]
        if made and made[1] in MADE:
            path = compile_path(name.removeprefix(made[1]).removeprefix(".") or "@")
            return lambda filler, params: path.of_element(filler.make(made[1], params), filler.subject)[0]
        if head.startswith("observed"):
            path = compile_path(name.removeprefix("observed").removeprefix(".") or "@")
            return lambda filler, _: path.of_element(filler.element, filler.subject)[0]
        path = compile_path(name)
        return lambda filler, _: path.of_subject(filler.subject)[0]
    except PathError:
        return lambda *_: None


@lru_cache(maxsize=2048)
def _template(text: str) -> StepTemplate:
    pieces: list[str | Name | Ask] = []
    at = 0
    for found in _PLACEHOLDER.finditer(text):
        pieces.append(text[at : found.start()])
        at = found.end()
        if found["open"] or found["close"]:
            pieces.append(found[0][0])
        elif found["ask"]:
            pieces.append(Ask(found["ask"]))
        else:
            pieces.append(_name(found["name"]))
    pieces.append(text[at:])
    return tuple(_joined(pieces))


def _joined(pieces: Sequence[str | Name | Ask]) -> Iterator[str | Name | Ask]:
    text = ""
    for one in pieces:
        if isinstance(one, str):
            text += one
            continue
        if text:
            yield text
        text = ""
        yield one
    if text:
        yield text


def _name(text: str) -> Name:
    asked = _OR_ASK.match(text)
    return Name(asked["path"].strip(), asked["ask"]) if asked else Name(text.strip(), text.strip())


@lru_cache(maxsize=2048)
def _words(line: str) -> tuple[StepTemplate, ...]:
    """The words of a command as templates. Raises ValueError where a quote is not closed."""
    marks: list[str] = []

    def mark(found: re.Match[str]) -> str:
        marks.append(found[0])
        return f"\ue000{len(marks) - 1}\ue001"

    words = shlex.split(_PLACEHOLDER.sub(mark, line))
    return tuple(_template(re.sub("\ue000(\\d+)\ue001", lambda found: marks[int(found[1])], word)) for word in words)


def _as_text(value: Any) -> str | None:
    if isinstance(value, dict | list):
        return json.dumps(unwrap(value), separators=(",", ":"))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) and value != "" else None


def fill_in(line: str, subject: Subject) -> str:
    """A line of the old form with `{names}` filled in, shell-quoted; what cannot be filled is shown as `<name>`."""
    texts, names = _split(line)
    return "".join(text + _fill(name, subject) for text, name in zip(texts, names, strict=False)) + texts[-1]


@lru_cache(maxsize=1024)
def _split(line: str) -> tuple[list[str], list[str]]:
    """The texts of a line, and the names between them."""
    pieces = _OLD_PLACEHOLDER.split(line)
    return pieces[::2], [name.strip() for name in pieces[1::2]]


def _fill(name: str, subject: Subject) -> str:
    if name in NAMES:
        value: Any = NAMES[name](subject)
    else:
        try:
            value, _ = compile_path(name).of_subject(subject)
        except PathError:
            return f"<{name}>"
    if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
        return shlex.quote(str(value))
    return f"<{name}>"


def _account_name(subject: Subject) -> str | None:
    found = re.search(r"/accounts/([^/]+)", subject.resource, re.IGNORECASE)
    return found.group(1) if found else None


NAMES: dict[str, Callable[[Subject], Any]] = {
    "id": lambda subject: subject.resource,
    "name": lambda subject: subject.name,
    "resourceGroup": lambda subject: arm_id.group_of(home_of(subject)),
    "subscription": lambda subject: arm_id.subscription_of(home_of(subject)),
    "accountName": _account_name,
}
"""What a fix may name besides paths of the subject, `observed` (the element that was observed) and `param`."""

"""Sentences: names, values and observations as plain English. No JSON, no JMESPath, no index, at most 160 characters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rtaudit.azure import arm_id

if TYPE_CHECKING:
    from rtaudit.snapshot import Gap

MAX_MESSAGE = 160
"""Longest sentence of an observation or a finding, in characters."""

WHOLE_CODES = frozenset({
    "NotDocumented", "NotDeclared", "NoAccount", "OutOfScope", "Ambiguous", "Conditional", "GroupNotExpanded", "IdentityNotRead",
})  # fmt: skip
"""Codes of gaps that no failed read left: their own message says what is not known, and why."""

_COMMAND = re.compile(r"#(?=#(?:vso)?\[)|:(?=:[\w-]+(?: [^\n]*?)?::)", re.IGNORECASE)
"""What a build agent would take for a command to itself, wherever it is on a line of output."""

_ACCOUNT = re.compile(r"/providers/microsoft\.cognitiveservices/accounts/[^/]+", re.IGNORECASE)
_CONNECTION = re.compile(r"/privateEndpointConnections/", re.IGNORECASE)
_PART = re.compile(r"/[^/]+/(subnets|authorizationRules)/[^/]+/?$", re.IGNORECASE)
_GUID_TAIL = re.compile(r"\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?=T\d)")
_NO_MARKS = str.maketrans({"{": "(", "[": "(", "}": ")", "]": ")", "`": "'"})
_WORDS = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_UNINFORMATIVE = frozenset({"properties", "facts", "@", "value"})
_ACRONYMS = {
    "dns": "DNS",
    "ip": "IP",
    "sku": "SKU",
    "id": "id",
    "rai": "content policy",
    "acls": "ACLs",
    "fqdn": "FQDN",
}


def to_printable(text: str) -> str:
    """`text` with control, format and direction characters (line breaks too) shown as escapes.

    So are the logging commands of GitHub Actions and Azure Pipelines: their agents read all that a job prints.
    """
    if not text.isprintable():
        text = "".join(
            character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
            for character in text
        )
    if "::" in text or "##" in text:
        text = _COMMAND.sub(lambda found: f"\\x{ord(found.group()):02x}", text)
    return text


def shorten(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, with `…` where the middle was left out: between words, where it is a sentence."""
    if len(text) <= limit:
        return text
    if limit < _SENTENCE or " " not in text:
        head = (limit - 1) * 2 // 3
        return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"
    head = (limit - 3) * 2 // 3
    tail = len(text) - (limit - 3 - head)
    last, first = text.rfind(" ", head - _WORD, head + 1), text.find(" ", tail - 1, tail + _WORD)
    start = f"{text[:last].rstrip()} " if last > 0 else text[:head]
    return f"{start}…{text[first:] if first >= 0 else text[tail:]}"


_SENTENCE = 50
"""What may be this long is cut between words; what is shorter is a name."""
_WORD = 40
"""Longest word that a cut leaves out whole, in characters."""


def owning_resource_name(resource: str) -> str:
    """The id of the account that a resource belongs to, as Azure wrote it; else the resource itself."""
    found = _ACCOUNT.search(resource)
    return resource[: found.end()] if found else resource


@lru_cache(maxsize=16_384)
def name(resource: str, limit: int = 120) -> str:
    """A resource's display name: `account`, or `account/deployment` for a child; an environment's or client's label.

    A subnet's and an authorization rule's own name says nothing without that of the network or the namespace.
    """
    account = _ACCOUNT.search(resource)
    if account is None:
        if arm_id.type_of(resource) == "microsoft.resources/subscriptions":
            return shorten(to_printable("subscription " + arm_id.name_of(resource)), limit)
        if _PART.search(resource):
            return shorten(to_printable(f"{resource.rstrip('/').split('/')[-3]}/{arm_id.name_of(resource)}"), limit)
        label = resource.removeprefix("environment/").removeprefix("client/").removeprefix("probe/")
        return shorten(to_printable(arm_id.name_of(resource) if resource.startswith("/") else label), limit)
    own = arm_id.name_of(account.group())
    rest = resource[account.end() :].strip("/")
    child = arm_id.name_of(rest)
    if _CONNECTION.search(resource):
        child = _GUID_TAIL.sub("", child)  # Azure appends a GUID to the endpoint's name
    return shorten(to_printable(f"{own}/{child}" if rest else own), limit)


def in_words(value: Any, limit: int = 80) -> str:
    """A value as a reader would write it: `not set`, `true`, `eastus2 and swedencentral`, a resource by its name."""
    match value:
        case None | "":
            return "not set"
        case bool():
            return str(value).lower()
        case float():
            return str(int(value)) if value.is_integer() else f"{value:.3g}"
        case str():
            text = arm_id.name_of(value) if value.lower().startswith("/subscriptions/") else value
            day = _DAY.match(text)
            text = day.group() if day else text
        case list() | tuple():
            text = _listed(value, limit)
        case dict():
            text = _entry(value)
        case _:
            text = str(value)
    return shorten(sentence(text), limit)


def _listed(values: Sequence[Any], limit: int) -> str:
    if not values:
        return "none"
    shown = [in_words(one, max(12, limit // min(len(values), 4))) for one in values[:3]]
    if len(values) > 3:
        return f"{', '.join(shown)} and {len(values) - 3} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def _entry(value: dict[Any, Any]) -> str:
    for key in ("name", "id", "value", "principalId", "metric", "model"):
        if isinstance(value.get(key), str) and value[key]:
            return in_words(value[key])
    pairs = [
        f"{plain_field(str(key))} {in_words(one, 30)}" for key, one in value.items() if not isinstance(one, dict | list)
    ]
    return ", ".join(pairs[:3]) or "an entry"


def plain_field(path: str) -> str:
    """A field's name as words: `properties.networkAcls.defaultAction` is `network ACLs default action`."""
    steps = [one for one in re.split(r"[^A-Za-z0-9_@]+", re.sub(r"\[[^\]]*\]", "", path)) if one not in _UNINFORMATIVE]
    words = [word.lower() for step in steps[-2:] for word in _WORDS.findall(step)]
    return shorten(" ".join(_ACRONYMS.get(word, word) for word in words), 60)


def sentence(text: str) -> str:
    """`text` on one printable line, without braces, brackets and backquotes."""
    text = to_printable(text)
    if "{" in text or "[" in text or "}" in text or "]" in text or "`" in text:
        text = text.translate(_NO_MARKS)
    # What is printable has no blank but the space.
    return text if "  " not in text and text.strip() == text else " ".join(text.split())


def fallback(field: str, expected: Any, actual: Any, resource: str) -> str:
    """The sentence of an observation whose rule has none: made from the field, what was expected and what was seen."""
    subject = name(resource, 60)
    if not field:
        return finish(f"{subject}: {in_words(expected)}")
    what = plain_field(field) or "value"
    if expected == "to be there":
        return finish(f"{subject}: {what} is not set")
    if expected == "not to be there":
        return finish(f"{subject}: {what} is {in_words(actual, 50)}; it must not be set")
    verb = _verb(what)
    wanted = sentence(expected.replace("`", "")) if isinstance(expected, str) else in_words(expected)
    return finish(f"{subject}: {what} {verb} {in_words(actual, 60)}; expected {wanted or 'an empty text'}")


def _verb(what: str) -> str:
    return "are" if re.search(r"[^su]s$", what) else "is"


def finish(text: str) -> str:
    """`text` as one sentence of at most MAX_MESSAGE characters, with a full stop."""
    return shorten(sentence(text).rstrip(" ."), MAX_MESSAGE - 1) + "."


def gap_sentence(gap: Gap, resource: str) -> str:
    """Why a finding about `resource` is unknown: what could not be read, why, and what is missing."""
    subject = name(resource, 50)
    what = _spaced(gap.what) if gap.field is None else plain_field(gap.field.replace("/", "."))
    verb = _verb(what)
    match gap.reason:
        case "notYetKnown" | "assignedByAzure" if gap.field is None and gap.message:
            return finish(about(subject, gap.message))
        case "notYetKnown":
            text = f"{subject}: {what} {verb} not known before the deployment"
        case "assignedByAzure":
            return finish(f"{subject}: {what} {verb} assigned by Azure at the deployment")
        case "missing" if gap.message and gap.code in WHOLE_CODES:
            return finish(about(subject, gap.message))
        case _ if gap.code == "NotCollected":
            text = f"{subject}: {what} {'were' if what.endswith('s') else 'was'} not collected"
        case "missing" if gap.message:
            return finish(about(subject, gap.message))
        case _:
            text = f"{subject}: {what} could not be read ({', '.join(str(one) for one in (gap.reason, gap.status) if one is not None)})"
    if gap.needs:
        text += f"; it needs {sentence(gap.needs)}"
    elif gap.message and gap.code != "NotCollected":
        text += f": {sentence(gap.message)}"
    return finish(text)


def about(subject: str, message: str) -> str:
    """`subject: message`; the message alone where it begins with the subject."""
    text = sentence(message)
    return text if text.startswith(subject) else f"{subject}: {text}"


def _spaced(what: str) -> str:
    """An aspect as words: `roleAssignments` is `role assignments`."""
    return sentence(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", what).lower().replace("dns", "DNS"))


def headline(messages: Sequence[str]) -> str:
    """Several sentences as one: the first, and how many more there are."""
    distinct = list(dict.fromkeys(messages))
    if len(distinct) < 2:
        return distinct[0] if distinct else ""
    more = f" ({len(distinct) - 1} more like it)"
    return finish(shorten(distinct[0].rstrip("."), MAX_MESSAGE - 1 - len(more)) + more)

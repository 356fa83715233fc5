"""Shapes: what a secret looks like, wherever it is in a text."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from rtaudit.snapshot.secrets.names import PASSWORDS, names_secret, words

CUT = "[cut]"
"""What stands in place of a secret."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape. The groups `keep` and `after` of a match stay; what lies between them is the secret."""

    what: str
    hints: tuple[str, ...]
    """Lower case; a text without any of these holds none."""
    pattern: re.Pattern[str]
    is_secret: Callable[[re.Match[str]], bool] = lambda _found: True

    def cut(self, text: str) -> str:
        """`text` without what is of this shape."""
        return self.pattern.sub(self._cut, text)

    def _cut(self, found: re.Match[str]) -> str:
        if not self.is_secret(found):
            return found.group()
        groups = found.groupdict()
        return f"{groups.get('keep') or ''}{CUT}{groups.get('after') or ''}"


def _shape(what: str, hints: str, pattern: str, is_secret: Callable[[re.Match[str]], bool] | None = None) -> Shape:
    compiled = re.compile(pattern, re.VERBOSE | re.IGNORECASE)
    return Shape(what, tuple(hints.split()), compiled, is_secret or (lambda _found: True))


def _is_basic(found: re.Match[str]) -> bool:
    # "Basic authentication is off" is no header.
    value = found.group("value")
    try:
        if b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True):
            return True
    except (binascii.Error, ValueError):
        pass
    return any(character in "=+/0123456789" for character in value) or value[1:] != value[1:].lower()


_BLANK = r"[\s\"'`<>]"
_END = r"[^\s\"'`&;<>\\]"

SHAPES: tuple[Shape, ...] = (
    _shape(
        "private key in PEM", "private",
        r"-----BEGIN[ A-Z0-9]{0,40}PRIVATE[ ]KEY(?:[ ]BLOCK)?-----(?:(?!-----END).){0,20000}(?:-----END[ A-Z0-9]{0,40}PRIVATE[ ]KEY(?:[ ]BLOCK)?-----|\Z)?".replace(").)", r")[\s\S])"),
    ),
    _shape("user in an address", "://", r"(?P<keep>://)(?!git@)[^/\s\"'`@?\#]{1,500}(?=@)"),
    _shape("user in an address, encoded", "%3a%2f%2f", r"(?P<keep>%3A%2F%2F)(?:(?!%2F|%40)[^/\s\"'&@]){1,500}(?=%40|@)"),
    _shape("hook of Slack", "hooks.slack.com", r"(?P<keep>hooks\.slack(?:-gov)?\.com/)[^\s\"'<>)]{1,300}"),
    _shape("hook of Teams", "webhook.office.com", r"(?P<keep>webhook\.office\.com/)[^\s\"'<>)]{1,500}"),
    _shape("hook of Discord", "/api/webhooks/", r"(?P<keep>/api/webhooks/)[^\s\"'<>)]{1,300}"),
    _shape("JSON web token", "eyj", r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){0,3}"),
    _shape("bearer token", "bearer", r"(?P<keep>Bearer(?:\s|%20|\+)+)(?:[A-Za-z0-9._~+/=-]{16,}|(?=[A-Za-z]*[0-9._~+/=-])[A-Za-z0-9._~+/=-]{8,})"),
    _shape("basic credentials", "basic", r"(?P<keep>\bBasic(?:\s|%20|\+)+)(?P<value>[A-Za-z0-9+/_-]{6,}={0,2})", _is_basic),
    _shape("storage key", "==", r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}=="),
    _shape("Azure AI key", "jqqj9", r"\b[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{19,29}\b"),
    _shape(
        "Azure key with a mark of its own", "+ast +amc +acr aiot asbe aehs acdb azse azca azfu apim",
        r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{30,80}(?:\+ASt|\+AMC|\+ACR|\+AIoT|\+ASbE|\+AEhS|AIoT|ASbE|AEhS|ACDb|AzSe|AzCa|AzFu|APIM)"
        r"[A-Za-z0-9+/]{5,12}={0,2}(?![A-Za-z0-9+/=])",
    ),
    _shape("secret of an application", "q~", r"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])"),
    _shape("token of Azure DevOps", "azdo", r"(?<![A-Za-z0-9])[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])"),
    _shape("token of GitHub", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,})"),
    _shape("token of GitLab", "glpat- gldt- glrt-", r"(?<![A-Za-z0-9])gl(?:pat|dt|rt)-[\w-]{16,}"),
    _shape("key of OpenAI or Anthropic", "sk-", r"(?<![A-Za-z0-9])sk-(?=[A-Za-z0-9_-]*[0-9A-Z])[A-Za-z0-9_-]{16,}"),
    _shape("key of Stripe", "sk_ rk_ whsec_", r"(?<![A-Za-z0-9])(?:[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,})"),
    _shape("token of Slack", "xox xapp-", r"(?<![A-Za-z0-9])(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{8,}"),
    _shape("key of AWS", "akia asia", r"(?<![A-Za-z0-9])(?-i:AKIA|ASIA)(?-i:[A-Z0-9]{16})(?![A-Za-z0-9])"),
    _shape("key of Google", "aiza ya29.", r"(?<![A-Za-z0-9])(?:AIza[\w-]{35}|ya29\.[\w-]{20,})"),
    _shape("token of a package index", "npm_ pypi-ag", r"(?<![A-Za-z0-9])(?:npm_[A-Za-z0-9]{36}|pypi-Ag[\w-]{50,})"),
    _shape("key of SendGrid, Hugging Face or DigitalOcean", "sg. hf_ dop_v1_", r"(?<![A-Za-z0-9])(?:SG\.[\w-]{16,}\.[\w-]{16,}|hf_[A-Za-z0-9]{30,}|dop_v1_[a-f0-9]{60,})"),
    _shape(
        "value in a query", "code key sig token password secret auth",
        r"(?P<keep>(?:[?&]|&amp;|%3F|%26|\\u0026)(?:[\w.-]{0,40}(?:token|key|secret|password|pwd)|code|sig|signature|auth|authorization)(?:=|%3D))"
        r"(?:(?!%26|\\u0026)[^\s\"'`&<>\#])+",
    ),
    _shape("SAS signature", "sig", r"(?P<keep>(?<![A-Za-z0-9])sig(?:=|%3D))(?:(?!%26|\\u0026)[^\s\"'`&<>\#])+"),
    _shape(
        "authorization header", "authorization",
        r"(?P<keep>authorization\\*[\"']?\]?\s{0,4}(?:=>|:=|[:=]|%3[AD])\s{0,4}\\*[\"'`]?(?:[A-Za-z][A-Za-z0-9-]{0,30}[ ]{1,4}(?=\S))?)" + _END + "{4,}",
        lambda found: re.search(r"[\d=_+/.~-]|[a-z][A-Z]", found.group()[len(found.group("keep")):]) is not None or "'" in found.group("keep") or '"' in found.group("keep"),
    ),
    _shape(
        "value beside its name in a list of headers", "name key header",
        r"(?P<keep>\\*[\"'](?:name|key|header)\\*[\"']\s{0,4}:\s{0,4}\\*[\"'](?P<name>[\w .-]{1,60})\\*[\"']\s{0,4},\s{0,4}\\*[\"']value\\*[\"']\s{0,4}:\s{0,4}\\*[\"'])"
        r"[^\"\\]+",
        lambda found: names_secret(found.group("name")),
    ),
    _shape(
        "value of an option", "--",
        r"(?P<keep>(?<![\w-])--(?P<name>[A-Za-z][\w-]{1,40})\s{1,4}[\"']?)(?!-)[^\s\"']+",
        lambda found: names_secret(found.group("name")),
    ),
    _shape(
        "content of an element", "</",
        r"(?P<keep><(?P<name>[A-Za-z][\w.:-]{0,60})>)[^<]+(?=</)",
        lambda found: names_secret(found.group("name")),
    ),
    _shape(
        "value beside its name in an element", "value=",
        r"(?P<keep>\b(?:key|name)\s?=\s?\\*[\"'](?P<name>[\w .-]{1,60})\\*[\"']\s{1,4}value\s?=\s?\\*[\"'])[^\"'\\]+",
        lambda found: names_secret(found.group("name")),
    ),
    _shape(
        "password in words", "pass pwd secret token key",
        r"(?P<keep>\b(?:password|passphrase|pwd|(?:client[ -]?)?secret|(?:api|access)[ -]?key|(?:access )?token)\s(?:is|was)\s?:?\s[\"'`]?)"
        r"(?=[^\s\"'`]*[0-9])[^\s\"'`]{6,}",
    ),
    _shape("user of curl", "-u", r"(?P<keep>(?<![\w-])(?:-u|--user)\s{1,3}[^\s:]{1,60}:)[^\s\"']+"),
    _shape(
        "digits beside a telling name", "key token secret pass pwd cred sas sig",
        r"(?P<keep>\b\w{0,40}(?:key|token|secret|password|passwd|pwd|credential|sas|signature)s?\d?\\*[\"'`]?(?:\s+(?:is|was|of|for|value))?[\s:=\"'`(\[,>]{1,6})"
        r"(?:[0-9a-f]{64}|[0-9a-f]{32}|[A-Za-z0-9+/]{43}=)(?![A-Za-z0-9+/=])",
    ),
)  # fmt: skip
"""Shapes that are a secret wherever they stand."""

_PLAIN = re.compile(r"[A-Za-z0-9/._)-]*\Z")
_OF_SIGNS = frozenset({
    "private key in PEM", "user in an address", "user in an address, encoded", "bearer token", "basic credentials",
    "storage key", "secret of an application", "value in a query", "SAS signature", "authorization header",
    "value beside its name in a list of headers", "value of an option", "content of an element",
    "value beside its name in an element", "password in words", "user of curl", "digits beside a telling name",
})  # fmt: skip
"""Shapes that no text without a blank, a quote or one of `:=%&?<>~@+(` can have."""
_OF_PLAIN = tuple(shape for shape in SHAPES if shape.what not in _OF_SIGNS)

_PASSWORD = re.compile(rf"(?:{PASSWORDS})\d?$")
_GIVEN = re.compile(
    r"(?P<keep>(?<![A-Za-z0-9_])(?P<name>[A-Za-z_][\w.-]{0,63})(?P<open>\\*[\"'`]?\]?\)?)\s{0,4}(?P<sep>=>|:=|!==?|={1,3}(?!>)|:(?!//|=)|%3[AD])"
    r"(?P<space>\s{0,4})(?P<quote>\\*[\"'`])?)(?P<value>(?(quote)[^\"'`\\\r\n]+|(?:(?!%26|\\u0026)[^\s\"'`&;<>\\])+))",
    re.IGNORECASE,
)
"""A name that is given a value, or compared with one: `Password=…;`, `"apiKey": "…"`, `client_secret%3D…`, `token == "…"`."""
_NUMBER = re.compile(r"\d{1,6}\Z")
_HINTS = (
    "key",
    "token",
    "secret",
    "pass",
    "pwd",
    "psw",
    "cred",
    "conn",
    "cookie",
    "sig",
    "sas",
    "auth",
    "pfx",
    "certificate",
)
_REFERENCE = re.compile(
    r"[\$%{<@(]|(?:process|os|import|env|environ|System|Environment|secrets|vars|self|this|args|options|req|request|ctx|context"
    r"|config|settings|builder|Configuration|credentials?)[.?!\[]|[A-Za-z_][\w.:]{0,60}[(\[]|(?:None|null|undefined|true|false|string|str|SecretStr)\b"
)
"""What stands in source where a value comes from elsewhere."""


def _given(text: str, *, source: bool) -> str:
    def cut(found: re.Match[str]) -> str:
        name, value = found.group("name"), found.group("value")
        # In code `a.b.key: x` is about the last part.
        if not names_secret(name) and not names_secret(name.rpartition(".")[2]):
            return found.group()
        if found.group("quote") is None:
            if source and _REFERENCE.match(value):
                return found.group()
            if found.group("sep") in ("==", "!=") and _NUMBER.match(value):
                return found.group()  # `ResultSignature == 429` of a log query
            plain = value.rstrip(".,:)").isalpha() and len(value) < 20
            # "InvalidAuthenticationToken: The token has expired" is prose; after `password:` nothing is.
            if plain and found.group("sep") == ":" and found.group("space") and not _PASSWORD.search(words(name)):
                return found.group()
        return f"{found.group('keep')}{CUT}"

    return _GIVEN.sub(cut, text)


_LEAST = 6
"""Characters of the shortest text that holds a secret: `pwd=ab`."""


@lru_cache(maxsize=65_536)
def scrub(text: str, *, source: bool = False) -> str:
    """`text` (a message, a log line, a value) with everything of a secret's shape cut out. Idempotent.

    In `source`, 32 hexadecimal digits are a key too, and what takes a value from elsewhere (`key = os.environ[…]`) is none.
    """
    if len(text) < _LEAST or (len(text) < 20 and text.isalnum()):
        return text
    lower = text.lower()
    # Names and ids, most of what Azure answers, have no blank, quote or sign: few shapes are left to be looked for.
    plain = _PLAIN.match(text) is not None
    for shape in _OF_PLAIN if plain else SHAPES:
        # Loops for `any`: this is most of what reading a large snapshot costs.
        for hint in shape.hints:
            if hint in lower:
                text = shape.cut(text)
                break
    if not plain and any(mark in lower for mark in ("=", ":", "%3")) and any(hint in lower for hint in _HINTS):
        text = _given(text, source=source)
    if source:
        for shape in SOURCE_SHAPES:
            text = shape.cut(text)
    return text


_harmless: set[str] = set()
"""Segments between slashes that no secret is in, or reaches into."""
_MOST_SEGMENTS = 262_144


def is_harmless(text: str, doubtful: re.Pattern[str]) -> bool:
    """True where a text holds no secret for sure; without an answer (False) where a segment of it is `doubtful` as a whole.

    Nearly every text of a snapshot is an id, and ids are made of few segments: each of those is looked at once.
    """
    segments = text.split("/")
    if _harmless.issuperset(segments):
        return True
    if len(_harmless) > _MOST_SEGMENTS:
        _harmless.clear()
    for segment in segments:
        if segment not in _harmless:
            if _PLAIN.match(segment) is None or _is_reached(segment) or doubtful.fullmatch(segment) is not None:
                return False
            _harmless.add(segment)
    return True


_REACHING = {
    hint.strip("/").rpartition("/")[2]: None if "/" in shape.pattern.pattern else shape.pattern
    for shape in _OF_PLAIN
    for hint in shape.hints
}
"""What hints at a shape in a segment of plain text -> its pattern; None for one that may go on behind a slash."""


def _is_reached(segment: str) -> bool:
    """True where a plain segment holds a secret, or may be part of one."""
    lower = segment.lower()
    for hint, pattern in _REACHING.items():
        if hint in lower and (pattern is None or pattern.search(segment) is not None):
            return True
    return False


GIVEN = r"[\"'`\])]*\s*(?::\s*[\w.?|<> ]{1,40}?\s*=|:=|:-|=>|[:=,]|\bor\b|\|\||\?\?|\?:)\s*"
"""What stands in source between a name and the literal that it is given, or falls back to: `: string =`, `") or`."""

_KEY_NAME = r"(?:(?:api|subscription|access)[-_]?key|(?:openai|aoai)[-_]?(?:api[-_]?)?key|KeyCredential)"

SOURCE_SHAPES: tuple[Shape, ...] = (
    _shape("key in source", "", r"\b[0-9a-fA-F]{32}\b"),
    _shape("literal that a key is given", "", rf"(?P<keep>{_KEY_NAME}(?:{GIVEN}|\s*\(\s*|[\"']\s+value\s*=\s*)[\"'`])[^\"'`]+"),
    # A variable of an environment, without quotes. No code: that has dots and brackets.
    _shape(
        "variable of an environment", "",
        r"(?P<keep>(?-i:\b[A-Z0-9_]*(?:KEY|SECRET|TOKEN)\s*[=:]\s*|\bENV\s+\w*KEY\s+))[A-Za-z0-9+/=_-]{8,}+(?![.(\[])",
    ),
)  # fmt: skip
"""Shapes that are a secret in source alone."""

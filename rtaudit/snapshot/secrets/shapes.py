"""Shapes: what a secret looks like, wherever it is in a text."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from rtaudit.snapshot.secrets.names import PASSWORDS, holds_number, names_secret, words

MASK = "[cut]"
"""What replaces a secret."""


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
        return f"{groups.get('keep') or ''}{MASK}{groups.get('after') or ''}"


def _shape(what: str, hints: str, pattern: str, is_secret: Callable[[re.Match[str]], bool] | None = None) -> Shape:
    compiled = re.compile(pattern, re.VERBOSE | re.IGNORECASE)
    return Shape(what, tuple(hints.split()), compiled, is_secret or (lambda _found: True))


def _is_private(found: re.Match[str]) -> bool:
    # A certificate, or a public key, is written alike.
    text = "LS0tLS1CRUdJTi" + found.group("value").rstrip("=").replace("-", "+").replace("_", "/")
    return b"PRIVATE KEY" in base64.b64decode(text[: len(text) // 4 * 4])


def _is_mixed(found: re.Match[str]) -> bool:
    # Letters and digits, and no prose: "password must", "secret of".
    value = found.group("value")
    mixed = value.endswith("=") or (any(map(str.isdigit, value)) and any(map(str.isalpha, value)))
    return mixed and not value.startswith(("/", "~", "$", "%", "{", "["))


def is_user_and_password(value: str) -> bool:
    """True for base64 of `user:password`."""
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False


def _is_basic(found: re.Match[str]) -> bool:
    # "Basic authentication is off" is no header.
    value = found.group("value")
    if is_user_and_password(value):
        return True
    return any(character in "=+/0123456789" for character in value) or value[1:] != value[1:].lower()


_PEM = r"(?:[A-Z0-9]|[ +]|%20){0,60}PRIVATE(?:[ +]|%20)KEY(?:(?:[ +]|%20)BLOCK)?"
_SLASH = r"(?:/|%2F)"
_IS = r"(?:=|%(?:25){0,3}3D)"
"""The sign between a parameter of a query and its value, encoded once or more."""
_END = r"[^\s\"'`&;<>\\]"

SHAPES: tuple[Shape, ...] = (
    _shape(
        "private key in PEM", "private",
        rf"-----BEGIN{_PEM}-----(?:(?!-----END)[\s\S]){{0,20000}}(?:-----END{_PEM}-----|\Z)?",
    ),
    _shape("private key in PEM in base64", "ls0tls1crudjti", r"LS0tLS1CRUdJTi(?P<value>[A-Za-z0-9+/_=-]{10,40000})", _is_private),
    _shape("private key in base64, or with its certificate", "ibadanbgkq ibaakc ibazcc ibazca geambmgbyq geambagbyq",
        r"(?<![A-Za-z0-9+/])(?-i:MI(?:I[A-Z][A-Za-z0-9+/][AQgw]IBA(?:DANBgkq|AKC|zCC|zCA)|[A-Z]{2}AgEAM[A-Z]{2}GByq))[A-Za-z0-9+/=\s\\]{16,}",
    ),
    _shape("private key of PuTTY", "private-lines", r"(?P<keep>Private-Lines:\s{0,4}\d{1,4})(?:(?!Private-MAC)[\s\S]){1,20000}"),
    _shape("user in an address", "://", r"(?P<keep>://)(?!git@[^@]*\Z|git@[^@\s]*[\s/])[^/\s\"'`?\#]{1,500}(?=@)"),
    _shape("user in an address, encoded", "%3a%2f%2f", r"(?P<keep>%3A%2F%2F)(?:(?!%2F|%40)[^/\s\"'&@]){1,500}(?=%40|@)"),
    _shape("user in an address of a call", "sip", r"(?P<keep>\bsips?:[^\s:@/]{1,100}:)[^\s@/]{1,200}(?=@)"),
    _shape(
        "hook", "hook pagerduty victorops opsgenie ifttt telegram",
        rf"(?P<keep>(?:hooks\.slack(?:-gov)?\.com|webhook\.office\.com|hooks\.zapier\.com|hook\.[a-z0-9.]{{0,20}}make\.com|hook\.integromat\.com"
        rf"|outlook\.office(?:365)?\.com{_SLASH}webhook|{_SLASH}api{_SLASH}(?:v\d+{_SLASH})?webhooks|events\.(?:eu\.)?pagerduty\.com{_SLASH}(?:integration|x-ere|generic)"
        rf"|victorops\.com{_SLASH}integrations|opsgenie\.com{_SLASH}(?:v\d{_SLASH})?integrations|maker\.ifttt\.com{_SLASH}trigger|api\.telegram\.org){_SLASH})"
        r"[^\s\"'<>)]{1,500}",
    ),
    _shape(
        "hook of another service", "hook",
        rf"(?P<keep>https?(?::|%3A){_SLASH}{{2}}[^\s\"'<>?]{{1,200}}?{_SLASH}(?:web)?hooks?{_SLASH})(?=[A-Za-z_-]*[0-9]|[A-Za-z0-9]{{24}}|[A-Za-z0-9]{{16,23}}/[A-Za-z0-9]{{24}})[A-Za-z0-9_-]{{16,200}}(?:{_SLASH}[^\s\"'<>)?]{{1,200}})?",
    ),
    _shape("JSON web token", "eyj", r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}(?:\.|%2E)[A-Za-z0-9_-]{4,}(?:(?:\.|%2E)[A-Za-z0-9_-]*){0,3}"),
    _shape("token in a subprotocol of a socket", "-key.", r"(?P<keep>\bopenai-(?:insecure-api|ephemeral)-key\.)[^\s\"',;]+"),
    _shape("bearer token", "bearer geniekey", r"(?P<keep>(?:Bearer|GenieKey)(?:\s|%20|[+:\"'])+)(?:[A-Za-z0-9._~+/=-]{16,}|(?=[A-Za-z]*[0-9._~+/=-])[A-Za-z0-9._~+/=-]{8,})"),
    _shape("basic credentials", "basic", r"(?P<keep>\bBasic(?:\s|%20|\+)+)(?P<value>[A-Za-z0-9+/_-]{6,}={0,2})", _is_basic),
    _shape("storage key", "==", r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}=="),
    _shape("storage key, encoded", "%3d%3d", r"(?<![A-Za-z0-9+/%])(?:[A-Za-z0-9+/]|%2B|%2F){86}%3D%3D"),
    _shape("Azure AI key", "jqqj9", r"\b[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{19,29}\b"),
    _shape(
        "Azure key with a mark of its own", "+ast +amc +acr aiot asbe aehs acdb azse azca azfu apim",
        r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{30,80}(?:\+ASt|\+AMC|\+ACR|\+AIoT|\+ASbE|\+AEhS|AIoT|ASbE|AEhS|ACDb|AzSe|AzCa|AzFu|APIM)"
        r"[A-Za-z0-9+/]{5,12}={0,2}(?![A-Za-z0-9+/=])",
    ),
    _shape("secret of an application", "q~ q%7e", r"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}\dQ(?:~|%7E)[A-Za-z0-9_~.-]{31,40}(?![A-Za-z0-9_~.-])"),
    _shape("token of Azure DevOps", "azdo", r"(?<![A-Za-z0-9])[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])"),
    _shape("token of GitHub", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,})"),
    _shape("token of GitLab", "glpat- gldt- glrt- glptt- glcbt- glsoat- glimt- glft- glffct- glagent-", r"(?<![A-Za-z0-9])gl(?:pat|dt|rt|ptt|cbt|soat|imt|ft|ffct|agent)-[\w-]{16,}"),
    _shape("key of OpenAI or Anthropic", "sk-", r"(?<![A-Za-z0-9])sk-(?=[A-Za-z0-9_-]*[0-9A-Z])[A-Za-z0-9_-]{16,}"),
    _shape("key of Stripe", "sk_ rk_ whsec_", r"(?<![A-Za-z0-9])(?:[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,})"),
    _shape("token of Slack", "xox xapp-", r"(?<![A-Za-z0-9])(?:xox[a-z]|xapp)[-.](?:[A-Za-z0-9-]|%2[BF]|%3D){8,}"),
    _shape("key of AWS", "akia asia", r"(?<![A-Za-z0-9])(?-i:AKIA|ASIA)(?-i:[A-Z0-9]{16})(?![A-Za-z0-9])"),
    _shape("key of Google", "aiza ya29. gocspx-", r"(?<![A-Za-z0-9])(?:AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,})"),
    _shape("token of a package index", "npm_ pypi-ag", r"(?<![A-Za-z0-9])(?:npm_[A-Za-z0-9]{36}|pypi-Ag[\w-]{50,})"),
    _shape(
        "token with a mark of its own",
        "ek_ sess- dckr_ dapi hvs. hvb. hvr. atatt3x atctt3x nrak- shpat_ shpca_ shppa_ shpss_ lin_api_ glsa_ glc_ pul- atlasv1. figd_ ntn_ gsk_ xai-"
        " nvapi- r8_ pplx- tskey- pmak- sntry age-secret- rubygems_ sbp_ dp.pt. -us",
        r"(?<![A-Za-z0-9])(?:ek_[A-Za-z0-9_-]{16,}|sess-[A-Za-z0-9]{20,}|dckr_[a-z]{2,4}_[\w-]{20,}|dapi[0-9a-f]{32}(?:-\d)?|hv[sbr]\.[\w-]{20,}"
        r"|AT[AC]TT3x[\w=-]{20,}|NRA[KA]-[A-Z0-9]{20,}|shp(?:at|ca|pa|ss)_[0-9a-f]{32}|lin_api_\w{30,}|glsa_\w{30,}|glc_ey[\w+=]{10,}|pul-[0-9a-f]{40}"
        r"|[A-Za-z0-9]{14}\.atlasv1\.[\w-]{50,}|figd_[\w-]{30,}|ntn_\w{40,}|gsk_\w{40,}|xai-\w{40,}|nvapi-[\w-]{40,}|r8_\w{30,}|pplx-\w{40,}"
        r"|tskey-[\w-]{20,}|PMAK-[\w-]{40,}|sntry[su]_[\w=+]{30,}|AGE-SECRET-KEY-1[A-Z0-9]{20,}|rubygems_[0-9a-f]{40,}|sbp_[0-9a-f]{40}|dp\.pt\.\w{40,}"
        r"|[0-9a-f]{32}-us\d{1,2}\b)",
    ),
    _shape("token of Telegram", ":a", r"(?<![A-Za-z0-9])\d{8,10}:(?-i:AA)[\w-]{32,34}(?![\w-])"),
    _shape("token of Discord", ".", r"(?<![\w.-])(?-i:[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6})\.(?=[\w-]*\d|[a-z_-]*[A-Z])[\w-]{27,40}(?![\w.-])"),
    _shape("key of SendGrid, Hugging Face or DigitalOcean", "sg. hf_ dop_v1_", r"(?<![A-Za-z0-9])(?:SG\.[\w-]{16,}\.[\w-]{16,}|hf_[A-Za-z0-9]{30,}|dop_v1_[a-f0-9]{60,})"),
    _shape(
        "value in a query", "code key sig token password secret auth",
        r"(?P<keep>(?:[?&\#]|&amp;|%(?:25){0,3}(?:3F|26)|\\u0026)(?:[\w.-]{0,40}(?:token|key|secret|password|pwd)|code|sig|signature|auth|authorization)" + _IS + r")"
        r"(?:(?!%(?:25){0,3}26|\\u0026)[^\s\"'`&<>\#])+",
    ),
    _shape("SAS signature", "sig", r"(?P<keep>(?<![A-Za-z0-9])sig" + _IS + r")(?:(?!%(?:25){0,3}26|\\u0026)[^\s\"'`&<>\#])+"),
    _shape("token of Event Grid", "&s=", r"(?P<keep>\br=[^&\s]{1,500}&e=[^&\s]{1,80}&s=)[^\s\"'&]+"),
    _shape("user and password in base64", "auth", r"(?P<keep>\b_?auth\\*[\"']?\s{0,4}[:=]\s{0,4}\\*[\"']?)(?P<value>[A-Za-z0-9+/]{8,}={0,2})",
        lambda found: is_user_and_password(found.group("value")),
    ),
    _shape("authorization header with parameters", "authorization",
        r"(?P<keep>authorization\\*[\"']?\s{0,4}[:=]\s{0,4}\\*[\"']?(?:Digest|OAuth|Hawk|MAC|AWS4-HMAC-SHA256)\s{1,4})(?!\[cut\])[^\r\n]+",
    ),
    _shape(
        "authorization header", "authorization",
        r"(?P<keep>authorization\\*[\"']?\]?\s{0,4}(?:=>|:=|[:=]|%3[AD])\s{0,4}\\*[\"'`]?(?:[A-Za-z][A-Za-z0-9-]{0,30}[ ]{1,4}(?=\S))?)" + _END + "{4,}",
        lambda found: re.search(r"[\d=_+/.~-]|[a-z][A-Z]", found.group()[len(found.group("keep")):]) is not None or "'" in found.group("keep") or '"' in found.group("keep"),
    ),
    _shape(
        "value beside its name in a list of headers", "name key header id",
        r"(?P<keep>\\*[\"'](?:name|key|header|id)\\*[\"']\s{0,4}:\s{0,4}\\*[\"'](?P<name>[\w .-]{1,60})\\*[\"']\s{0,4},\s{0,4}\\*[\"']value\\*[\"']\s{0,4}:\s{0,4}\\*[\"'])"
        r"[^\"\\]+",
        lambda found: names_secret(found.group("name")),
    ),
    _shape(
        "value before its name in a list of headers", "name key header id",
        r"(?P<keep>\\*[\"']value\\*[\"']\s{0,4}:\s{0,4}\\*[\"'])[^\"\\]+"
        r"(?P<after>\\*[\"']\s{0,4},\s{0,4}\\*[\"'](?:name|key|header|id)\\*[\"']\s{0,4}:\s{0,4}\\*[\"'](?P<name>[\w .-]{1,60})\\*[\"'])",
        lambda found: names_secret(found.group("name")),
    ),
    _shape(
        "value beside its name in YAML", "value:",
        r"(?P<keep>\b(?:name|key):[ \t]{0,4}[\"']?(?P<name>[\w.-]{1,60})[\"']?\s{1,20}value:[ \t]{0,4}[\"']?)[^\s\"'][^\r\n\"']*",
        lambda found: names_secret(found.group("name")),
    ),
    _shape(
        "value of an option", "-",
        r"(?P<keep>(?<![\w-])(?:--|-(?=[A-Za-z]{3}))(?P<name>[A-Za-z][\w-]{1,40})(?:\s{1,4}|:)[\"']?)(?!-)[^\s\"']+",
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
        r"(?P<keep>\b(?:password|passphrase|pwd|(?:client[ -]?)?secret|(?:api|access)[ -]?key|(?:access )?token)(?:\s(?:for|of)\s\S{1,60})?\s(?:is|was)\s?:?\s[\"'`]?)"
        r"(?=[^\s\"'`]*[0-9])[^\s\"'`]{6,}",
    ),
    _shape(
        "password behind its name", "pass pwd key secret token",
        r"(?P<keep>\b(?:(?:password|passphrase|passwd|pwd)\s{1,4}|(?:(?:api|access|account|shared[ ]access|primary|secondary|subscription|storage|client|instrumentation|master)[ -]?"
        r"(?:key|secret|token|password))\s{0,4}(?:[:=]\s{0,4}|(?<=\s)))[\"'`]?)(?P<value>[^\s\"'`;,]{8,})",
        _is_mixed,
    ),
    _shape("password of a short name", "pass pw", r"(?P<keep>\b(?:passe?|pw)\s?:\s{0,4})(?P<value>[^\s\"'`;,]{6,})", _is_mixed),
    _shape("user of curl", "-u", r"(?P<keep>(?<![\w-])(?:-u|--user)\s{1,3}[^\s:]{1,60}:)[^\s\"']+"),
    _shape(
        "password of a command", "login sshpass mysql mariadb sqlcmd bcp plink pscp redis-cli",
        r"(?P<keep>\b(?:(?:az|docker|podman|nerdctl|oras|registry|acr)\s{1,4}login|sshpass|mysql\w{0,10}|mariadb[\w-]{0,10}|sqlcmd|bcp|plink|pscp|redis-cli)\b"
        r"(?:(?![;|&\n])[\s\S]){0,200}?\s-(?:pw|p|a)[=\s]?\s{0,3}[\"']?)(?![\s\"'=-]|\[cut\])[^\s\"']+",
    ),
    _shape("secret that a command stores", "secret", r"(?P<keep>\bsecrets?\s{1,4}set\b(?:(?![;|&\n])[\s\S]){0,200}?\s(?:--value|--body|-b)[=\s]\s{0,3}[\"']?)(?!\[cut\])[^\s\"']+"),
    _shape("secure string", "securestring", r"(?P<keep>ConvertTo-SecureString\s{1,4}(?:-String\s{1,4})?[\"'])[^\"']+"),
    _shape(
        "digits beside a telling name", "key token secret pass pwd cred sas sig",
        r"(?P<keep>\b\w{0,40}(?:key|token|secret|password|passwd|pwd|credential|sas|signature)s?\d?\\*[\"'`]?(?:\s+(?:is|was|of|for|value))?[\s:=\"'`(\[,>]{1,6})"
        r"(?:[0-9a-f]{64}|[0-9a-f]{32}|[A-Za-z0-9+/]{43}=)(?![A-Za-z0-9+/=])",
    ),
)  # fmt: skip
"""Shapes that are a secret wherever they are."""

_PLAIN = re.compile(r"[A-Za-z0-9/._)-]*\Z")
_OF_SIGNS = frozenset({
    "private key in PEM", "user in an address", "user in an address, encoded", "bearer token", "basic credentials",
    "storage key", "secret of an application", "value in a query", "SAS signature", "authorization header",
    "value beside its name in a list of headers", "value of an option", "content of an element",
    "value beside its name in an element", "password in words", "user of curl", "user in an address of a call", "storage key, encoded",
    "token of Event Grid", "authorization header with parameters", "value before its name in a list of headers", "value beside its name in YAML",
    "password behind its name", "password of a short name", "password of a command", "secret that a command stores", "secure string", "token of Telegram",
    "private key of PuTTY", "hook of another service", "digits beside a telling name",
    "user and password in base64",
})  # fmt: skip
"""Shapes that no text without a blank, a quote or one of `:=%&?<>~@+(` can have."""
_OF_PLAIN = tuple(shape for shape in SHAPES if shape.what not in _OF_SIGNS)

_PASSWORD = re.compile(rf"(?:{PASSWORDS})\d?$")
_PASS = re.compile("passe?|pw", re.IGNORECASE)
_QUOTE = r"\\*[\"'`]|&quot;|&\#3[49];|%22|\\+u002[27]"
_NAMED = re.compile(
    rf"(?P<keep>(?:(?<![A-Za-z0-9_])|(?<=%[0-9A-F]{{2}})|(?<=u002[267]))(?P<name>[A-Za-z_](?:(?!%22|%3[AD])[\w.-]){{0,63}})(?:(?:{_QUOTE})?\]?\)?)\s{{0,4}}"
    rf"(?P<sep>=>|->|:=|!==?|={{1,3}}(?!>)|:(?!//|=)|%3[AD]|&\#61;)(?P<space>\s{{0,4}})(?:[|>][+-]?[ ]{{0,4}}\r?\n\s{{1,20}})?(?P<quote>{_QUOTE})?)",
    re.IGNORECASE,
)
"""A name and the sign behind it: `Password=`, `"apiKey": "`, `client_secret%3D`, `token == "`."""
_NUMBER = re.compile(r"\d{1,6}\Z")
_QUOTED = re.compile(r"(?:(?!&quot;|&#3[49];|%22|\\+u002[27])[^\"'`\\\r\n])+")
_BARE = re.compile(
    r"\[cut\](?=[\]})]+(?:[\s,]|\Z))|\{[^{}]{0,2000}\}|\[(?!cut\])[^\[\]]{0,2000}\]|(?:(?!%26|\\u0026)[^\s\"'`&;<>\\])+"
)
"""What a name is given, between quotes and without them."""
_HINTS = (
    "key",
    "token",
    "secret",
    "pass",
    "pw",
    "psw",
    "pat",
    "cred",
    "conn",
    "cookie",
    "sig",
    "sas",
    "auth",
    "pfx",
    "certificate",
    "wort",
    "contras",
    "senha",
)
_REFERENCE = re.compile(
    r"[\$%{<@(]|(?:process|os|import|env|environ|System|Environment|secrets|vars|self|this|args|options|req|request|ctx|context"
    r"|config|settings|builder|Configuration|credentials?)[.?!\[]|[A-Za-z_][\w.:]{0,60}[(\[]|(?:None|null|undefined|true|false|string|str|SecretStr)\b"
)
"""What is in source where a value comes from elsewhere."""


def _given(text: str, *, source: bool) -> str:
    pieces: list[str] = []
    done = at = 0
    while (found := _NAMED.search(text, at)) is not None:
        at = found.end()
        name = found.group("name")
        # In code `a.b.key: x` is about the last part.
        if not names_secret(name) and not names_secret(name.rpartition(".")[2]):
            # What is behind may be a name itself: `host:6380,password=…`.
            at = max(found.start() + 1, found.end("sep"))
            continue
        # "what must pass: `name`" is prose.
        if _PASS.fullmatch(name) and found.group("sep") == ":" and found.end("name") == found.start("sep"):
            continue
        value = (_BARE if found.group("quote") is None else _QUOTED).match(text, at)
        if value is None or (found.group("quote") is None and _is_no_secret(found, value.group(), source)):
            continue
        pieces += (text[done:at], MASK)
        done = at = value.end()
    return "".join((*pieces, text[done:])) if pieces else text


def _is_no_secret(found: re.Match[str], value: str, source: bool) -> bool:
    """True where what a name is given without quotes is a reference, prose or a count."""
    if source and _REFERENCE.match(value):
        return True
    if found.group("sep") in ("==", "!=") and _NUMBER.match(value):
        return True  # `ResultSignature == 429` of a log query
    name = words(found.group("name"))
    plain = value.rstrip(".,:)").isalpha() and len(value) < 20
    # "InvalidAuthenticationToken: The token has expired" is prose; after `password:` nothing is.
    if plain and found.group("sep") == ":" and found.group("space") and not _PASSWORD.search(name):
        return True
    # "pass: 147, fail: 2" counts.
    return holds_number(name) and value.rstrip(".,;)").isdigit()


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
    if (
        not plain
        and any(mark in lower for mark in ("=", ":", "%3", "->", "&#61;"))
        and any(hint in lower for hint in _HINTS)
    ):
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
"""What is in source between a name and the literal that it is given, or falls back to: `: string =`, `") or`."""

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

"""Names: which fields, tags, headers and variables hold a secret."""

from __future__ import annotations

import re
from functools import lru_cache

_JOINS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER = re.compile(r"[^A-Za-z0-9]+")

PASSWORDS = r"pass-?(?:word|wd|phrase|code|wort)s?|pwd|psw|kennwort|mot-?de-?passe|contrase-?[nñ]?a|senha"
"""The words for a password, as `words` writes them."""

_KEY_OF = (
    "api|access|account|admin|app|auth|client|code|encryption|endpoint|function|functions|host|hmac|instrumentation"
    "|decryption|genie|ingestion|integration|license|machine|master|openai|aoai|open-ai|speech|cognitive|primary|private|recovery|routing|rsa|search|secondary|secret"
    "|service|shared|signing|ssh|storage|subscription|system|validation|webhook|write"
)
_TOKEN_OF = (
    "access|api|app|auth|bearer|bot|client|deploy|id|migration|oauth|pat|refresh|sas|secret|security|session|user"  # noqa: S105
)

_PASS_OF = (
    "admin|db|database|ftp|key-?store|ldap|login|mail|mongo|my-?sql|pg|postgres|proxy|rabbit(?:mq)?|redis|root|smtp"  # noqa: S105
    "|sql|trust-?store|user"
)

_SECRET = re.compile(
    rf"""
      (?:{PASSWORDS}|credentials?|connection-?strings?|conn-?str(?:ing)?|cookies?|(?:^|-)authorization|(?:^|-)signature
        |(?:^|-)sig|(?:^|-)sas(?:-?(?:token|uri|url|key|signature))?|secrets?|secret-?value|(?:auth|authorization)-header)
      (?:-?\d+)?$
    | ^(?:passe?|pw)$ | (?:^|-)(?:{_PASS_OF})-?pass$ | ^(?:\w+-)*pat$
    | (?:{_KEY_OF})-?keys?(?:-?\d+)?$
    | (?:^|-)api-?keys?(?:-|$)
    | (?:^|-)key-?\d+$
    | ^keys$
    | (?:{_TOKEN_OF})-?tokens?(?:-?\d+)?$
    | (?<!max)(?<!max-)(?<!context-)(?<!put-)(?<!skip-)(?<!skip)(?<!next-)(?<!page-)(?<!continuation-)(?<!prompt-)(?<!completion-)
      (?<!text-)(?<!audio-)(?<!total-)(?<!per-)(?<!cached-)(?<!reasoning-)(?<!cancellation-)token$
    | ^tokens$
    | (?:^|-)(?:pfx|pkcs-?12|certificate)-?(?:data|blob|password)$
    | (?:^|-)private-?key(?:-|$)
    """,
    re.VERBOSE,
)
"""Names whose value is a secret."""

_ABOUT = re.compile(
    r"-(?:names?|ids?|identifier|type|versions?|source|uris?|vault|vault-\w+|expir\w*|expires-\w+|rotat\w+|created\w*|updated\w*"
    r"|date|days?|enabled|disabled|required|allowed|policy|mode|state|status|location|header-name|properties|count|length|hash|digest"
    r"|checksum|thumbprint|fingerprint|ring|usage|permissions|owner|algorithm|size)$"
)
"""Names that speak about a secret, and hold none."""

_TELLING = re.compile(
    r"(?:^|-)(?:\w*keys?|\w*tokens?|\w*secrets?|auth|authorization|pass\w*|pwd|cred\w*|sas|sig|signature|cookie|hook|webhook)(?:-|\d|$)"
)
"""Names beside which a value of a key's shape is a key."""

LONGEST = 100
"""Characters of the longest name."""

PARENTS = frozenset(
    {
        "api-properties",  # connection strings and keys of linked services
        "web-hook-properties", "webhook-properties", "webhook-property", "custom-properties",  # of an alert's action: what the hook is sent
        "request-message", "custom-headers", "request-headers", "secure-settings", "protected-settings", "sensitive-settings",
    }
)  # fmt: skip
"""Fields below which every value is cut, as `words` writes them."""


@lru_cache(maxsize=16_384)
def words(name: str) -> str:
    """A name's words in lower case with hyphens between: `primaryKey1`, `PRIMARY_KEY1` and `Primary key1` are `primary-key1`."""
    return _OTHER.sub("-", _JOINS.sub("-", name)).strip("-").lower()


def _is_name(name: str) -> bool:
    # A text that holds a secret itself, or is as long as prose, names nothing.
    return len(name) <= LONGEST and "[cut]" not in name


@lru_cache(maxsize=16_384)
def names_secret(name: str) -> bool:
    """True when a field, tag, header or variable of this name holds a secret, whatever its value looks like."""
    if not _is_name(name):
        return False
    written = words(name)
    return written in PARENTS or (_SECRET.search(written) is not None and _ABOUT.search(written) is None)


@lru_cache(maxsize=16_384)
def is_telling(name: str) -> bool:
    """True when a value of a key's shape (32 or 64 hexadecimal digits, 44 of base64) is a key beside this name."""
    if not _is_name(name):
        return False
    written = words(name)
    return _TELLING.search(written) is not None and _ABOUT.search(written) is None


def holds_number(name: str) -> bool:
    """True when a number under this name counts something: of tokens, of keys, of what passed."""
    return words(name) in {"tokens", "token", "keys", "pass"}

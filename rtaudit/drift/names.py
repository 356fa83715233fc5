"""Names: strip environment tokens: `voice-prod-eastus2` in prod and `voice-test-eastus2` in test have one role.

Only whole tokens go: names are split at separators and where letters meet digits, so `prod` leaves `product-search` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import MODELS, USAGES

ABBREVIATIONS: tuple[frozenset[str], ...] = (
    frozenset({"prod", "prd", "production", "live"}),
    frozenset({"preprod", "pre", "preproduction"}),
    frozenset({"stage", "stg", "staging"}),
    frozenset({"uat", "acceptance", "acc"}),
    frozenset({"qa", "qas"}),
    frozenset({"test", "tst", "testing"}),
    frozenset({"int", "integration"}),
    frozenset({"dev", "development", "develop"}),
    frozenset({"sandbox", "sbx"}),
    frozenset({"dr", "recovery"}),
)
"""Words that mean the same environment: a label that is one of them represents all of its row. A map's `tokens` override it."""

REGION_CODES: dict[str, tuple[str, ...]] = {
    "australiaeast": ("aue", "auea"),
    "brazilsouth": ("brs",),
    "canadacentral": ("cac", "cnc"),
    "canadaeast": ("cae",),
    "centralindia": ("inc", "cin"),
    "centralus": ("cus",),
    "eastus": ("eus",),
    "eastus2": ("eus2",),
    "francecentral": ("frc",),
    "germanywestcentral": ("gwc", "dewc"),
    "italynorth": ("itn",),
    "japaneast": ("jpe", "jae"),
    "koreacentral": ("krc", "koc"),
    "northcentralus": ("ncus",),
    "northeurope": ("neu", "ne"),
    "norwayeast": ("nwe", "noe"),
    "polandcentral": ("plc",),
    "southafricanorth": ("san", "zan"),
    "southcentralus": ("scus",),
    "southeastasia": ("sea",),
    "southindia": ("ins", "sin"),
    "spaincentral": ("spc", "esc"),
    "swedencentral": ("sdc", "swc", "sec"),
    "switzerlandnorth": ("szn", "chn"),
    "switzerlandwest": ("szw", "chw"),
    "uaenorth": ("uan",),
    "uksouth": ("uks",),
    "ukwest": ("ukw",),
    "westcentralus": ("wcus",),
    "westeurope": ("weu", "we"),
    "westus": ("wus",),
    "westus2": ("wus2",),
    "westus3": ("wus3",),
}
"""Region -> the short codes that people put into names. Only those of regions in use are taken out."""

_SEPARATORS = re.compile(r"[-_.\s]+")
_BOUNDARY = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


def tokens_of_label(label: str) -> frozenset[str]:
    """The tokens that say "this is the environment `label`": its own words, and what they are abbreviated to."""
    words = set(_SEPARATORS.split(label.lower())) - {""}
    for row in ABBREVIATIONS:
        if words & row:
            words |= row
    return frozenset(words)


def region_tokens(regions: Iterable[str]) -> frozenset[str]:
    """The tokens that name one of `regions` (normalised): `eastus2`, `eus2`."""
    known: set[str] = set()
    for region in regions:
        known |= {region, *REGION_CODES.get(region, ())}
    return frozenset(known - {""})


@lru_cache(maxsize=262_144)
def base_name(name: str, tokens: frozenset[str], regions: frozenset[str] = frozenset()) -> str:
    """`name` in lower case without the environment's `tokens` and the codes of `regions`, joined by `-`; may be empty."""
    kept: list[str] = []
    for segment in _SEPARATORS.split(name.lower()):
        if not segment or segment in tokens or segment in regions:
            continue
        pieces = [piece for piece in _BOUNDARY.split(segment) if piece not in tokens]
        if len(pieces) > 1 and "".join(pieces) in regions:
            continue
        kept += ["".join(pieces)] if pieces else []
    return "-".join(kept)


def short_type(resource_type: str) -> str:
    """The last segment of a resource type: `deployments`."""
    return resource_type.rsplit("/", 1)[-1]


def path_stem(resource_id: str, tokens: frozenset[str], regions: frozenset[str]) -> str:
    """An id without subscription, group and environment: `virtualnetworks/vnet/subnets/pe`."""
    parts, at = arm_id.segments(resource_id)
    if at is not None:
        parts = parts[at + 2 :]
        return "/".join(
            part if index % 2 == 0 else base_name(part, tokens, regions) or "-" for index, part in enumerate(parts)
        )
    if len(parts) == 4:
        return f"resourcegroups/{base_name(parts[3], tokens, regions) or '-'}"
    return "/".join(parts[:1])


def readable(resource_id: str) -> str:
    """The names of an id without its types: `account/deployment`; a region for its collections."""
    resource_type = arm_id.type_of(resource_id)
    parts = resource_id.strip("/").split("/")
    if resource_type in (MODELS, USAGES):
        return parts[-2].lower()
    lower = [part.lower() for part in parts]
    kept: list[str] = []
    while "providers" in lower:
        at = lower.index("providers")
        end = lower.index("providers", at + 1) if "providers" in lower[at + 1 :] else len(parts)
        kept += parts[at + 3 : end : 2] or parts[at + 1 : end]
        parts, lower = parts[end:], lower[end:]
    return "/".join(kept) or f"{short_type(resource_type)} {arm_id.name_of(resource_id)}".strip()


__all__ = [
    "ABBREVIATIONS",
    "REGION_CODES",
    "base_name",
    "path_stem",
    "readable",
    "region_tokens",
    "short_type",
    "tokens_of_label",
]

"""Policy: rules in YAML, packs, and the evaluation of snapshots against them."""

from rtaudit.policy.check import check
from rtaudit.policy.packs import Pack, builtin_names, join_policies, library, load_policies, opt_in_aspects
from rtaudit.policy.waivers import Waiver, load_waivers

__all__ = [
    "Pack",
    "Waiver",
    "builtin_names",
    "check",
    "join_policies",
    "library",
    "load_policies",
    "load_waivers",
    "opt_in_aspects",
]

"""collect: Azure Resource Manager is read, a Snapshot is made. The Azure SDKs live here; enter it when a command needs it."""

from rtaudit.collect.credentials import Identity, find_identity
from rtaudit.collect.endpoint import Endpoint, find_endpoint
from rtaudit.collect.limits import Limits
from rtaudit.collect.request import Request, choose_aspects, refill
from rtaudit.collect.run import Collected, Watch, collect
from rtaudit.collect.world import Shard

__all__ = [
    "Collected",
    "Endpoint",
    "Identity",
    "Limits",
    "Request",
    "Shard",
    "Watch",
    "choose_aspects",
    "collect",
    "find_endpoint",
    "find_identity",
    "refill",
]

"""Collection: reads Azure Resource Manager and makes a Snapshot. It loads the Azure SDKs: import it only when a command needs it."""

from rtaudit.collect.collected import Shard
from rtaudit.collect.credentials import Identity, find_identity
from rtaudit.collect.endpoint import Endpoint, find_endpoint
from rtaudit.collect.limits import Limits
from rtaudit.collect.request import CollectionRequest, choose_aspects, refill
from rtaudit.collect.run import Collected, CollectionObserver, collect

Request = CollectionRequest
"""The old name, for one release."""

__all__ = [
    "Collected",
    "CollectionObserver",
    "CollectionRequest",
    "Endpoint",
    "Identity",
    "Limits",
    "Request",
    "Shard",
    "choose_aspects",
    "collect",
    "find_endpoint",
    "find_identity",
    "refill",
]

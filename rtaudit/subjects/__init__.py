"""Subjects: the resources of a snapshot joined with what belongs to them, and the facts that follow. Computed, never stored.

Each root key (`deployments`) and each fact (`facts.exposure`) is one function in one of this package's modules, and declares the
aspects that it reads. Importing the modules fills `ATTRIBUTES`.
"""

from rtaudit.subjects import (  # noqa: F401 (for what their decorators register)
    account,
    alerts,
    capacity,
    client,
    client_caller,
    client_reach,
    client_wire,
    deployment,
    endpoint,
    environment,
    filters,
    roles,
    subscription,
    watching,
)
from rtaudit.subjects.estate import EstateIndex, Subject
from rtaudit.subjects.parts import ATTRIBUTES, KINDS, Attribute, Rows, WithGaps

__all__ = ["ATTRIBUTES", "KINDS", "Attribute", "EstateIndex", "Rows", "Subject", "WithGaps"]

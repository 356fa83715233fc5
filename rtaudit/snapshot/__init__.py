"""A snapshot: a bag of Azure resources as Azure returned them, and the gaps in it."""

from rtaudit.snapshot.aspects import ASPECTS, Aspect
from rtaudit.snapshot.files import dump, load, load_unedited, refuse_edited, write
from rtaudit.snapshot.gaps import Gap
from rtaudit.snapshot.model import SCHEMA, Snapshot

__all__ = ["ASPECTS", "SCHEMA", "Aspect", "Gap", "Snapshot", "dump", "load", "load_unedited", "refuse_edited", "write"]

"""Runbooks: put the steps of fixes in order, prove each on an edited copy of the snapshot, and say what is left."""

from rtaudit.runbook.plan import runbook

__all__ = ["runbook"]

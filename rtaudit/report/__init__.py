"""Report: holds the one answer of a check, of which every format and the exit code are renderings."""

from rtaudit.report.files import dump, load
from rtaudit.report.gate import SEVERITIES, at_or_above
from rtaudit.report.model import OUTCOMES, SCHEMA, Finding, Gate, Observation, Report, RuleText

__all__ = [
    "OUTCOMES",
    "SCHEMA",
    "SEVERITIES",
    "Finding",
    "Gate",
    "Observation",
    "Report",
    "RuleText",
    "at_or_above",
    "dump",
    "load",
]

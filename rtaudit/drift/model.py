"""A drift as values: what was paired, on what ground, and what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from rtaudit.documents import check_schema, dumps, error_for_file, load_json
from rtaudit.documents.schema_of import DATE, one_of
from rtaudit.errors import InputError
from rtaudit.report.gate import EXIT_CODES, SEVERITIES

SCHEMA = "rtaudit.drift/1"
"""The schema this version reads and writes."""

CATEGORIES = (
    "deployments",
    "models",
    "client",
    "network",
    "privateEndpoints",
    "dns",
    "logging",
    "identity",
    "contentSafety",
    "quota",
    "tags",
    "other",
)
"""In the order in which they are listed."""

DECISIONS = ("drift", "unknown", "expected", "ignored")
"""In the order in which changes are sorted."""

KINDS = ("changed", "added", "removed")
"""`added` and `removed` are as seen from the base: the other side has it, or lacks it."""

_PATH = {
    "type": "string",
    "pattern": "^(/.*)?$",
    "description": 'JSON Pointer into the normalised resource; "" for a whole resource; a list is pointed at as a whole.',
}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two snapshots of a comparison."""

    environment: str
    """The snapshot's label."""
    digest: str
    file: str | None = None
    """The file it was loaded from, or `REV:path`."""
    collected_at: str | None = None
    """When it was collected (ISO 8601, UTC), where recorded."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two resources that play the same role."""

    role: str
    """The base's name without the environment, or the name that the map gives; children after a `/`."""
    type: str
    """Resource type, lower case; `client` for a client contract."""
    left: str
    """ARM id in the base, as Azure wrote it."""
    right: str
    by: Annotated[str, {"description": "The ground of the pairing."}]
    """The ground: `id`, `map`, `tag role`, `name`, `name and region`, `model`, …"""


@dataclass(frozen=True, slots=True)
class Unpaired:
    """A resource whose counterpart is in doubt: nothing was guessed."""

    side: Annotated[str, {"enum": ["left", "right"]}]
    type: str
    resource: str
    """ARM id as Azure wrote it."""
    reason: str
    """Why, and how to settle it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two resources of a pair, or a resource that one side lacks."""

    role: str
    type: str
    left: Annotated[str | None, {"description": "ARM id in the base; null when it is not there."}]
    right: str | None
    category: Annotated[str, one_of(CATEGORIES)]
    kind: Annotated[str, one_of(KINDS)]
    path: Annotated[str, _PATH]
    """JSON Pointer into the normalised resource; "" for a whole resource. A change in a list points at the list."""
    before: Any
    """The normalised value in the base; None when nothing is there."""
    after: Any
    severity: Annotated[str, one_of(SEVERITIES)]
    decision: Annotated[str, one_of(DECISIONS)]
    decided_by: Annotated[str | None, {"description": "The drift policy's entry; for unknown the gap."}] = None
    """The id of the drift policy's entry that decided; for `unknown` the gap."""
    meaning: Annotated[str | None, {"description": "What it means, in words."}] = None
    """What it means, in words, where that is known."""
    modified: dict[str, Any] | None = None
    """`by` and `at` of the last change to the resource, from its system data, where Azure gives them."""
    rules: Sequence[dict[str, Any]] = ()
    """Rules of the catalogue whose outcome differs between the two: `rule`, `title`, `severity`, `left`, `right`."""

    @property
    def weaker(self) -> bool:
        """True when a rule that passes in the base fails on the other side."""
        return any(rule["left"] == "pass" and rule["right"] == "fail" for rule in self.rules)

    @property
    def order(self) -> tuple[int, int, int, str, str, str]:
        """Sort key: decision, severity, category, role, type, path."""
        return (
            DECISIONS.index(self.decision),
            SEVERITIES.index(self.severity),
            CATEGORIES.index(self.category),
            self.role,
            self.type,
            self.path,
        )


@dataclass(frozen=True)
class Comparison:
    """The base against one other snapshot."""

    left: Side
    right: Side
    pairs: Sequence[Pair]
    unpaired: Annotated[Sequence[Unpaired], {"description": "Only pairings in doubt."}]
    changes: Sequence[Change]
    over_time: Annotated[bool, {"description": "The same environment at two moments."}] = False
    """True when both are the same environment, paired by ARM id."""

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Number of pairs, of doubts, of changes per decision, and of drift per severity and category."""
        decisions = Counter(change.decision for change in self.changes)
        drift = [change for change in self.changes if change.decision == "drift"]
        severities, categories = Counter(one.severity for one in drift), Counter(one.category for one in drift)
        return {
            "pairs": len(self.pairs),
            "unpaired": len(self.unpaired),
            **{name: decisions[name] for name in DECISIONS},
            "driftBySeverity": {name: severities[name] for name in SEVERITIES if severities[name]},
            "driftByCategory": {name: categories[name] for name in CATEGORIES if categories[name]},
        }


@dataclass(frozen=True)
class Drift:
    """The answer of one diff."""

    tool: dict[str, str]
    """`name` and `version`."""
    as_of: Annotated[str, DATE]
    """The date by which entries of the drift policy expire, YYYY-MM-DD."""
    fail_on: str
    """Drift of this severity or worse makes the verdict `drift`; `none` gates nothing."""
    verdict: Annotated[str, {"enum": ["same", "drift", "incomplete"]}]
    comparisons: Sequence[Comparison]
    """The base against each of the others."""
    policies: Sequence[dict[str, Any]] = ()
    """The drift policies that decided: each `name`, `file`."""
    warnings: Sequence[str] = ()
    """What the reader should know: expired entries, aspects that neither side read."""
    sides: Sequence[Side] = field(default=())
    """Every snapshot once, the base first."""

    @property
    def exit_code(self) -> int:
        """0 same, 1 drift, 4 incomplete."""
        return EXIT_CODES[self.verdict]


def dump(drift: Drift) -> str:
    """The drift as the JSON document of the contract: the same drift, the same bytes."""
    return dumps(document(drift))


def document(drift: Drift) -> dict[str, Any]:
    """The drift as plain values."""
    return {
        "schema": SCHEMA,
        "tool": dict(drift.tool),
        "asOf": drift.as_of,
        "gate": {"failOn": drift.fail_on, "exitCode": drift.exit_code},
        "verdict": drift.verdict,
        "policies": list(drift.policies),
        "warnings": list(drift.warnings),
        "comparisons": [_comparison(comparison) for comparison in drift.comparisons],
    }


def load(path: str | Path) -> Drift:
    """The drift in the file `path` (`-` is standard input). Raises InputError."""
    return parse(load_json(path), "standard input" if str(path) == "-" else str(path))


def parse(value: Any, name: str) -> Drift:
    """The drift that a JSON document holds; `name` is what errors call it. Raises InputError."""
    from rtaudit.drift.schema import ENVELOPE

    schema = value.get("schema") if isinstance(value, dict) else None
    if schema != SCHEMA:
        what = f"a {schema} document" if isinstance(schema, str) else "something else"
        raise InputError(
            f"{name} is not a drift of schema {SCHEMA} but {what}", "give what `rtaudit diff -o json` wrote"
        )
    check_schema(value, ENVELOPE, error_for_file(f"{name} is not a drift", "`rtaudit schema drift` prints the format"))
    comparisons = [_load_comparison(comparison) for comparison in value["comparisons"]]
    return Drift(
        tool=value["tool"],
        as_of=value["asOf"],
        fail_on=value["gate"]["failOn"],
        verdict=value["verdict"],
        comparisons=comparisons,
        policies=value["policies"],
        warnings=value["warnings"],
        sides=[comparisons[0].left, *(comparison.right for comparison in comparisons)] if comparisons else [],
    )


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "left": _side(comparison.left),
        "right": _side(comparison.right),
        "overTime": comparison.over_time,
        "pairs": [
            # By hand: there is one for each resource, and asdict copies deeply.
            {"role": pair.role, "type": pair.type, "left": pair.left, "right": pair.right, "by": pair.by}
            for pair in comparison.pairs
        ],
        "unpaired": [asdict(doubt) for doubt in comparison.unpaired],
        "changes": [_change(change, comparison) for change in comparison.changes],
        "summary": comparison.summary,
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "environment": side.environment,
        "digest": side.digest,
        "file": side.file,
        "collectedAt": side.collected_at,
    }


def _change(change: Change, comparison: Comparison) -> dict[str, Any]:
    from rtaudit.drift.sentences import change_sentence

    value = {name: getattr(change, name) for name in Change.__slots__}
    value["message"] = change_sentence(change, comparison.left.environment, comparison.right.environment)
    value["decidedBy"] = value.pop("decided_by")
    value["rules"] = list(change.rules)
    return value


def _load_side(value: dict[str, Any]) -> Side:
    return Side(value["environment"], value["digest"], value.get("file"), value.get("collectedAt"))


def _load_comparison(value: dict[str, Any]) -> Comparison:
    return Comparison(
        left=_load_side(value["left"]),
        right=_load_side(value["right"]),
        pairs=[Pair(**pair) for pair in value["pairs"]],
        unpaired=[Unpaired(**doubt) for doubt in value["unpaired"]],
        changes=[
            Change(
                **{
                    "decided_by" if key == "decidedBy" else key: item
                    for key, item in change.items()
                    if key != "message"
                }
            )
            for change in value["changes"]
        ],
        over_time=value.get("overTime", False),
    )


def with_rules(change: Change, rules: Sequence[dict[str, Any]]) -> Change:
    """The same change with the rules whose outcome differs."""
    return replace(change, rules=rules)

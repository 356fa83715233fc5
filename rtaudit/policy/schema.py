"""Policy schemas: JSON Schemas of policies and waivers; editors complete from them and the loader validates by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rtaudit.documents.json_values import is_number
from rtaudit.documents.schema_of import DATE, DIALECT, TEXT, TEXTS, closed
from rtaudit.policy.operators import COMPARISONS, OPERATORS
from rtaudit.report import SEVERITIES
from rtaudit.snapshot import ASPECTS
from rtaudit.snapshot.gaps import GAP_REASONS
from rtaudit.subjects import KINDS

PACK = "rtaudit.policy/1"
WAIVERS = "rtaudit.waivers/1"

PARAM_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": is_number,
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
"""Types of parameters, with what tells whether a value is of one."""

_PATH = {"type": "string", "description": "A JMESPath, as in `az --query`; `$.` in front starts at the subject."}
_VALUE = {"description": "A literal, {param: name}, {fieldOf: path}, or {product: [of, numbers]}."}
_CONDITION = {"$ref": "#/$defs/condition"}
_OF = {"description": "The list to visit: a path, or {param: name}.", "type": ["string", "object"]}
_QUANTIFIER = closed({"of": _OF, "where": _CONDITION, "satisfy": _CONDITION}, "of")

_CONDITIONS: dict[str, Any] = {
    "condition": closed(
        {
            "allOf": {"type": "array", "minItems": 1, "items": _CONDITION, "description": "Every condition holds."},
            "anyOf": {"type": "array", "minItems": 1, "items": _CONDITION, "description": "Some condition holds."},
            "not": {**_CONDITION, "description": "The condition does not hold."},
            "some": {**_QUANTIFIER, "description": "At least one element holds."},
            "every": {**_QUANTIFIER, "required": ["of", "satisfy"], "description": "Every element holds."},
            "none": {**_QUANTIFIER, "description": "No element holds."},
            "count": closed(
                {"of": _OF, "where": _CONDITION, **dict.fromkeys(COMPARISONS, _VALUE)},
                "of",
                description="The number of elements.",
            ),
            "says": {
                **TEXT,
                "description": "The sentence where it does not hold, with names and values: {subject}, {element}, {actual}, …",
            },
            "field": _PATH,
            "value": _VALUE,
            **{
                name: {"description": f"{one.words.format('…')}. {_VALUE['description']}"}
                for name, one in OPERATORS.items()
            },
        },
        description="One combinator, or one field (or value) and one operator; and `says`, its sentence for people.",
        minProperties=1,
        **{
            "x-hint": "a condition is {field: …, equals: …} or a combinator; parameters that must be set are listed in `requires`"
        },
    )
}

CHANGE: dict[str, Any] = closed(
    {
        "at": {**TEXT, "description": "Which resource: `account`, `deployment:voice`."},
        "set": {"type": "object", "description": "Path: value."},
        "append": {
            "type": "object",
            "description": "Path of a list: what is added to its end; made where it is absent.",
        },
        "remove": {**TEXTS, "description": "Paths to take out."},
        "delete": {"const": True, "description": "Take the whole resource out."},
        "copy": {**TEXT, "description": "Copy the resource under this name; `set` changes the copy."},
        "add": {"type": "object", "required": ["id"], "description": "A whole new resource."},
        "gap": {"enum": list(ASPECTS), "description": "A read of this aspect failed at the resource."},
        "reason": {"enum": list(GAP_REASONS)},
        "needs": TEXT,
        "skip": {"enum": list(ASPECTS), "description": "The aspect was not collected."},
        "ask": {"enum": list(ASPECTS), "description": "The opt-in aspect was collected."},
        "apiVersion": {
            "type": "object",
            "additionalProperties": TEXT,
            "description": "Type: api-version it was read with.",
        },
    },
    minProperties=1,
)

"""A change of a case, or what a step of a fix sets."""

_EDITS = ("at", "set", "append", "remove", "delete", "copy", "add")

_STEP: dict[str, Any] = closed(
    {
        "say": {**TEXT, "description": "What to do, in one sentence."},
        "for": {**_CONDITION, "description": "Which observations it mends: a condition on the element observed."},
        "needs": {**TEXTS, "description": "What must have a value for the step to apply, such as `successor`."},
        "without": {**TEXTS, "description": "What must have no value for the step to apply."},
        "az": {
            **TEXT,
            "description": "The command. {name} is filled in and quoted, <name> is asked, {{ and }} are braces.",
        },
        "sets": {
            "type": "array",
            "items": {
                **CHANGE,
                "properties": {
                    **{name: CHANGE["properties"][name] for name in _EDITS},
                    "add": {"type": ["object", "string"], "description": "A whole new resource, or what makes one."},
                },
            },
            "description": "What the command changes in Azure, as the cases of rules state changes.",
        },
        "risk": {**TEXT, "description": "Who will notice, and how."},
        "before": {**TEXTS, "description": "Rules whose steps come later."},
        "after": {**TEXTS, "description": "Rules whose steps come first."},
        "manual": {**TEXT, "description": "Why no command mends it."},
        "examples": {"type": "object", "description": "Values for what is asked, to prove the step on paper."},
    },
    description="A step: what it says, the command, and what the command changes.",
    minProperties=1,
)

_FIX: dict[str, Any] = {"if": {"type": "object"}, "then": _STEP, "else": TEXT}

_RULE: dict[str, Any] = closed(
    {
        "id": {
            "type": "string",
            "pattern": "^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$",
            "x-pattern-means": "an id such as CONTOSO-NET-001",
            "description": "Immutable, never reused.",
        },
        "name": {
            "type": "string",
            "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
            "x-pattern-means": "a kebab-case name of the wanted state",
            "description": "Names the wanted state.",
        },
        "title": TEXT,
        "severity": {"enum": list(SEVERITIES)},
        "each": {"enum": list(KINDS), "description": "What it checks: one kind of subject."},
        "when": {**_CONDITION, "description": "Where it applies; else notApplicable."},
        "require": {**_CONDITION, "description": "What must hold."},
        "why": TEXT,
        "fix": {"type": "array", "items": _FIX, "description": "What to do; {JMESPath} is filled in."},
        "see": {
            "type": "array",
            "items": {"type": "string", "pattern": "^https://", "x-pattern-means": "an https:// address"},
        },
        "controls": {
            "type": "object",
            "additionalProperties": TEXTS,
            "description": "Framework: [control ids], sourced.",
        },
        "params": {
            "type": "object",
            "additionalProperties": closed(
                {"type": {"enum": list(PARAM_TYPES)}, "default": {}, "about": TEXT}, "type", "about"
            ),
        },
        "requires": {
            **TEXTS,
            "x-hint": "`requires` lists parameters without which the rule does not apply; its condition is `require`",
            "description": "Parameters without which it does not apply.",
        },
    },
    "id",
    "name",
    "title",
    "severity",
    "each",
    "require",
    "why",
    "fix",
)

RULES_SCHEMA: dict[str, Any] = {"type": "array", "items": _RULE, "$defs": _CONDITIONS}
"""A file of rules: a list."""

PACK_SCHEMA: dict[str, Any] = closed(
    {
        "schema": {"const": PACK},
        "name": {
            "type": "string",
            "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$",
            "x-pattern-means": "a short name without spaces",
        },
        "title": TEXT,
        "extends": {**TEXTS, "description": "Packs, by name or path; merged left to right, this file last."},
        "params": {"type": "object", "description": "Values of parameters."},
        "override": {
            "type": "object",
            "description": "Of a selected rule only.",
            "additionalProperties": closed(
                {
                    "severity": {"enum": list(SEVERITIES)},
                    "enabled": {"type": "boolean"},
                    "because": {**TEXT, "description": "Why; reviewers read it."},
                },
                "because",
            ),
        },
        "select": {**TEXTS, "description": "Further rules of the library."},
        "rules": {"type": "array", "items": _RULE, "description": "Own rules, own ids."},
    },
    "schema",
    "name",
    **{"$defs": _CONDITIONS},
)
"""A pack."""

POLICY_SCHEMA: dict[str, Any] = {
    "$schema": DIALECT,
    "title": "rtaudit policy",
    "description": "A pack (a mapping), or a file of rules (a list).",
    "$defs": _CONDITIONS,
    "if": {"type": "array"},
    "then": {key: value for key, value in RULES_SCHEMA.items() if key != "$defs"},
    "else": {key: value for key, value in PACK_SCHEMA.items() if key != "$defs"},
}
"""Either, for editors."""

WAIVERS_SCHEMA: dict[str, Any] = closed(
    {
        "schema": {"const": WAIVERS},
        "waivers": {
            "type": "array",
            "items": closed(
                {
                    "rule": {**TEXT, "description": "Rule id."},
                    "resource": {**TEXT, "description": "ARM id, any case; * matches any text."},
                    "reason": TEXT,
                    "owner": TEXT,
                    "ticket": TEXT,
                    "expires": {
                        **DATE,
                        "x-pattern-means": "a day YYYY-MM-DD (it is valid to the end of that day, UTC)",
                    },
                    "accepts": {"enum": ["fail", "unknown"], "description": "What it accepts; fail unless said."},
                },
                "rule",
                "resource",
                "reason",
            ),
        },
    },
    "schema",
    "waivers",
    title="rtaudit waivers",
    description="Findings that someone has accepted, until a day.",
    **{"$schema": DIALECT},
)
"""A file of waivers."""

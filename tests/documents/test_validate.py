"""A document that does not fit its schema: one error, at the right line, that says what was allowed."""

from __future__ import annotations

from typing import Any

import pytest

from rtaudit.documents import check_schema, error_for_file, parse_yaml, schema_errors
from rtaudit.documents.schema_of import DATE
from rtaudit.errors import InputError

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["name", "severity"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z]+$", "x-pattern-means": "a word in small letters"},
        "severity": {"enum": ["critical", "high", "low"]},
        "schema": {"const": "rtaudit.policy/1"},
        "count": {"type": ["integer", "null"]},
        "names": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "either": {"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "string"}}]},
        "rules": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id"],
                "properties": {"id": {"type": "string"}},
            },
        },
    },
}
GOOD = "name: voice\nseverity: high\n"


def complaint(text: str) -> tuple[str, str | None]:
    document = parse_yaml(text, "f.yaml")
    with pytest.raises(InputError) as caught:
        check_schema(document.value, SCHEMA, document.error)
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (GOOD + "severty: low\n", "f.yaml:3:1: unknown key 'severty'", "did you mean 'severity'?"),
        (
            GOOD + "rules:\n  - id: a\n  - id: b\n    idd: c\n",
            "f.yaml:6:5: unknown key 'idd' in 'rules[1]'",
            "did you mean 'id'?",
        ),
        ("name: voice\nseverity: hihg\n", "f.yaml:2:11: 'severity' cannot be 'hihg'", "did you mean 'high'?"),
        ("name: voice\nseverity: 5\n", "f.yaml:2:11: 'severity' cannot be 5", "allowed: critical, high, low"),
        ("name: voice\n", "f.yaml:1:1: the document lacks 'severity'", "needed: name, severity"),
        (GOOD + "rules:\n  - {}\n", "f.yaml:4:5: 'rules[0]' lacks 'id'", "needed: id"),
        ("name: 12\nseverity: high\n", "f.yaml:1:7: 'name' is 12, not a string", None),
        ("name: Voice 2\nseverity: high\n", "f.yaml:1:7: 'name' is 'Voice 2', not a word in small letters", None),
        (GOOD + "count: '5'\n", "f.yaml:3:8: 'count' is '5', not a whole number or null", None),
        (GOOD + "count: true\n", "f.yaml:3:8: 'count' is true, not a whole number or null", None),
        (GOOD + "names: [a, {b: c}]\n", "f.yaml:3:12: 'names[1]' is a mapping, not a string", None),
        (
            GOOD + "schema: rtaudit.policy/2\n",
            "f.yaml:3:9: 'schema' is 'rtaudit.policy/2', not 'rtaudit.policy/1'",
            None,
        ),
        (GOOD + "either: 5\n", "f.yaml:3:9: 'either' is 5, not true or false or a list", None),
        (GOOD + "either: [5]\n", "f.yaml:3:10: 'either[0]' is 5, not a string", None),
        ("- a\n", "f.yaml:1:1: the document is a list, not a mapping", None),
        ("", "f.yaml:1:1: the document is null, not a mapping", None),
        ("name: " + "x" * 100 + "1\nseverity: high\n", "f.yaml:1:7: 'name' is 'xxxxxxxxxx", None),
    ],
)
def test_the_error_points_at_the_line(text: str, message: str, hint: str | None) -> None:
    said, said_hint = complaint(text)
    assert said.startswith(message)
    assert len(said) < 200
    assert (said_hint or "").startswith(hint or "")
    assert "\n" not in said


def test_the_first_error_in_the_order_of_reading_is_told() -> None:
    rules = "".join(f"  - id: r{number}\n" for number in range(9)) + "  - {}\n  - id: 5\n"
    assert complaint(GOOD + "rules:\n" + rules)[0].startswith("f.yaml:13:5: 'rules[9]' lacks 'id'")
    assert complaint("zzz: 1\nname: 5\nseverity: high\n")[0].startswith("f.yaml:1:1: unknown key 'zzz'")
    assert complaint("name: 5\nseverity: high\nzzz: 1\n")[0].startswith("f.yaml:1:7: 'name' is 5")


def test_every_error_can_be_told_at_once() -> None:
    document = parse_yaml("zzz: 1\nname: 5\nyyy: 2\nrules:\n  - {}\n", "f.yaml")
    told = [error.message for error in schema_errors(document.value, SCHEMA, document.error)]
    assert told == [
        "f.yaml:1:1: unknown key 'zzz'",
        "f.yaml:3:1: unknown key 'yyy'",
        "f.yaml:2:7: 'name' is 5, not a string",
        "f.yaml:5:5: 'rules[0]' lacks 'id'",
        "f.yaml:1:1: the document lacks 'severity'",
    ]
    assert schema_errors({"name": "a", "severity": "low"}, SCHEMA, document.error) == []


def test_all_that_is_missing_is_named() -> None:
    assert complaint("count: 1\n") == ("f.yaml:1:1: the document lacks 'name' and 'severity'", "needed: name, severity")


def test_json_is_told_by_the_name_of_the_value() -> None:
    with pytest.raises(InputError) as caught:
        check_schema(
            {"name": "voice", "severity": 5}, SCHEMA, error_for_file("f.json is no such thing", "see the format")
        )
    assert caught.value.message == "f.json is no such thing: 'severity' cannot be 5"
    with pytest.raises(InputError) as caught:
        check_schema(
            {"name": 5, "severity": "low"}, SCHEMA, error_for_file("f.json is no such thing", "see the format")
        )
    assert caught.value.hint == "see the format"


def test_a_date_that_is_on_no_calendar_is_one_mistake() -> None:
    error_at = error_for_file("x", "read it")
    schema = {"type": "object", "properties": {"expires": DATE}}
    for wrong, said in (("2026-02-30", "which is not a valid date"), ("soon", "not a date YYYY-MM-DD")):
        (error,) = schema_errors({"expires": wrong}, schema, error_at)
        assert said in error.message
    assert schema_errors({"expires": "2028-02-29"}, schema, error_at) == []

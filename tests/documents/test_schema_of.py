"""Schemas of dataclasses: a field is stated once, in the class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import jsonschema
import pytest

from rtaudit.documents.schema_of import STRING, camel_case, list_of, one_of, schema_of


@dataclass
class Part:
    name: str


@dataclass
class Whole:
    first_name: str
    level: Annotated[str, one_of(("low", "high"))]
    parts: Sequence[Part]
    size: int | None = None
    flag: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    anything: Any = None
    own: str = ""


SCHEMA = schema_of(Whole, without=["own"], required=["sum"], sum={"type": "number"})
GOOD = {"firstName": "a", "level": "low", "parts": [{"name": "b"}], "sum": 1}


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        pytest.param({}, True, id="as it is"),
        pytest.param({"size": None, "flag": True, "labels": {"a": "b"}, "anything": [{}]}, True, id="every field"),
        pytest.param({"size": 1.5}, False, id="no integer"),
        pytest.param({"level": "middle"}, False, id="no such word"),
        pytest.param({"parts": [{}]}, False, id="an inner field is missing"),
        pytest.param({"parts": [{"name": "b", "more": 1}]}, False, id="an inner field too many"),
        pytest.param({"labels": {"a": 1}}, False, id="a mapping to another type"),
        pytest.param({"own": "x"}, False, id="a field that the document lacks"),
        pytest.param({"sum": "x"}, False, id="a computed property of another type"),
    ],
)
def test_a_document_is_what_the_class_says(change: dict[str, Any], valid: bool) -> None:
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(GOOD | change) is valid


@pytest.mark.parametrize("name", GOOD)
def test_what_has_no_default_is_required(name: str) -> None:
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid({key: GOOD[key] for key in GOOD if key != name})


def test_an_open_one_takes_more_and_a_field_can_have_another_schema() -> None:
    found = schema_of(Whole, closed=False, parts=list_of(STRING))
    assert jsonschema.Draft202012Validator(found).is_valid(
        {"firstName": "a", "level": "low", "parts": ["x"], "more": 1}
    )


def test_names_are_written_in_camel_case() -> None:
    assert camel_case("collected_at_once") == "collectedAtOnce"

"""YAML 1.2 core: what is what, what is refused, and that every error says where."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rtaudit.documents import load_yaml, parse_yaml
from rtaudit.errors import InputError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2025-08-28", "2025-08-28"),
        ("2025-08-28T10:00:00Z", "2025-08-28T10:00:00Z"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("10:30", "10:30"),
        ("1:30:00", "1:30:00"),
        ("1_000", "1_000"),
        ("0b101", "0b101"),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("08", 8),
        ("-0o17", "-0o17"),
        ("1e3", 1000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.5e-1", -0.05),
        ("+12", 12),
        ("1.2.3", "1.2.3"),
        ("e3", "e3"),
        (".", "."),
        ("=", "="),
        ("true", True),
        ("TRUE", True),
        ("tRUE", "tRUE"),
        ("False", False),
        ("null", None),
        ("~", None),
        ("nUll", "nUll"),
        ("''", ""),
        ("'no'", "no"),
        ('"1"', "1"),
        ("'null'", "null"),
        ("gpt-realtime@2025-08-28", "gpt-realtime@2025-08-28"),
        ("10.0.0.0/24", "10.0.0.0/24"),
        ("9" * 401, "9" * 401),
    ],
)
def test_scalars_are_of_yaml_1_2_core(text: str, value: Any) -> None:
    found = parse_yaml(f"- {text}\n", "f.yaml").value[0]
    assert found == value
    assert type(found) is type(value)


def test_blocks_are_strings_whatever_they_hold() -> None:
    assert parse_yaml("a: |\n  true\nb: >-\n  12\n", "f.yaml").value == {"a": "true\n", "b": "12"}


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "\ufeff"])
def test_an_empty_file_is_null(text: str) -> None:
    assert parse_yaml(text, "f.yaml").value is None


def test_keys_are_words() -> None:
    assert parse_yaml("1: a\nno: b\n2025-01-01: c\n", "f.yaml").value == {"1": "a", "no": "b", "2025-01-01": "c"}


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a: &x 1\nb: *x\n", "1:4", "the anchor &x"),
        ("a: 1\nb: *x\n", "2:4", "the alias *x"),
        ("a: 1\n<<: {b: 2}\n", "2:1", "a merge key (<<)"),
        ("a: 1\nb: !!str 5\n", "2:4", "the tag tag:yaml.org,2002:str"),
        ("a: !!python/object/apply:os.system [id]\n", "1:4", "the tag tag:yaml.org,2002:python/object/apply:os.system"),
        ("a: !secret x\n", "1:4", "the tag !secret"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "4:3", "the key 'c' a second time"),
        ("a: 1\n---\nb: 2\n", "2:1", "a second document"),
        ("a: .nan\n", "1:4", "the number .nan"),
        ("a: [1, -.inf]\n", "1:8", "the number -.inf"),
        ("a: 1e999\n", "1:4", "the number 1e999"),
        ("? [a, b]\n: c\n", "1:3", "a key that is not a word"),
        ("[" * 65, "1:65", "nesting deeper than 64 levels"),
        ("[" * 5000, "1:65", "nesting deeper than 64 levels"),
        ("{a: " * 5000, "1:257", "nesting deeper than 64 levels"),
        ("- " * 5000, "1:129", "nesting deeper than 64 levels"),
        ("a: b: c\n" + "[" * 5000, "1:5", "not YAML"),
        ("a: [1, 2\nb: 3\n", "2:2", "not YAML"),
        ("a: b: c\n", "1:5", "not YAML"),
        ("a:\n\t- b\n", "2:1", "not YAML"),
        ("é: 1\nb: '\x01'\n", "2:5", "not YAML"),
        ('a: "x\n', "2:1", "not YAML"),
    ],
)
def test_what_is_refused_says_where(text: str, place: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_yaml(text, "f.yaml")
    assert caught.value.message.startswith(f"f.yaml:{place}: {says}")
    assert caught.value.hint


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{one}: &{one} [{', '.join(['*' + before] * 9)}]" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    with pytest.raises(InputError, match=r"f:1:4: the anchor &a is not allowed"):
        parse_yaml("\n".join(lines), "f")


def test_a_large_file_is_refused_by_its_size(tmp_path: Path) -> None:
    big = tmp_path / "big.yaml"
    big.write_text("a: " + "x" * 4_000_001)
    with pytest.raises(InputError, match="larger than 4,000,000 bytes"):
        load_yaml(big)


def test_bytes_that_are_no_text_are_one_error() -> None:
    with pytest.raises(InputError, match="--set x: not YAML"):
        parse_yaml("\udc80", "--set x")


def test_positions_are_those_of_the_value_and_of_the_key() -> None:
    document = parse_yaml("a:\n  - b: 1\n    c:   two\n", "f")
    assert document.position(("a", 0, "c")) == (3, 10)
    assert document.position(("a", 0, "c"), at_key=True) == (3, 5)
    assert document.position(("a", 0, "missing")) == (2, 5)
    assert document.position(("a", 7, "x")) == (2, 3)


_TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(_VALUES)
def test_json_is_yaml(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assume(text.isprintable())
    assert parse_yaml(text, "f").value == value


@given(st.text(max_size=60))
def test_any_text_is_a_value_or_one_error(text: str) -> None:
    with contextlib.suppress(InputError):
        parse_yaml(text, "f")

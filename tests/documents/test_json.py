"""JSON is read strictly and written the same way every time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudit.documents import canonical, dumps, iter_canonical, load_json, parse_json
from rtaudit.errors import InputError

_TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=10)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "f is empty"),
        (" \n", "f is empty"),
        ('{"a": 1', "f ends in the middle (line 1)"),
        ('{"a": [1,\n  2', "f ends in the middle (line 2)"),
        ('{"a": "cut of', "f ends in the middle (line 1)"),
        ('{"a": 1,}', "f:1:9: not JSON"),
        ("{'a': 1}", "f:1:2: not JSON"),
        ("not json", "f:1:1: not JSON"),
        ('{"a": 1} {"b": 2}', "f:1:10: not JSON: Extra data"),
        ('{"a": {"b": 1, "b": 2}}', 'f: not strict JSON: the key "b" appears twice in one object'),
        ('{"a": NaN}', "f: not strict JSON: NaN is not JSON"),
        ('{"a": -Infinity}', "f: not strict JSON: -Infinity is not JSON"),
        ('{"a": 1e999}', "f: not strict JSON: 1e999 is larger than a number can be"),
        ("9" * 5000, "f: not strict JSON: Exceeds the limit"),
        ("[" * 100_000, "f is nested too deeply to be one of ours"),
    ],
)
def test_what_is_not_strict_is_one_error(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_json(text, "f")
    assert caught.value.message.startswith(says)


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        ('{"a": 1}'.encode("utf-16"), "UTF-16"),
        (b'{"a": "\xff"}', "save it as UTF-8"),
    ],
)
def test_what_is_no_utf8_says_so(tmp_path: Path, data: bytes, hint: str) -> None:
    file = tmp_path / "f.json"
    file.write_bytes(data)
    with pytest.raises(InputError, match="is not UTF-8 text") as caught:
        load_json(file)
    assert hint in (caught.value.hint or "")


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    file = tmp_path / "f.json"
    file.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert load_json(file) == {"a": 1}


def test_what_is_not_there_or_no_file_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_json(tmp_path / "nowhere.json")
    with pytest.raises(InputError, match="cannot read"):
        load_json(tmp_path)


@given(_VALUES)
def test_written_and_read_it_is_the_same(value: Any) -> None:
    text = dumps(value)
    assert parse_json(text, "f") == value
    assert dumps(parse_json(text, "f")) == text
    assert canonical(parse_json(text, "f")) == canonical(value)


@given(st.dictionaries(_TEXTS, _VALUES, max_size=5))
def test_the_order_of_keys_says_nothing(value: dict[str, Any]) -> None:
    backwards = dict(reversed(value.items()))
    assert dumps(backwards) == dumps(value)
    assert canonical(backwards) == canonical(value)
    assert canonical(value).isascii()


@given(_VALUES)
def test_canonical_is_the_json_of_the_standard_library(value: Any) -> None:
    assert canonical(value) == json.dumps(value, sort_keys=True, separators=(",", ":"))


@given(st.lists(_VALUES, max_size=5), st.lists(_VALUES, min_size=1, max_size=3), st.data())
def test_the_canonical_form_of_many_is_that_of_each(values: list[Any], few: list[Any], data: st.DataObject) -> None:
    long = few * 40

    def holding(value: Any) -> Any:
        deep = data.draw(st.integers(0, 5))
        for _ in range(deep):
            value = {"b": 1, "a": value, "\u00e4": [value]}
        return value

    many = [*values, *(holding(long) for _ in range(3)), holding([*long, "else"]), []]
    for shared in (True, False):
        assert "".join(iter_canonical(many * 20, shared=shared)) == canonical(many * 20)
    assert "".join(iter_canonical([], shared=True)) == "[]"


@pytest.mark.parametrize("write", [canonical, dumps])
def test_nan_is_never_written(write: Any) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write({"a": float("nan")})

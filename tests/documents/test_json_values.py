"""One kit takes values out of documents; what differs between two of its functions has a name of its own."""

from __future__ import annotations

from typing import Any

import pytest

from rtaudit.documents.json_values import is_number, listing, lower_text, mapping, mappings, properties, text

ODD: list[Any] = [None, True, 0, 1.5, "Text", [], ["x", {"a": 1}], {}, {"properties": None}, {"properties": {"a": 1}}]


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_what_has_another_shape_is_empty(value: Any) -> None:
    assert mapping(value) == (value if isinstance(value, dict) else {})
    assert listing(value) == (value if isinstance(value, list) else [])
    assert mappings(value) == ([{"a": 1}] if value == ["x", {"a": 1}] else [])
    assert properties(value) == ({"a": 1} if value == {"properties": {"a": 1}} else {})
    assert text(value) == ("Text" if value == "Text" else "")
    assert lower_text(value) == ("text" if value == "Text" else "")
    assert is_number(value) is (value in [0, 1.5])


def test_text_for_people_keeps_its_case_and_words_that_facts_compare_have_none() -> None:
    from rtaudit.subjects import estate

    assert (text("Approved"), lower_text("Approved")) == ("Approved", "approved")
    assert estate.text is lower_text

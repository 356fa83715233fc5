"""Patterns with stars: what they match, and that no text makes them take long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudit.documents.wildcards import segment, wildcards


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        ("prod", ["prod", "PROD"], ["", "production"]),
        ("prod*", ["prod", "production\nx"], ["a-prod"]),
        ("*prod", ["prod", "a-prod"], ["prod-a"]),
        ("a*b*c", ["abc", "aXbYc", "abcbc"], ["acb", "ab"]),
        ("*ab*ab", ["abab", "xabxab"], ["ab", "aba"]),
        ("**", ["", "anything"], []),
        ("a.c", ["a.c"], ["abc"]),
    ],
)
def test_a_star_stands_for_any_text(pattern: str, matched: list[str], others: list[str]) -> None:
    assert [text for text in matched + others if wildcards(pattern).fullmatch(text)] == matched


@given(st.text("ab*", max_size=6), st.text("abc", max_size=8))
def test_it_matches_what_trying_every_place_would(pattern: str, text: str) -> None:
    every = re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
    assert (wildcards(pattern).fullmatch(text) is None) == (every.fullmatch(text) is None)


def test_in_a_step_of_a_path_it_stands_for_no_slash() -> None:
    assert re.fullmatch(segment("a*c"), "abc")
    assert not re.fullmatch(segment("a*c"), "a/c")


@pytest.mark.timeout(20)
@pytest.mark.parametrize("pattern", ["*a" * 20 + "*b", "a*" * 20 + "b*c"])
def test_no_text_is_tried_at_every_place(pattern: str) -> None:
    assert wildcards(pattern).fullmatch("a" * 2_000) is None
    assert re.fullmatch(segment(pattern), "a" * 2_000) is None

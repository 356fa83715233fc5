"""Which aspects a command line asks for."""

from __future__ import annotations

import pytest

from rtaudit.collect import choose_aspects
from rtaudit.errors import UsageError
from rtaudit.snapshot.aspects import DEFAULT_ASPECTS

DEFAULTS = frozenset(DEFAULT_ASPECTS)


@pytest.mark.parametrize(
    ("only", "skip", "also", "asked"),
    [
        ((), (), (), DEFAULTS),
        ((), ("locks",), (), DEFAULTS - {"locks"}),
        (("defender",), (), (), DEFAULTS | {"defender"}),
        (("defender",), ("locks",), (), (DEFAULTS | {"defender"}) - {"locks"}),
        (("models",), (), (), {"accounts", "models"}),
        (("models", "metrics"), (), (), {"accounts", "models", "metrics"}),
        ((), (), ("metrics",), DEFAULTS | {"metrics"}),
    ],
)
def test_what_is_read(only, skip, also, asked):
    assert choose_aspects(only, skip, also) == asked


@pytest.mark.parametrize(
    ("only", "skip"), [(("models",), ("locks",)), ((), ("accounts",)), (("model",), ()), ((), ("lock",))]
)
def test_what_contradicts_itself_or_is_unknown_is_an_error(only, skip):
    with pytest.raises(UsageError):
        choose_aspects(only, skip)

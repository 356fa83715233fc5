"""Trees: hold values without cycles, which the collector of cycles would only walk."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_cycles(*, ever: bool = False) -> Iterator[None]:
    """No cycles are looked for meanwhile: there are none, and it took a fifth of the time.

    With `ever` not later either in what was made meanwhile: for a process that ends soon after.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if ever:
            gc.freeze()
        if was_on:
            gc.enable()

"""Waiting for a condition instead of a fixed time."""

import time
from collections.abc import Callable


def eventually[T](
    look: Callable[[], T | None], *, what: str, seconds: float = 30, pause: float = 0.05
) -> T:
    """Call repeatedly until the result is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}; last seen: {seen!r}")
        time.sleep(pause)
    return seen

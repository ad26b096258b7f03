"""Waiting for what is awaited, never for a time in which it usually happens."""

import time
from collections.abc import Callable


def eventually[T](
    look: Callable[[], T | None], *, what: str, seconds: float = 30, pause: float = 0.05
) -> T:
    """Look again and again until there is something to see, and give it."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}; last seen: {seen!r}")
        time.sleep(pause)
    return seen

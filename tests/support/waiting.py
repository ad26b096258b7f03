"""Waiting for a condition instead of a fixed time."""

import time
from collections.abc import Callable


def eventually[T](
    look: Callable[[], T],
    *,
    what: str,
    until: Callable[[T], object] = bool,
    seconds: float = 60,
    pause: float = 0.05,
) -> T:
    """Look until what is seen is what is waited for, and return it.

    Parameters
    ----------
    look : callable
        Returns what it sees; the failure shows the last of it.
    what : str
        What is waited for, in words.
    until : callable
        Whether it is that; by default, whether it is true.
    """
    deadline = time.monotonic() + seconds
    while not until(seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}; last seen: {seen!r}")
        time.sleep(pause)
    return seen

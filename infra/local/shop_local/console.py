"""Prints one progress line per step; lines of concurrent steps do not mix."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()


def say(label: str, text: str) -> None:
    """Print one progress line."""
    with _LOCK:
        print(f"  {label:<14} {text}", flush=True)


def headline(text: str) -> None:
    """Print a line that begins a group of steps."""
    with _LOCK:
        print(text, flush=True)


def complain(text: str) -> None:
    """Print an error message."""
    with _LOCK:
        print(text, file=sys.stderr, flush=True)


@contextmanager
def step(label: str) -> Iterator[list[str]]:
    """Time a step and print its line at the end.

    Yields
    ------
    list of str
        Words the step appends to its line.
    """
    started = time.monotonic()
    words: list[str] = []
    yield words
    say(label, f"{', '.join(words) or 'done'} ({time.monotonic() - started:.1f} s)")

"""A bounded cache in the memory of one process."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock


class LocalCache[Value]:
    """Values by name, each with a lifetime; the least recently used is evicted. Safe for threads.

    Parameters
    ----------
    max_entries : int
        Maximum number of values.
    clock : callable, optional
        Returns seconds from an arbitrary point in time.
    """

    def __init__(self, max_entries: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_entries = max_entries
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, Value]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: str) -> Value | None:
        """Return a value that has not expired."""
        with self._lock:
            entry = self._entries.get(name)
            if entry is None:
                return None
            if entry[0] <= self._clock():
                del self._entries[name]
                return None
            self._entries.move_to_end(name)
            return entry[1]

    def put(self, name: str, value: Value, seconds: float) -> None:
        """Keep a value for a number of seconds."""
        with self._lock:
            self._entries[name] = (self._clock() + seconds, value)
            self._entries.move_to_end(name)
            while len(self._entries) > self._max_entries:
                self._entries.popitem(last=False)

    def discard(self, name: str) -> None:
        """Drop a value."""
        with self._lock:
            self._entries.pop(name, None)

    def clear(self) -> None:
        """Drop all values."""
        with self._lock:
            self._entries.clear()

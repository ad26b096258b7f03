"""Stops calls to a server for a while after it has failed."""

import time
from collections.abc import Callable


class CircuitBreaker:
    """Opens after a failure and then allows no calls; after a while it allows one call as a trial.

    Parameters
    ----------
    open_seconds : float
        How long it stays open.
    clock : callable, optional
        Returns seconds from an arbitrary point in time.
    """

    def __init__(self, open_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._open_seconds = open_seconds
        self._clock = clock
        self._open_until: float | None = None

    def allows(self) -> bool:
        """Return whether to call now. After a failure, True grants the only trial for a while."""
        if self._open_until is None:
            return True
        now = self._clock()
        if now < self._open_until:
            return False
        self._open_until = now + self._open_seconds
        return True

    def succeeded(self) -> None:
        """Close it: the call was answered."""
        self._open_until = None

    def failed(self) -> None:
        """Open it: the call was not answered."""
        self._open_until = self._clock() + self._open_seconds

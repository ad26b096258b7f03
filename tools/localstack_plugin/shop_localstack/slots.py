"""Assignment of execution environments: a bounded pool with a queue of calls.

Rules
-----
1. A function never has more than ``max_per_function`` environments.
2. All functions together have at most ``max_total``, but for rule 3. To stay below it, the idle
   environment that was not used for longest is ended, of whatever function.
3. A function that has none may always have one, even beyond ``max_total``.
4. A call that cannot have one waits; calls of one function are served in their order.

Why nested calls cannot starve each other: a call holds its environment while the functions that it waits for
run (checkout → state machine → reserve stock). Functions that call no other always proceed, because each has
an environment by rule 3 and releases it. So do functions that wait only for those, and so on along the calls;
only a function that waits for itself could wait for ever, and the time limit of the wait ends that too.

The classes here know nothing of LocalStack, so that they can be tested without it.
"""

import threading
import time
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field


class NoRoomError(Exception):
    """A call waited for its whole time limit."""


@dataclass
class Ticket[Env]:
    """A place in the queue of one function, and then the permission to run.

    Attributes
    ----------
    environment
        The idle environment to use; ``None`` means: start one.
    evicted
        Environments of other functions to end first.
    """

    key: Hashable
    environment: Env | None = None
    evicted: list[Env] = field(default_factory=list)
    granted: threading.Event = field(default_factory=threading.Event)


@dataclass
class _Idle[Env]:
    environment: Env
    since: float


@dataclass
class _Function[Env]:
    count: int = 0  # running, starting and idle
    closed: bool = False
    idle: list[_Idle[Env]] = field(default_factory=list)
    line: deque[Ticket[Env]] = field(default_factory=deque)


class Slots[Env]:
    """The bookkeeping of the pool.

    Parameters
    ----------
    max_total, max_per_function
        Numbers of environments; see the rules above.
    """

    def __init__(self, max_total: int, max_per_function: int) -> None:
        self._max_total = max_total
        self._max_per_function = max_per_function
        self._lock = threading.Lock()
        self._functions: dict[Hashable, _Function[Env]] = {}
        self._total = 0

    @property
    def total(self) -> int:
        """Number of environments: running, starting and idle."""
        return self._total

    def acquire(self, key: Hashable, timeout: float) -> Ticket[Env]:
        """Wait for the permission to run ``key`` once.

        Parameters
        ----------
        key
            The function.
        timeout
            Time limit of the wait in seconds.

        Raises
        ------
        NoRoomError
            The time limit is over.
        """
        ticket = Ticket[Env](key)
        with self._lock:
            function = self._functions.setdefault(key, _Function())
            function.line.append(ticket)
            self._serve(function)
        if not ticket.granted.wait(timeout):
            with self._lock:
                if not ticket.granted.is_set():
                    function.line.remove(ticket)
                    raise NoRoomError(f"no execution environment within {timeout:.0f} seconds")
        return ticket

    def release(self, key: Hashable, environment: Env) -> bool:
        """Release an environment; return whether it is kept (otherwise the caller ends it)."""
        with self._lock:
            function = self._functions[key]
            if function.closed:
                self._forget(key, function)
                self._serve(function)
                self._serve_others()
                return False
            function.idle.append(_Idle(environment, time.monotonic()))
            self._serve(function)
            self._serve_others()
            return True

    def lost(self, key: Hashable, environment: Env | None = None) -> None:
        """Record that an environment ended, or could not be started."""
        with self._lock:
            function = self._functions.get(key)
            if function is None:
                return
            if environment is not None:
                function.idle = [i for i in function.idle if i.environment is not environment]
            self._forget(key, function)
            self._serve(function)
            self._serve_others()

    def close(self, key: Hashable) -> list[Env]:
        """End a function: its idle environments are returned, running ones end on release."""
        with self._lock:
            function = self._functions.get(key)
            if function is None:
                return []
            function.closed = True
            idle, function.idle = [i.environment for i in function.idle], []
            for _ in idle:
                self._forget(key, function)
            self._serve_others()
            return idle

    def expired(self, seconds: float) -> list[Env]:
        """Remove and return the environments that were idle for longer than ``seconds``."""
        limit = time.monotonic() - seconds
        gone = []
        with self._lock:
            for key, function in list(self._functions.items()):
                for idle in [i for i in function.idle if i.since < limit]:
                    function.idle.remove(idle)
                    self._forget(key, function)
                    gone.append(idle.environment)
        return gone

    def _forget(self, key: Hashable, function: _Function[Env]) -> None:
        function.count -= 1
        self._total -= 1
        if not function.count and not function.line:
            self._functions.pop(key, None)

    def _serve(self, function: _Function[Env]) -> None:
        """Grant environments to the queue of one function."""
        while function.line:
            ticket = function.line[0]
            if function.idle:
                ticket.environment = function.idle.pop().environment  # the warmest
            elif not self._make_room(function, ticket):
                return
            function.line.popleft()
            ticket.granted.set()

    def _serve_others(self) -> None:
        for function in list(self._functions.values()):
            if function.line:
                self._serve(function)

    def _make_room(self, function: _Function[Env], ticket: Ticket[Env]) -> bool:
        if function.count >= self._max_per_function:
            return False
        if self._total >= self._max_total:
            oldest = min(
                (
                    (idle.since, number, key, owner, idle)
                    for number, (key, owner) in enumerate(self._functions.items())
                    for idle in owner.idle
                ),
                default=None,
                key=lambda found: found[:2],
            )
            if oldest is not None:
                _, _, key, owner, idle = oldest
                owner.idle.remove(idle)
                self._forget(key, owner)
                ticket.evicted.append(idle.environment)
            elif function.count:
                return False
        function.count += 1
        self._total += 1
        return True

"""Where ports meet adapters: modules of few parts, each made once an environment, and the units of work.

A handler imports the parts that it uses, and with them their drivers; what it does not import its function
does not load.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from typing import Any, overload

from shop.bootstrap.settings import Settings, SettingsError, load

__all__ = ["Environment", "Part", "Settings", "environment", "part", "prepare"]

_current: ContextVar["Environment"] = ContextVar("environment")
_parts: list["Part[Any]"] = []


class Part[T]:
    """An adapter of the current environment: a call gives it, the first call makes it.

    Parameters
    ----------
    make : callable
        Makes it of the settings; other parts that it calls are those of the same environment.
    close : callable, optional
        Closes the connection that it holds.
    """

    def __init__(self, make: Callable[[Settings], T], close: Callable[[T], None] | None) -> None:
        self.make = make
        self.close = close
        self.__doc__ = make.__doc__
        _parts.append(self)

    def __call__(self) -> T:
        """Give the current environment's."""
        return environment().get(self)


@overload
def part[T](make: Callable[[Settings], T]) -> Part[T]: ...


@overload
def part[T](*, close: Callable[[T], None]) -> Callable[[Callable[[Settings], T]], Part[T]]: ...


def part(make: Any = None, *, close: Any = None) -> Any:
    """Make a part of a function from settings to an adapter."""
    if make is not None:
        return Part(make, close)
    return lambda make: Part(make, close)


class Environment:
    """The adapters of one execution environment, each made once.

    Parameters
    ----------
    settings : Settings
        Addresses and limits.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._made: dict[Part[Any], Any] = {}

    def get[T](self, wanted: Part[T]) -> T:
        """Give a part, made on first use."""
        if wanted not in self._made:
            with self.active():
                self._made[wanted] = wanted.make(self.settings)
        made: T = self._made[wanted]
        return made

    def put[T](self, replaced: Part[T], by: T) -> None:
        """Use something else, for example a fake, in place of a part."""
        self._made[replaced] = by

    @contextmanager
    def active(self) -> Iterator[None]:
        """Make this the current environment of a block."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def close(self) -> None:
        """Close the connections that were opened; commands and tests end with it."""
        for used, made in self._made.items():
            if used.close is not None:
                used.close(made)


def environment() -> Environment:
    """Give the current environment: the process's, unless a block has made another one active."""
    try:
        return _current.get()
    except LookupError:
        return _of_this_process()


@cache
def _of_this_process() -> Environment:
    return Environment(load(os.environ))


def prepare() -> None:
    """Make every part that has been imported, on Lambda: what is made at INIT is not waited for later.

    Connections are opened by the first request that needs them. A setting that is missing or malformed is
    named by the first request: a function that ends at INIT would be started again and again, and no
    client would be told why.
    """
    if "AWS_LAMBDA_FUNCTION_NAME" not in os.environ:
        return
    with suppress(SettingsError):
        for imported in _parts:
            imported()

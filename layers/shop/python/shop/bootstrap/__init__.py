"""Connects ports to adapters: small modules of parts, each created once per environment.

A handler imports the parts that it uses and thereby their drivers; its function loads no others.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from typing import Any, overload

from shop.bootstrap.secrets import Secrets
from shop.bootstrap.settings import Settings, SettingsError, given, load
from shop.domain.errors import DependencyUnavailable
from shop.domain.money import sell_in

__all__ = [
    "Environment",
    "Part",
    "Settings",
    "credentials",
    "environment",
    "part",
    "prepare",
    "refresh",
]

_current: ContextVar["Environment"] = ContextVar("environment")
_parts: list["Part[Any]"] = []


class Part[T]:
    """An adapter of the current environment; calling the part returns it, the first call creates it.

    Parameters
    ----------
    make : callable
        Creates the adapter from the settings. Parts that it calls belong to the same environment.
    close : callable, optional
        Closes the adapter's connection.
    """

    def __init__(self, make: Callable[[Settings], T], close: Callable[[T], None] | None) -> None:
        self.make = make
        self.close = close
        self.__doc__ = make.__doc__
        _parts.append(self)

    def __call__(self) -> T:
        """Return the adapter of the current environment."""
        return environment().get(self)


@overload
def part[T](make: Callable[[Settings], T]) -> Part[T]: ...


@overload
def part[T](*, close: Callable[[T], None]) -> Callable[[Callable[[Settings], T]], Part[T]]: ...


def part(make: Any = None, *, close: Any = None) -> Any:
    """Turn a function from settings to an adapter into a part."""
    if make is not None:
        return Part(make, close)
    return lambda make: Part(make, close)


class Environment:
    """The adapters of one execution environment, each created once.

    Parameters
    ----------
    settings : Settings
        Addresses and limits.
    secrets : Secrets, optional
        Secrets that the settings name.
    """

    def __init__(self, settings: Settings, secrets: Secrets | None = None) -> None:
        self.settings = settings
        self.secrets = secrets or Secrets()
        self._made: dict[Part[Any], Any] = {}

    def get[T](self, wanted: Part[T]) -> T:
        """Return the adapter of a part, created on first use."""
        if wanted not in self._made:
            with self.active():
                self._made[wanted] = wanted.make(self.settings)
        made: T = self._made[wanted]
        return made

    def put[T](self, replaced: Part[T], by: T) -> None:
        """Replace a part, for example by a fake."""
        self._made[replaced] = by

    @contextmanager
    def active(self) -> Iterator[None]:
        """Make this the current environment within a block."""
        token = _current.set(self)
        currency = sell_in(self.settings.currency)
        try:
            yield
        finally:
            sell_in(currency)
            _current.reset(token)

    def refresh(self) -> None:
        """Give up every adapter if a secret has been rotated; the next use makes it with the new one."""
        if self.secrets.rotated():
            self.close()
            self._made.clear()

    def close(self) -> None:
        """Close the open connections; for the end of commands and tests."""
        for used, made in self._made.items():
            if used.close is not None:
                used.close(made)


def environment() -> Environment:
    """Return the current environment: the process's unless a block has made another one active."""
    try:
        return _current.get()
    except LookupError:
        return _of_this_process()


@cache
def _of_this_process() -> Environment:
    settings = load(os.environ)
    sell_in(settings.currency)
    return Environment(settings)


def credentials(text: str, secret: str) -> str:
    """Put the members of a secret into the places of a setting; see `shop.bootstrap.secrets`."""
    return environment().secrets.fill(text, secret)


def address(name: str, url: str, secret: str) -> str:
    """Return the address of a server that is needed, with the members of its secret in it.

    Parameters
    ----------
    name : str
        Of the field of `Settings` that has the address.

    Raises
    ------
    SettingsError
        If the address is not set.
    """
    return credentials(given(name, url), secret)


def refresh() -> None:
    """At the start of an invocation, see whether secrets have been rotated."""
    if _of_this_process.cache_info().currsize:
        _of_this_process().refresh()


def prepare() -> None:
    """On Lambda, create every imported part at INIT, so that no request waits for it.

    The first request that needs a connection opens it. A missing or malformed setting is reported by the
    first request: a function that fails at INIT would be restarted again and again without an answer that
    names the cause. So is a secret that cannot be read.
    """
    if "AWS_LAMBDA_FUNCTION_NAME" not in os.environ:
        return
    with suppress(SettingsError, DependencyUnavailable):
        for imported in _parts:
            imported()

"""Load the handlers that the template names."""

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol


class Function(Protocol):
    """A Lambda function as a template declares it."""

    @property
    def service(self) -> str:
        """Its folder below ``functions/``."""

    @property
    def name(self) -> str:
        """Its folder below the service's."""

    @property
    def title(self) -> str:
        """``<service>/<name>``; its sample event is ``events/<title>.json``."""

    @property
    def folder(self) -> Path:
        """Where its handler.py is."""

    @property
    def route(self) -> tuple[str, str] | None:
        """Method (upper case) and path, of an endpoint."""

    @property
    def queues(self) -> tuple[str, ...]:
        """Of an event handler."""

    @property
    def schedule(self) -> str | None:
        """For example ``rate(1 minute)``."""


def load(function: Function) -> ModuleType:
    """Import a function's handler.py under a module name of its own."""
    return _module(
        f"functions.{function.service}.{function.name}.handler", function.folder / "handler.py"
    )


@cache
def _module(name: str, file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def operation(function: Function) -> Any:
    """Return what an endpoint declares (`shop.entrypoints.http.Operation`)."""
    return load(function).handler.operation


def summary(function: Function) -> str:
    """Return the first line of a handler's module, without the route it begins with."""
    line = (load(function).__doc__ or "").strip().partition("\n")[0]
    if function.route:
        line = line.removeprefix(" ".join(function.route)).lstrip(": ")
        line = line[:1].upper() + line[1:]
    return line

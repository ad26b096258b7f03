"""Load the handlers that the template names."""

import importlib.util
from functools import cache
from types import ModuleType
from typing import Any

from shop_local.functions import Function


@cache
def load(function: Function) -> ModuleType:
    """Import a function's handler.py under a module name of its own."""
    name = f"functions.{function.service}.{function.name}.handler"
    spec = importlib.util.spec_from_file_location(name, function.folder / "handler.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{function.title} has no handler.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def operation(function: Function) -> Any:
    """Give what an endpoint declares (`shop.entrypoints.http.Operation`)."""
    return load(function).handler.operation


def summary(function: Function) -> str:
    """Give the first line of a handler's module, without the route it begins with."""
    line = (load(function).__doc__ or "").strip().partition("\n")[0]
    if function.route:
        line = line.removeprefix(" ".join(function.route)).lstrip(": ")
        line = line[:1].upper() + line[1:]
    return line

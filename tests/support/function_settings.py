"""The settings that each function reads, from the source of its handler and of what that imports."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from msgspec.structs import fields

from shop.bootstrap.settings import Settings
from shop_local.imports import reachable, tree

_SETTINGS: Final = frozenset(field.name for field in fields(Settings))


def read_by(handler: Path) -> frozenset[str]:
    """Return the environment variables that a function with this handler reads.

    Parts are made at INIT on Lambda, so that a function reads the settings of every part that it imports.
    """
    return frozenset(name for path in reachable([handler]) for name in _named_in(path))


@cache
def _named_in(path: Path) -> frozenset[str]:
    """Return the settings that a module names: as attributes, or as variables of the environment."""
    return frozenset(_names(tree(path)))


def _names(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and node.attr in _SETTINGS and _is_settings(node.value):
            yield f"SHOP_{node.attr.upper()}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "os.environ.get":
            (name, *_) = node.args
            if isinstance(name, ast.Constant) and str(name.value).startswith("SHOP_"):
                yield str(name.value)


def _is_settings(node: ast.expr) -> bool:
    """Return whether an expression is the settings: ``settings`` or ``….settings``."""
    return (isinstance(node, ast.Name) and node.id == "settings") or (
        isinstance(node, ast.Attribute) and node.attr == "settings"
    )

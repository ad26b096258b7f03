"""Handlers stand outside of any package, where import-linter does not see them."""

import ast

import pytest

from shop_local.functions import Function, declared

#: What a handler may be made of: it parses, calls one service and answers.
_ALLOWED = ("bootstrap", "contracts", "domain", "entrypoints", "observability", "services")


@pytest.mark.parametrize("function", declared(), ids=lambda function: function.title)
def test_a_handler_knows_no_adapter(function: Function) -> None:
    tree = ast.parse((function.folder / "handler.py").read_text())
    names = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    ]
    names += [
        node.module if node.module != "shop" else f"shop.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    ]
    ours = {name.split(".")[1] for name in names if name.startswith("shop.")}
    assert ours
    assert ours <= set(_ALLOWED)

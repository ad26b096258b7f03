"""Finds SQL that is put together from something else than constants."""

import ast
from collections.abc import Iterator

#: What runs a statement: methods of the adapter's transactions and of psycopg, with the position of the SQL.
_RUNS = {
    "send": 0, "execute": 0, "executemany": 0, "row": 0, "rows": 0, "ask": 1, "one": 1, "all": 1,
    "copy": 0, "stream": 0,
}  # fmt: skip


def built_statements(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and enclosing function of each statement that is not made of constants.

    Constants are literals, names in capitals (of modules and classes), and what is composed of these by
    f-strings, ``+``, ``format``, conditional expressions and local variables; and `psycopg.sql`.
    """
    tree = ast.parse(source)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in _own(function):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in _RUNS
                and len(node.args) > _RUNS[node.func.attr]
                and not _is_constant(node.args[_RUNS[node.func.attr]], function, frozenset())
            ):
                yield node.lineno, function.name


def _own(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """Walk a function without those inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def _is_constant(
    node: ast.expr, function: ast.FunctionDef | ast.AsyncFunctionDef, seen: frozenset[str]
) -> bool:
    if isinstance(node, ast.Name):
        name = node.id
        return name.isupper() or (name not in seen and _is_local(name, function, seen))
    if isinstance(node, ast.Attribute):
        return node.attr.isupper()
    if isinstance(node, ast.Call) and _is_composition(node):
        return True
    parts = _parts(node)
    return parts is not None and all(_is_constant(part, function, seen) for part in parts)


def _parts(node: ast.expr) -> list[ast.expr] | None:
    """Return what a composed expression is made of; None if it is of a kind that is not followed."""
    match node:
        case ast.Constant():
            return []
        case ast.JoinedStr():
            return [each.value for each in node.values if isinstance(each, ast.FormattedValue)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [left, right]
        case ast.IfExp(body=first, orelse=second) | ast.Subscript(value=first, slice=second):
            # Of a table, the entries count and not the key.
            return [first, second] if isinstance(node, ast.IfExp) else [first]
        case ast.Call(func=ast.Attribute(attr="format" | "encode", value=text)):
            return [text, *node.args, *(each.value for each in node.keywords)]
    return None


def _is_composition(node: ast.Call) -> bool:
    """Return whether this is ``sql.SQL("…")`` of psycopg with a literal, or its ``format``, which quotes."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="sql"), attr="SQL"), args=[ast.Constant()]
        ):
            return True
        case ast.Call(func=ast.Attribute(attr="format", value=ast.Call() as inner)):
            return _is_composition(inner)
    return False


def _is_local(
    name: str, function: ast.FunctionDef | ast.AsyncFunctionDef, seen: frozenset[str]
) -> bool:
    """Return whether a local variable only ever has constants."""
    values = [
        node.value
        for node in _own(function)
        if (isinstance(node, ast.Assign) and any(_names(each) == name for each in node.targets))
        or (isinstance(node, ast.AugAssign | ast.AnnAssign) and _names(node.target) == name)
    ]
    return bool(values) and all(
        value is not None and _is_constant(value, function, seen | {name}) for value in values
    )


def _names(target: ast.expr) -> str | None:
    return target.id if isinstance(target, ast.Name) else None

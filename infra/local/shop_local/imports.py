"""What a module imports, read from its source: nothing is run."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from shop_local.paths import CHECKOUT

#: Folders whose modules and packages are imported by their names.
ROOTS: Final = tuple(
    CHECKOUT / folder
    for folder in (
        "layers/shop/python", "infra/local", "infra/aws", "tools/documents",
        "tools/localstack_plugin", "tools/stripe_fake", ".",
    )
)  # fmt: skip


def reachable(files: Iterable[Path], *, lazily: bool = False) -> set[Path]:
    """Return these files and every module of the checkout that they import, directly or indirectly.

    Parameters
    ----------
    lazily : bool, optional
        Whether imports inside of functions count: those are not made when the module is loaded.
    """
    found: set[Path] = set()
    waiting = list(files)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported(path, lazily)
    return found


def forget() -> None:
    """Read every file again: some have changed."""
    for known in (tree, _imported, _files):
        known.cache_clear()


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(), str(path))


@cache
def _imported(path: Path, lazily: bool) -> tuple[Path, ...]:
    names = _names(tree(path), lazily)
    return tuple({file for name in names for file in _files(name)} - {path})


def _names(module: ast.Module, lazily: bool) -> Iterator[str]:
    """Yield what is imported: each name of a `from` import may be a module, too."""
    for node in ast.walk(module) if lazily else _at_load(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _at_load(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run when a module is loaded."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _at_load(child)


@cache
def _files(name: str) -> tuple[Path, ...]:
    """Return the files that an import of this name loads: the module and the packages around it."""
    parts = name.split(".")
    for root in ROOTS:
        if not (root / parts[0]).is_dir() and not (root / f"{parts[0]}.py").is_file():
            continue
        files = [root.joinpath(*parts[:n], "__init__.py") for n in range(1, len(parts) + 1)]
        files.append(root.joinpath(*parts).with_suffix(".py"))
        return tuple(file for file in files if file.is_file())
    return ()

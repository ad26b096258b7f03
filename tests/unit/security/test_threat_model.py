"""SECURITY.md cites tests that exist."""

import ast
import re
from typing import Final

from shop_local.paths import CHECKOUT

_PAGE: Final = (CHECKOUT / "SECURITY.md").read_text()
_CITED: Final = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", _PAGE)


def test_every_cited_test_exists() -> None:
    assert _CITED
    for path, name in _CITED:
        tree = ast.parse((CHECKOUT / path).read_text())
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in names, f"{path}::{name}"


def test_every_threat_cites_a_test() -> None:
    rows = [line for line in _PAGE.splitlines() if line.startswith("| ")]
    threats = [row for row in rows if not row.startswith("| who could do what")]
    assert threats
    for row in threats:
        assert "::test_" in row.rsplit("|", 2)[1], row

"""SQL gets its values as parameters, never as text: ruff's S608, and this walk over the syntax trees."""

from pathlib import Path
from typing import Final

import pytest

from shop_local.paths import CHECKOUT
from tests.support.statements import built_statements

_SHOP: Final = CHECKOUT / "layers/shop/python/shop"
_POSTGRES: Final = _SHOP / "adapters/postgres"

#: Functions that choose among constants in a way that the walk does not follow; each was read.
_REVIEWED: Final = {
    "catalog.page": "page_statement takes an enum and two booleans",
    "costs.sums": "sums looks the grouping up in a table of constants",
    "database._execute": "runs what it is given: the methods of Transaction are those that are checked",
    "desk.orders": "joins conditions of a table of constants",
    "idempotency._update": "private: its two callers pass constants",
    "migrations._apply": "runs the files of infra/migrations",
    "price_lists._read": "private: its callers pass constants",
    "records._delete": "private: its callers pass constants",
    "roles.make_application_role": "a table of constants, through psycopg.sql",
    "search.search": "search_statement takes an enum and booleans",
}


def _found(folder: Path) -> set[str]:
    return {
        f"{path.stem}.{function}"
        for path in folder.glob("*.py")
        for _, function in built_statements(path.read_text())
    }


def test_statements_are_made_of_constants() -> None:
    assert _found(_POSTGRES) == set(_REVIEWED)


def test_no_other_module_reaches_the_database() -> None:
    using = {
        str(path.relative_to(_SHOP))
        for path in _SHOP.rglob("*.py")
        if "psycopg" in path.read_text() and _POSTGRES not in path.parents
    }
    for name in using:
        assert not list(built_statements((_SHOP / name).read_text())), name


@pytest.mark.parametrize(
    "statement",
    [
        'f"SELECT * FROM orders WHERE id = {order_id}"',
        '"SELECT * FROM orders WHERE id = " + order_id',
        '"SELECT * FROM orders WHERE id = {}".format(order_id)',
        '"SELECT * FROM orders WHERE id = %s" % order_id',
        '" AND ".join(order_id)',
        "order_id",
        "built",
    ],
)
def test_the_walk_finds_a_statement_with_a_value_in_it(statement: str) -> None:
    source = f"""
def read(self, order_id):
    built = f"SELECT {{order_id}}"
    return self._transaction.rows({statement})
"""
    assert [function for _, function in built_statements(source)] == ["read"]


@pytest.mark.parametrize(
    "statement",
    [
        '"SELECT * FROM orders WHERE id = %s", (order_id,)',
        'f"{_SELECT} WHERE id = %s", (order_id,)',
        '_SELECT + " FOR UPDATE"',
        "_BY[order_id]",
        'sql.SQL("DROP ROLE {}").format(sql.Identifier(order_id))',
        "local",
    ],
)
def test_the_walk_allows_constants_and_quoted_compositions(statement: str) -> None:
    source = f"""
def read(self, order_id):
    local = _SELECT if order_id else "SELECT 1"
    return self._transaction.rows({statement})
"""
    assert list(built_statements(source)) == []

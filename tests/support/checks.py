"""The operators' SQL: `infra/operations/checks.sql`, whose queries give no rows in a healthy shop."""

import re
from typing import Final

import psycopg
from psycopg.rows import dict_row

from shop_local.paths import CHECKOUT

OPERATIONS: Final = CHECKOUT / "infra/operations"
_NAME: Final = re.compile(r"^\\echo (.+)$", re.MULTILINE)


def checks() -> dict[str, str]:
    """Return each check by its name.

    Raises
    ------
    ValueError
        If a name is not followed by one query.
    """
    text = re.sub(r"^--.*\n", "", (OPERATIONS / "checks.sql").read_text(), flags=re.MULTILINE)
    _, *parts = _NAME.split(text.replace("\nROLLBACK;", ""))
    found = {}
    for name, section in zip(parts[::2], parts[1::2], strict=True):
        statement, semicolon, rest = section.strip().partition(";")
        if not semicolon or rest or not statement.startswith("SELECT") or name in found:
            raise ValueError(f"checks.sql: {name!r} must stand once, before one SELECT")
        found[name] = statement
    return found


def violations(database_url: str) -> list[str]:
    """Run every check in one snapshot; give a line for each row that any of them finds."""
    found = []
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        for name, statement in checks().items():
            found += [f"{name}: {row}" for row in connection.execute(statement.encode())]
    return found

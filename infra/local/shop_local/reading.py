"""Reads rows of the running shop that no use case of the application gives."""

from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row


def rows(database_url: str, statement: str, values: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
    """Run one statement that reads."""
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        connection.read_only = True
        return connection.execute(statement.encode(), values).fetchall()


def last_orders(database_url: str, count: int) -> list[UUID]:
    """Give the last orders, the newest first."""
    found = rows(database_url, "SELECT id FROM orders ORDER BY created_at DESC LIMIT %s", (count,))
    return [row["id"] for row in found]

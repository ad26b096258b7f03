"""A database with the shipped prices."""

import pytest

from tests.support import finance


@pytest.fixture
def ledger(database: str) -> str:
    """Address of a database whose ledger is empty and has prices."""
    assert finance.load(database) != []
    return database

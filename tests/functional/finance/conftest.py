"""The finance API over a ledger that the tests fill."""

from datetime import UTC, datetime, timedelta

import pytest

from shop.domain.sessions import Role
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.ledger import FinanceClient, LedgerBuilder, today
from tests.support.people import token_of


@pytest.fixture
def ledger(container: Container) -> LedgerBuilder:
    """A ledger with prices and no costs."""
    return LedgerBuilder(container.database)


@pytest.fixture
def finance(shop: Gateway, container: Container) -> FinanceClient:
    """A session of role finance."""
    return FinanceClient(shop, token_of(container, Role.FINANCE))


@pytest.fixture
def noon() -> datetime:
    """Noon of the day before yesterday: all of it is in the past."""
    return today(datetime.now(UTC)) - timedelta(days=2, hours=-12)

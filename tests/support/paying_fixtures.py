"""Fixtures of the shop's payments behind its API, in process, on the Stripe fake."""

from collections.abc import Iterator

import pytest

from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.payments import StripeControl, paying_container

__all__ = ["container", "control", "shop"]


@pytest.fixture
def container(database: str, redis: str, stripe: str) -> Iterator[Container]:
    """Adapters on empty servers."""
    with paying_container(database, redis, stripe) as made:
        yield made


@pytest.fixture
def shop(container: Container) -> Gateway:
    """Calls the functions as API Gateway does."""
    return Gateway(container)


@pytest.fixture
def control(stripe: str) -> StripeControl:
    """The fake's control API."""
    return StripeControl(stripe)

"""Fixtures for the payment use cases, on empty servers."""

from collections.abc import Iterator

import pytest

from tests.support.containers import Container
from tests.support.payments import StripeControl, paying_container


@pytest.fixture
def container(database: str, redis: str, stripe: str) -> Iterator[Container]:
    """Adapters on empty servers."""
    with paying_container(database, redis, stripe, stripe_timeout_seconds=1.0) as made:
        yield made


@pytest.fixture
def control(stripe: str) -> StripeControl:
    """The fake's control API."""
    return StripeControl(stripe)

"""Log lines of orders that cannot be advanced."""

import logging
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Self
from unittest.mock import Mock
from uuid import UUID, uuid4

import pytest

from shop.domain.orders import OrderStatus, StaleOrder
from shop.services.orders.advance import advance_orders


class Work:
    """Stands for a transaction in which orders are found, in turn, or the search for them fails."""

    def __init__(self, *found: StaleOrder | Exception | None) -> None:
        self.orders = SimpleNamespace(lock_stale=Mock(side_effect=[*found, None, None, None]))
        self.orders.move = Mock(side_effect=ZeroDivisionError)

    def __call__(self, **_how: Any) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass


def stale(order_id: UUID) -> StaleOrder:
    return StaleOrder(
        order_id=order_id,
        status=OrderStatus.CONFIRMED,
        correlation_id=uuid4(),
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_a_search_that_fails_names_no_order(caplog: pytest.LogCaptureFixture) -> None:
    """Not the order that was advanced, or failed, before it."""
    order_id = uuid4()
    with caplog.at_level(logging.ERROR), pytest.raises(ExceptionGroup) as caught:
        advance_orders(Work(stale(order_id), RuntimeError()), Mock(), seconds=60)  # type: ignore[arg-type]
    assert [type(error) for error in caught.value.exceptions] == [ZeroDivisionError, RuntimeError]
    named = [getattr(record, "order_id", None) for record in caplog.records]
    assert named == [str(order_id), None]

"""What an order is charged with adds up, to the last digit."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.costs import total
from shop.services.finance.allocation import is_complete, order_cost, share
from shop.services.finance.views import CostLine, OrderActivity

_AT = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
_amounts = st.decimals(min_value=0, max_value=10**6, places=40, allow_nan=False)
_orders = st.lists(st.uuids(), min_size=1, max_size=50, unique=True)


def line(amount: Decimal, orders: tuple[UUID, ...] = ()) -> CostLine:
    return CostLine(
        item_id="r:lambda_duration",
        request_id="r",
        kind="lambda_duration",
        name="inventory/on_order_paid",
        at=_AT,
        quantity=Decimal(1),
        unit="GB-second",
        unit_price=amount,
        amount=amount,
        currency="USD",
        price_version="v",
        cold_start=False,
        retry=False,
        duration_ms=None,
        memory_mb=None,
        init_ms=None,
        architecture=None,
        function="inventory/on_order_paid",
        service="inventory",
        flow="fulfilment",
        route=None,
        status=None,
        outcome="done",
        order_ids=orders,
    )


def activity(order_id: UUID, *, waiting: bool = False) -> OrderActivity:
    return OrderActivity(
        order_id=order_id,
        user_id=UUID(int=0),
        status="PROCESSING",
        currency="USD",
        total_minor=1,
        created_at=_AT,
        last_activity_at=_AT,
        events_waiting=waiting,
    )


@given(_amounts, _orders)
def test_shares_add_up_exactly(amount: Decimal, orders: list[UUID]) -> None:
    shares = [share(amount, orders, order) for order in orders]
    assert total(shares) == amount
    assert min(shares) >= 0
    assert max(shares) - min(shares) <= Decimal("1e-15") * len(orders)


@given(st.lists(st.tuples(_amounts, _orders), max_size=20))
def test_the_total_is_the_sum_of_the_items(batches: list[tuple[Decimal, list[UUID]]]) -> None:
    mine = UUID(int=7)
    lines = [line(amount, (mine, *orders)) for amount, orders in batches]
    cost = order_cost(activity(mine), [*lines, line(Decimal("0.1"))], _AT)
    assert cost.total == total(item.amount for item in cost.items)
    assert cost.total <= total(each.amount for each in lines) + Decimal("0.1")
    assert [item.shared_by for item in cost.items] == [
        *(len({mine, *orders}) for _, orders in batches), 1,
    ]  # fmt: skip


def test_a_batch_is_charged_once_in_total() -> None:
    orders = (UUID(int=1), UUID(int=2), UUID(int=3))
    batch = line(Decimal("0.0000000100000000000001"), orders)
    costs = [order_cost(activity(order), [batch], None).total for order in orders]
    assert total(costs) == batch.amount
    assert costs[0] == costs[1] == Decimal("0.000000003333333")


@pytest.mark.parametrize(
    ("seconds", "waiting", "complete"),
    [(29, False, False), (30, False, True), (3600, True, False), (120, False, True)],
)
def test_an_order_is_complete_when_its_last_change_has_been_collected(
    *, seconds: int, waiting: bool, complete: bool
) -> None:
    order = activity(UUID(int=1), waiting=waiting)
    assert is_complete(order, _AT + timedelta(seconds=seconds)) is complete


def test_nothing_is_complete_before_the_first_collection() -> None:
    assert not is_complete(activity(UUID(int=1)), None)

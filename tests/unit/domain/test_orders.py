"""The transitions and properties of an order."""

import pytest
from msgspec.structs import replace

from shop.domain.cart import CartItem
from shop.domain.ids import new_id
from shop.domain.inventory import Item
from shop.domain.orders import (
    CHARGED,
    REFUNDABLE,
    STRANDED,
    TRANSITIONS,
    OrderLine,
    OrderStatus,
    PriceChange,
    sources_of,
)
from shop.domain.sessions import Role, Session
from tests.support.builders import an_order

PHONE, CASE = new_id(), new_id()
ORDER = an_order(
    email=None,
    subtotal_minor=3000,
    total_minor=3000,
    payment_method_id=None,
    reservation_expires_at=None,
    estimated_delivery=None,
    lines=(
        OrderLine(product_id=PHONE, name="Phone", unit_price_minor=1000, quantity=2),
        OrderLine(product_id=CASE, name="Case", unit_price_minor=1000, quantity=1),
    ),
)


def test_every_status_has_its_moves() -> None:
    assert set(TRANSITIONS) == set(OrderStatus)


def test_sources_are_the_table_read_backwards() -> None:
    for target in OrderStatus:
        assert sources_of(target) == {s for s in OrderStatus if target in TRANSITIONS[s]}


def test_every_order_can_end() -> None:
    ends = {status for status, targets in TRANSITIONS.items() if not targets}
    assert ends == {OrderStatus.DELIVERED, OrderStatus.CANCELLED}
    for status in OrderStatus:
        seen, waiting = set(), [status]
        while waiting:
            current = waiting.pop()
            seen.add(current)
            waiting += TRANSITIONS[current] - seen
        assert seen & ends


def test_a_charged_order_is_cancelled_only_where_a_refund_is_possible() -> None:
    """A5: a charged order never returns to an uncharged status without a refund."""
    for status in CHARGED:
        assert TRANSITIONS[status] <= CHARGED | {OrderStatus.CANCELLED}
        assert (OrderStatus.CANCELLED in TRANSITIONS[status]) == (status in REFUNDABLE)


def test_a_stranded_order_can_only_be_cancelled() -> None:
    assert {TRANSITIONS[status] for status in STRANDED} == {frozenset({OrderStatus.CANCELLED})}


def test_its_products_and_quantities() -> None:
    assert ORDER.items == [Item(PHONE, 2), Item(CASE, 1)]


@pytest.mark.parametrize(
    ("role", "visible"), [(Role.CUSTOMER, False), (Role.FINANCE, False), (Role.STAFF, True)]
)
def test_its_owner_and_staff_see_it(role: Role, visible: bool) -> None:
    assert ORDER.is_visible_to(Session(ORDER.user_id, Role.GUEST))
    assert ORDER.is_visible_to(Session(new_id(), role)) is visible


@pytest.mark.parametrize("status", OrderStatus)
def test_it_is_refundable_while_it_is_charged_and_not_shipped(status: OrderStatus) -> None:
    assert replace(ORDER, status=status).is_refundable is (status in REFUNDABLE)


def test_it_is_shipped_as_one_parcel() -> None:
    shipped = replace(ORDER, status=OrderStatus.SHIPPED, carrier="UPS", tracking_number="1Z")
    assert shipped.is_shipped_as("UPS", "1Z")
    assert not shipped.is_shipped_as("UPS", "2Z")
    assert not replace(shipped, status=OrderStatus.DELIVERED).is_shipped_as("UPS", "1Z")


def test_prices_that_differ_from_what_the_cart_showed() -> None:
    seen = [CartItem(PHONE, 2, 900), CartItem(CASE, 1, 1000), CartItem(new_id(), 1, 5)]
    assert ORDER.price_changes(seen) == [
        PriceChange(product_id=PHONE, seen_price_minor=900, price_minor=1000)
    ]
    assert ORDER.price_changes([CartItem(PHONE, 2)]) == []

"""Refunds: the shares of what was charged, over random carts, recomputed independently."""

from decimal import ROUND_FLOOR, Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.errors import Conflict, InvalidRequest
from shop.domain.ids import new_id
from shop.domain.orders import Order, OrderLine
from shop.domain.refunds import (
    Charge,
    Refund,
    Share,
    Wanted,
    WantedLine,
    line_shares,
    plan_refund,
    refund_key,
    rest_of,
    shipping_share,
)
from tests.support.builders import an_order

_PRICES = st.integers(0, 99_999)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """An order over some lines, each with its tax; prices include it or not."""
    include_tax = draw(st.booleans())
    lines = tuple(
        OrderLine(
            product_id=new_id(),
            name="Thing",
            unit_price_minor=price,
            quantity=quantity,
            tax_minor=draw(st.integers(0, price * quantity // 4)),
        )
        for price, quantity in draw(
            st.lists(st.tuples(_PRICES, st.integers(1, 9)), min_size=1, max_size=5)
        )
    )
    subtotal = sum(line.subtotal_minor for line in lines)
    shipping = draw(st.integers(2, 5_000))
    shipping_tax = draw(st.integers(0, shipping // 4))
    tax = sum(line.tax_minor for line in lines) + shipping_tax
    return an_order(
        lines=lines,
        subtotal_minor=subtotal,
        tax_minor=tax,
        shipping_minor=shipping,
        shipping_tax_minor=shipping_tax,
        prices_include_tax=include_tax,
        total_minor=subtotal + shipping + (0 if include_tax else tax),
    )


def charge_of(order: Order, *made: Refund, disputed: int = 0) -> Charge:
    """What the ledger says of an order after some refunds."""
    units: dict[UUID, int] = {}
    for line in (line for refund in made for line in refund.lines):
        units[line.product_id] = units.get(line.product_id, 0) + line.quantity
    return Charge(
        payment_intent_id="pi_1",
        order_id=order.order_id,
        correlation_id=order.correlation_id,
        charged_minor=order.total_minor,
        refunded_minor=sum(refund.amount_minor for refund in made),
        tax_minor=order.tax_minor,
        refunded_tax_minor=sum(refund.tax_minor for refund in made),
        disputed_minor=disputed,
        shipping_refunded=any(refund.shipping for refund in made),
        refunds=len(made),
        units=units,
    )


def refund(order: Order, wanted: Wanted, *made: Refund) -> Refund:
    """Plan a refund after others."""
    return plan_refund(order, charge_of(order, *made), wanted, new_id())


@given(orders())
def test_the_shares_add_up_to_the_total(order: Order) -> None:
    shares = [*line_shares(order).values(), shipping_share(order)]
    assert sum(share.amount_minor for share in shares) == order.total_minor
    assert sum(share.tax_minor for share in shares) == order.tax_minor
    for line in order.lines:
        added = 0 if order.prices_include_tax else line.tax_minor
        expected = Share(line.subtotal_minor + added, line.tax_minor)
        assert line_shares(order)[line.product_id] == expected
    assert shipping_share(order).tax_minor == order.shipping_tax_minor


@given(orders(), st.data())
def test_units_refunded_one_by_one_in_any_order_return_the_charge_to_the_cent(
    order: Order, data: st.DataObject
) -> None:
    """A20: each unit from its frozen share, recomputed with Decimal."""
    units = [line.product_id for line in order.lines for _ in range(line.quantity)]
    units = data.draw(st.permutations(units))
    made: list[Refund] = [refund(order, Wanted(shipping=True, reason="r"))]
    free = {
        line.product_id
        for line in order.lines
        if line_shares(order)[line.product_id].amount_minor == 0
    }
    for product_id in units:
        wanted = Wanted(lines=(WantedLine(product_id, 1),), reason="r")
        if product_id in free:
            continue
        before = sum(
            line.quantity for one in made for line in one.lines if line.product_id == product_id
        )
        quantity = next(line.quantity for line in order.lines if line.product_id == product_id)
        whole = Decimal(line_shares(order)[product_id].amount_minor)
        upto = [
            (whole * count / quantity).to_integral_value(ROUND_FLOOR)
            for count in (before, before + 1)
        ]
        if upto[0] == upto[1]:  # a share of less than a cent
            with pytest.raises((InvalidRequest, Conflict)):
                refund(order, wanted, *made)
            return
        made.append(refund(order, wanted, *made))
        assert made[-1].amount_minor == upto[1] - upto[0]
    assert sum(one.amount_minor for one in made) == order.total_minor
    assert sum(one.tax_minor for one in made) == order.tax_minor


@given(orders(), st.lists(st.integers(1, 10_000), max_size=6))
def test_amounts_never_exceed_the_charge_and_the_last_takes_the_remainder(
    order: Order, amounts: list[int]
) -> None:
    made: list[Refund] = []
    for amount in amounts:
        left = order.total_minor - sum(one.amount_minor for one in made)
        wanted = Wanted(amount_minor=amount, reason="r")
        if amount > left:
            with pytest.raises(Conflict) as refused:
                refund(order, wanted, *made)
            assert refused.value.code == "refund_exceeds_charge"
            continue
        made.append(refund(order, wanted, *made))
        assert 0 <= made[-1].tax_minor <= amount
    charge = charge_of(order, *made)
    if charge.left_minor:
        made.append(rest_of(charge, new_id(), "r"))
    assert sum(one.amount_minor for one in made) == order.total_minor
    assert sum(one.tax_minor for one in made) <= order.tax_minor


@given(orders(), st.integers(1, 500))
def test_what_an_earlier_refund_took_is_not_refunded_again(order: Order, earlier: int) -> None:
    """A20: the last refund takes the remainder."""
    first = refund(order, Wanted(amount_minor=min(earlier, order.total_minor - 1), reason="r"))
    everything = Wanted(
        lines=tuple(WantedLine(line.product_id, line.quantity) for line in order.lines),
        shipping=True,
        reason="r",
    )
    second = refund(order, everything, first)
    assert first.amount_minor + second.amount_minor == order.total_minor
    assert first.tax_minor + second.tax_minor <= order.tax_minor


def _simple() -> tuple[Order, UUID]:
    line = OrderLine(
        product_id=new_id(), name="Thing", unit_price_minor=1000, quantity=2, tax_minor=145
    )
    order = an_order(
        lines=(line,), subtotal_minor=2000, tax_minor=145, shipping_minor=499, total_minor=2644
    )
    return order, line.product_id


def test_a_unit_is_refunded_once() -> None:
    order, product_id = _simple()
    two = Wanted(lines=(WantedLine(product_id, 2),), reason="r")
    first = refund(order, two)
    assert (first.amount_minor, first.tax_minor) == (2145, 145)
    with pytest.raises(Conflict) as refused:
        refund(order, Wanted(lines=(WantedLine(product_id, 1),), reason="r"), first)
    assert refused.value.code == "already_refunded"


def test_the_shipping_is_refunded_once() -> None:
    order, _ = _simple()
    first = refund(order, Wanted(shipping=True, reason="r"))
    assert (first.amount_minor, first.tax_minor) == (499, 0)
    with pytest.raises(Conflict) as refused:
        refund(order, Wanted(shipping=True, reason="r"), first)
    assert refused.value.code == "already_refunded"


def test_a_product_of_another_order_or_named_twice() -> None:
    order, product_id = _simple()
    for lines in ((WantedLine(new_id(), 1),), (WantedLine(product_id, 1),) * 2):
        with pytest.raises(InvalidRequest):
            refund(order, Wanted(lines=lines, reason="r"))


def test_nothing_of_a_disputed_charge_can_be_refunded() -> None:
    order, _ = _simple()
    assert charge_of(order, disputed=2644).left_minor == 0
    assert charge_of(order, disputed=1000).left_minor == 1644


def test_each_refund_has_its_own_key() -> None:
    refund_id = new_id()
    assert refund_key(refund_id) == f"refund:{refund_id}"

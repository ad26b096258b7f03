"""The life of a return, and which units of an order can be returned."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from shop.domain.errors import Conflict, InvalidRequest
from shop.domain.ids import new_id
from shop.domain.inventory import Item
from shop.domain.orders import Order, OrderLine
from shop.domain.refund_plans import Wanted, WantedLine, plan_refund, plan_refund_of_return
from shop.domain.refunds import Charge
from shop.domain.returns import (
    TRANSITIONS,
    Return,
    ReturnLine,
    ReturnStatus,
    check_units,
    check_window,
    sources_of,
)
from tests.support.builders import an_order

PHONE, CASE = new_id(), new_id()
_S = ReturnStatus
_ALLOWED = {
    (_S.REQUESTED, _S.APPROVED),
    (_S.REQUESTED, _S.REJECTED),
    (_S.APPROVED, _S.RECEIVED),
    (_S.APPROVED, _S.REJECTED),
    (_S.RECEIVED, _S.REFUNDED),
    (_S.RECEIVED, _S.REJECTED),
    (_S.REFUNDED, _S.RECEIVED),
}


def a_return(*lines: tuple[object, int, bool | None], **fields: object) -> Return:
    made = [
        ReturnLine(product_id=product_id, quantity=quantity, restock=restock)  # type: ignore[arg-type]
        for product_id, quantity, restock in lines
    ]
    return Return(
        return_id=new_id(),
        order_id=new_id(),
        reason="r",
        lines=tuple(made),
        **fields,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("current", "target"),
    [pytest.param(a, b, id=f"{a.value}-{b.value}") for a, b in product(_S, _S)],
)
def test_every_pair_of_statuses(current: ReturnStatus, target: ReturnStatus) -> None:
    allowed = (current, target) in _ALLOWED
    assert (target in TRANSITIONS[current]) is allowed
    assert (current in sources_of(target)) is allowed


def test_a_rejected_return_has_ended_and_no_other_has() -> None:
    assert [status for status in _S if not TRANSITIONS[status]] == [_S.REJECTED]


def test_the_return_window_ends_to_the_second() -> None:
    delivered = datetime(2026, 1, 1, 12, tzinfo=UTC)
    check_window(delivered, delivered + timedelta(days=30), 30)
    with pytest.raises(Conflict) as refused:
        check_window(delivered, delivered + timedelta(days=30, seconds=1), 30)
    assert refused.value.code == "return_window_closed"


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ([Item(new_id(), 1)], "lines[0].product_id"),
        ([Item(PHONE, 1), Item(PHONE, 1)], "lines[1].product_id"),
        ([Item(CASE, 1), Item(PHONE, 3)], "lines[1].quantity"),
    ],
)
def test_units_that_were_not_bought(wanted: list[Item], field: str) -> None:
    bought = {PHONE: 2, CASE: 1}
    with pytest.raises(InvalidRequest) as refused:
        check_units(wanted, bought, bought)
    assert [error.field for error in refused.value.errors] == [field]


def test_units_that_were_refunded_or_are_in_another_return() -> None:
    bought, free = {PHONE: 2, CASE: 1}, {PHONE: 1, CASE: 1}
    check_units([Item(PHONE, 1), Item(CASE, 1)], bought, free)
    with pytest.raises(Conflict) as refused:
        check_units([Item(PHONE, 2)], bought, free)
    assert refused.value.code == "already_returned"


def test_what_is_received_is_what_the_return_names() -> None:
    returned = a_return((PHONE, 2, True), (CASE, 1, False))
    assert returned.restocked == [Item(PHONE, 2)]
    returned.check_products([CASE, PHONE])
    for named in ([new_id()], [PHONE, PHONE]):
        with pytest.raises(InvalidRequest):
            returned.check_products(named)
    received = {status for status in _S if a_return(status=status).is_received}
    assert received == {_S.RECEIVED, _S.REFUNDED}


def _order() -> Order:
    """Two phones for 20.00 with 3.01 tax, a case that is a gift, shipping for 5.00."""
    lines = (
        OrderLine(product_id=PHONE, name="P", unit_price_minor=1000, quantity=2, tax_minor=301),
        OrderLine(product_id=CASE, name="C", unit_price_minor=0, quantity=1),
    )
    return an_order(
        lines=lines, subtotal_minor=2000, tax_minor=301, shipping_minor=500, total_minor=2801
    )


def _charge(order: Order, refunded_minor: int = 0, **units: dict[object, int]) -> Charge:
    return Charge(
        payment_intent_id="pi_1",
        order_id=order.order_id,
        correlation_id=order.correlation_id,
        charged_minor=order.total_minor,
        refunded_minor=refunded_minor,
        tax_minor=order.tax_minor,
        refunded_tax_minor=0,
        disputed_minor=0,
        shipping_refunded=False,
        refunds=0,
        units=units.get("units", {}),  # type: ignore[arg-type]
        returning=units.get("returning", {}),  # type: ignore[arg-type]
    )


def test_a_return_is_refunded_from_the_frozen_share_of_its_units() -> None:
    """A20: one of two phones was refunded before; the other takes the odd cent of the tax."""
    order = _order()
    returned = a_return((PHONE, 1, True))
    first = plan_refund_of_return(order, _charge(order), returned, new_id())
    assert first is not None
    assert (first.amount_minor, first.tax_minor) == (1150, 150)
    assert (first.return_id, first.lines[0].restock) == (returned.return_id, True)
    second = plan_refund_of_return(order, _charge(order, units={PHONE: 1}), returned, new_id())
    assert second is not None
    assert (second.amount_minor, second.tax_minor) == (1151, 151)


def test_a_return_with_nothing_to_refund() -> None:
    order = _order()
    gift, phone = a_return((CASE, 1, False)), a_return((PHONE, 1, False))
    assert plan_refund_of_return(order, _charge(order), gift, new_id()) is None
    assert plan_refund_of_return(order, _charge(order, 2801), phone, new_id()) is None
    least = plan_refund_of_return(order, _charge(order, 2800), phone, new_id())
    assert least is not None
    assert least.amount_minor == 1


def test_staff_do_not_refund_units_that_are_in_a_return() -> None:
    order = _order()
    charge = _charge(order, returning={PHONE: 1})
    plan_refund(order, charge, Wanted(lines=(WantedLine(PHONE, 1),), reason="r"), new_id())
    with pytest.raises(Conflict) as refused:
        plan_refund(order, charge, Wanted(lines=(WantedLine(PHONE, 2),), reason="r"), new_id())
    assert refused.value.code == "return_in_progress"

"""Many buyers of one product, through HTTP; `make bench B=rush` times 200 buyers of 50."""

from collections import Counter
from functools import partial

from tests.e2e.client import Shop
from tests.e2e.deployment import Stack
from tests.support.at_once import at_once

_BUYERS, _STOCK = 60, 15


def test_a_crowd_buys_exactly_the_stock(stack: Stack, shop: Shop) -> None:
    """A1, A4: as many orders as units, all other buyers are refused; each order is charged once."""
    product = shop.product(stock=_STOCK)
    tokens = at_once([shop.guest] * _BUYERS)
    carts = at_once([partial(shop.add, token, product) for token in tokens])

    buyers = zip(tokens, carts, strict=True)
    answers = at_once([partial(shop.check_out, token, cart_id) for token, cart_id in buyers])
    results = Counter((answer.status_code, answer.json().get("code", "")) for answer in answers)
    assert results == {(201, ""): _STOCK, (400, "insufficient_stock"): _BUYERS - _STOCK}
    assert shop.stock(product) == (_STOCK, _STOCK, 0)

    orders = [
        (token, str(answer.json()["order_id"]))
        for token, answer in zip(tokens, answers, strict=True)
        if answer.status_code == 201
    ]
    # Every buyer sends the request twice.
    paid = at_once([partial(shop.pay, *order) for order in [*orders, *orders]])
    assert {answer.status_code for answer in paid} <= {200, 409}
    for answer in paid:
        if answer.status_code == 409:
            assert answer.json()["code"] == "request_in_progress", answer.text

    for token, order_id in orders:
        shop.await_status(token, order_id, "PROCESSING", seconds=90)
        assert len(stack.charges(order_id)) == 1
    assert shop.stock(product) == (0, 0, 0)
    (sold,) = stack.query(
        "SELECT count(*), sum(quantity) FROM reservations"
        " WHERE product_id = %s AND status = 'confirmed'",
        (product,),
    )
    assert sold == (_STOCK, _STOCK)

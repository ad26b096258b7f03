"""A crowd wants one product, through HTTP; 200 buyers of 50 are proved in process elsewhere."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx

from tests.e2e.client import Shop
from tests.e2e.deployment import Stack

_BUYERS, _STOCK = 60, 15


def test_crowd_buys_exactly_what_there_is(stack: Stack, shop: Shop) -> None:
    """A1, A4: as many orders as pieces, the others are told so; each order is charged once."""
    product = shop.product(stock=_STOCK)
    with ThreadPoolExecutor(_BUYERS) as crowd:
        tokens = list(crowd.map(lambda _: shop.guest(), range(_BUYERS)))
        carts = list(crowd.map(lambda token: shop.add(token, product), tokens))
        together = Barrier(_BUYERS)

        def check_out(token: str, cart_id: str) -> httpx.Response:
            together.wait(timeout=60)
            return shop.check_out(token, cart_id)

        answers = list(crowd.map(check_out, tokens, carts))
        results = Counter((answer.status_code, answer.json().get("code", "")) for answer in answers)
        assert results == {(201, ""): _STOCK, (400, "insufficient_stock"): _BUYERS - _STOCK}
        assert shop.stock(product) == (_STOCK, _STOCK, 0)

        orders = [
            (token, str(answer.json()["order_id"]))
            for token, answer in zip(tokens, answers, strict=True)
            if answer.status_code == 201
        ]
        # Everybody presses the button twice.
        paid = list(crowd.map(lambda order: shop.pay(*order), [*orders, *orders]))
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

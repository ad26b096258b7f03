"""Correlation headers of a purchase, on successes and refusals."""

import json

import pytest

from shop.domain.ids import new_id
from tests.support.builders import add_product
from tests.support.orders import OrderingShop


@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_chargeDeclined"])
def test_every_answer_about_an_order_can_be_followed(
    paying_shop: OrderingShop, card: str, capsys: pytest.CaptureFixture[str]
) -> None:
    token = paying_shop.shopper()
    order_id = paying_shop.order(token, add_product(paying_shop.container.database))
    mine = str(new_id())

    answer = paying_shop.call(
        "POST",
        "/api/payments/process",
        json={"order_id": str(order_id), "payment_method_id": card},
        token=token,
        headers={"X-Correlation-Id": mine},
    )

    assert answer.status == (200 if card == "pm_card_visa" else 402)
    assert answer.headers["x-correlation-id"] == mine
    assert answer.headers["x-request-id"]
    assert "X-Correlation-Id" in answer.headers["access-control-expose-headers"]
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["message"], line["status"]) == ("invocation", answer.status)
    assert (line["order_id"], line["client_correlation_id"]) == (str(order_id), mine)
    # Every line about an order has the order's correlation id, whatever the request's header.
    view = paying_shop.call("GET", f"/api/orders/{order_id}", token=token)
    assert line["correlation_id"] == view.headers["x-correlation-id"] != mine


def test_a_refused_checkout_too(shop: OrderingShop) -> None:
    answer = shop.check_out(shop.shopper(), str(new_id()))
    assert (answer.status, answer.code) == (404, "cart_not_found")
    assert answer.headers["x-correlation-id"]

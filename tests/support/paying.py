"""Payments through the API, by one caller or many at once."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from tests.support.at_once import at_once
from tests.support.builders import Placed
from tests.support.containers import Container
from tests.support.gateway import Gateway, Response
from tests.support.payments import StripeControl, paying_container, signature
from tests.support.people import token_of


def pay(
    shop: Gateway, placed: Placed, method: str = "pm_card_visa", *, token: str = "", **options: Any
) -> Response:
    """Pay an order as its owner."""
    return shop.post(
        "/api/payments/process",
        json={"order_id": str(placed.order_id), "payment_method_id": method},
        token=token or token_of(shop.container, user_id=placed.user_id),
        **options,
    )


def pay_with_check(shop: Gateway, control: StripeControl, placed: Placed) -> dict[str, Any]:
    """Pay an order with a card whose bank asks for a check; return the intent that waits for it."""
    assert pay(shop, placed, "pm_card_authenticationRequired").status == 202
    return control.intents(placed.order_id)[0]


def deliver(shop: Gateway, payload: str, sent_signature: str | None = None) -> Response:
    """Send a webhook, by default with a good signature."""
    headers = {"Stripe-Signature": signature(payload) if sent_signature is None else sent_signature}
    return shop.post("/api/payments/webhook", body=payload, headers=headers)


def call_at_once(
    container: Container, count: int, action: Callable[[Gateway, int], Response]
) -> list[Response]:
    """Call from threads that begin together, each with connections of its own."""
    settings = container.settings
    with ExitStack() as stack:
        shops = [
            Gateway(
                stack.enter_context(
                    paying_container(settings.database_url, settings.redis_url, settings.stripe_url)
                )
            )
            for _ in range(count)
        ]
        return at_once([partial(action, shop, number) for number, shop in enumerate(shops)])

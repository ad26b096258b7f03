"""Delivered orders, and what customers and staff do with returns of their units."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from shop.domain.ids import new_id
from shop.services.payments.reconciliation import reconcile
from tests.support.builders import Placed, place_order
from tests.support.containers import Container
from tests.support.gateway import Gateway, Response
from tests.support.payments import pay_for, wind_back
from tests.support.people import token_of
from tests.support.stock import query


def deliver_order(container: Container, order_id: UUID) -> None:
    """Carry a paid order to DELIVERED, with its stock committed."""
    with container.unit_of_work(publish=False) as work:
        work.inventory.lock_order(order_id)
        assert work.inventory.confirm(order_id) is not None
    for status in ("CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"):
        query(
            container.settings.database_url,
            "WITH moved AS (UPDATE orders SET status = %s WHERE id = %s RETURNING id)"
            " INSERT INTO order_timeline (order_id, status) SELECT id, %s FROM moved",
            (status, order_id, status),
        )


def delivered_order(container: Container, *, products: int = 2) -> Placed:
    """Place an order over some products, pay it and deliver it."""
    placed = place_order(container, products=products)
    pay_for(container, placed)
    deliver_order(container, placed.order_id)
    return placed


def units(placed: Placed, index: int, quantity: int) -> dict[str, Any]:
    """A line of a request to return units."""
    return {"product_id": str(placed.products[index]), "quantity": quantity}


def ask(
    shop: Gateway, placed: Placed, *lines: dict[str, Any], token: str = "", key: str = ""
) -> Response:
    """Request a return, by default as the order's owner."""
    return shop.post(
        f"/api/orders/{placed.order_id}/returns",
        json={"lines": list(lines), "reason": "does not fit"},
        token=token or token_of(shop.container, user_id=placed.user_id),
        key=key or str(new_id()),
    )


def asked(shop: Gateway, placed: Placed, *lines: dict[str, Any]) -> str:
    """Request a return that is accepted; give its id."""
    answer = ask(shop, placed, *lines)
    assert answer.status == 201, answer.text
    return str(answer.json["return_id"])


def step(
    shop: Gateway, placed: Placed, return_id: object, name: str, token: str, **body: Any
) -> Response:
    """Take one of the staff's steps: approve, reject, receive or refund."""
    path = f"/api/orders/{placed.order_id}/returns/{return_id}/{name}"
    return shop.post(path, json=body, token=token)


def receive(
    shop: Gateway, placed: Placed, return_id: object, token: str, *restock: UUID
) -> Response:
    """Receive an approved return, and restock some of its products."""
    lines = [{"product_id": str(product), "restock": True} for product in restock]
    return step(shop, placed, return_id, "receive", token, lines=lines)


def statuses(database_url: str, order_id: UUID) -> list[str]:
    """The statuses of an order's returns, oldest first."""
    rows = query(
        database_url,
        "SELECT status FROM returns WHERE order_id = %s ORDER BY created_at",
        (order_id,),
    )
    return [row[0] for row in rows]


def sweep(container: Container, order: Placed) -> None:
    """Compare an order with Stripe, as two runs of the schedule do."""
    for _ in range(2):
        wind_back(container.settings.database_url, order.order_id, timedelta(minutes=1))
        reconcile(container.payment_provider, container.unit_of_work, seconds=20)

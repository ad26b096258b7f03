"""What staff do with refunds, and how the API shows them."""

from typing import Any

from shop.domain.ids import new_id
from tests.support.builders import Placed
from tests.support.containers import Container
from tests.support.gateway import Gateway, Response
from tests.support.stock import query


def refund(
    shop: Gateway, placed: Placed, token: str, *, key: str | None = None, **body: Any
) -> Response:
    """Refund a part of an order as a member of staff."""
    return shop.post(
        f"/api/orders/{placed.order_id}/refunds",
        json={"reason": "damaged", **body},
        token=token,
        key=key or str(new_id()),
    )


def payment_of(shop: Gateway, placed: Placed, token: str) -> dict[str, Any]:
    """Return an order's payment as the API shows it."""
    seen: dict[str, Any] = shop.get(f"/api/orders/{placed.order_id}", token=token).json["payment"]
    return seen


def units(placed: Placed, index: int, quantity: int, *, restock: bool = False) -> dict[str, Any]:
    """A line of a request to refund units."""
    return {"product_id": str(placed.products[index]), "quantity": quantity, "restock": restock}


def confirm(container: Container, placed: Placed) -> None:
    """Commit the order's stock, as the consumer of order.paid does."""
    with container.unit_of_work() as work:
        work.inventory.confirm(placed.order_id)
    query(
        container.settings.database_url,
        "UPDATE orders SET status = 'CONFIRMED' WHERE id = %s",
        (placed.order_id,),
    )

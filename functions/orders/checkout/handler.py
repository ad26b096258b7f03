"""POST /api/orders/checkout: turn the cart into an order."""

from shop.bootstrap.addresses import address_book
from shop.bootstrap.cart import carts
from shop.bootstrap.checkout import checkout_machine
from shop.bootstrap.postgres import read
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.contracts.http.orders import Checkout, OrderPlaced
from shop.domain.sessions import SHOPPERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.idempotency import REQUIRED
from shop.services.orders import views as order_views
from shop.services.orders.checkout import check_out


@endpoint(
    body=Checkout,
    answer=OrderPlaced,
    status=201,
    response_headers=("Location",),
    access=only(SHOPPERS),
    order="new",
    idempotency=REQUIRED,
    problems=("cart_not_found", "cart_empty", "insufficient_stock", "cart_already_ordered",
              "total_changed",
              "order_state_conflict", "reservation_conflict", "card_declined", "amount_too_small",
              "payment_refused", "reservation_expired", "payment_outcome_unknown",
              "tax_unavailable"),
)  # fmt: skip
def handler(request: Request[Checkout, None]) -> Answer:
    """Turn the cart into an order and hold its stock until it is paid; `pay_now` charges it at once."""
    placed = check_out(
        carts(),
        checkout_machine(),
        read(PostgresOrdersWork),
        request.shopper,
        request.body,
        addresses=address_book(),
        order_id=request.order_id,
        correlation_id=request.correlation_id,
    )
    headers = {"Location": f"/api/orders/{placed.order.order_id}"}
    body = order_views.placed(placed)
    return Answer(body, 201, headers, correlation_id=placed.order.correlation_id)

"""POST /api/payments/process: pay an order."""

from shop.bootstrap.cart import carts
from shop.bootstrap.stripe import payment_provider
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.payments import PostgresPaymentsWork
from shop.contracts.http.payments import PaymentView, ProcessPayment
from shop.domain.errors import PaymentDeclined
from shop.domain.orders import OrderStatus
from shop.domain.sessions import SHOPPERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.idempotency import ACCEPTED
from shop.services.orders.returning import return_cart_at_once
from shop.services.payments.processing import process_payment


@endpoint(
    body=ProcessPayment,
    answer=PaymentView,
    further_statuses=(202,),
    access=only(SHOPPERS),
    order="body",
    idempotency=ACCEPTED,
    problems=(
        "order_not_found", "card_declined", "amount_too_small", "payment_refused",
        "reservation_expired", "order_state_conflict", "payment_outcome_unknown",
    ),
)  # fmt: skip
def handler(request: Request[ProcessPayment, None]) -> Answer:
    """Pay an order; 202 while the bank decides."""
    open_unit_of_work = unit_of_work(PostgresPaymentsWork)
    try:
        view = process_payment(
            payment_provider(),
            open_unit_of_work,
            request.shopper.user_id,
            request.order_id,
            request.body.payment_method_id,
        )
    except PaymentDeclined:
        return_cart_at_once(carts(), open_unit_of_work, request.order_id)
        raise
    return Answer(view, status=200 if view.status is OrderStatus.PAID else 202)

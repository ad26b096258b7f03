"""POST /api/orders/{order_id}/refunds: refund an order, or a part of it."""

from shop.bootstrap.stripe import payment_provider
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.payments import PostgresPaymentsWork
from shop.contracts.http.refunds import RefundOrder, RefundView
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.idempotency import REQUIRED
from shop.services.payments import refunding


@endpoint(
    body=RefundOrder,
    answer=RefundView,
    status=201,
    access=only(STAFF),
    order="path",
    idempotency=REQUIRED,
    problems=(
        "order_not_found", "already_refunded", "return_in_progress", "refund_exceeds_charge",
        "charge_disputed", "restock_conflict",
    ),
)  # fmt: skip
def handler(request: Request[RefundOrder, None]) -> Answer:
    """Refund units, the shipping or an amount; what the provider has not answered yet is pending."""
    refund = refunding.refund_order(
        unit_of_work(PostgresPaymentsWork, request.shopper),
        payment_provider(),
        request.order_id,
        request.new_id,
        request.body,
    )
    return Answer(refunding.view(refund), status=201)

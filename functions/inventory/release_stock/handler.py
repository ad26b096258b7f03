"""POST /api/inventory/release: release the stock that an order holds."""

from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.inventory import PostgresInventoryWork
from shop.contracts.http.inventory import ReleasedView, ReleaseStock
from shop.domain.sessions import STAFF
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.idempotency import ACCEPTED
from shop.entrypoints.service_access import services_and
from shop.services.inventory.holds import release_order


@endpoint(
    body=ReleaseStock,
    answer=ReleasedView,
    access=services_and(STAFF),
    order="body",
    idempotency=ACCEPTED,
    problems=("reservation_not_found", "order_state_conflict"),
)
def handler(request: Request[ReleaseStock, None]) -> Answer:
    """Release the stock that an order holds. Repeating it changes nothing."""
    hold = release_order(
        unit_of_work(PostgresInventoryWork, request.shopper),
        request.order_id,
        reason="released on request",
        correlation_id=request.correlation_id,
    )
    return Answer(ReleasedView(reservation_id=hold.reservation_id, order_id=hold.order_id))

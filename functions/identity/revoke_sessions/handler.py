"""DELETE /api/admin/customers/{customer_id}/sessions: end all sessions of somebody."""

from shop.bootstrap.identity import sessions
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.customers import PostgresCustomersWork
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity.accounts import revoke_sessions


@endpoint(status=204, access=only(STAFF), problems=("customer_not_found",))
def handler(request: Request[None, None]) -> Answer:
    """End all sessions of a customer, or of a member of staff whose device is lost."""
    opened = unit_of_work(PostgresCustomersWork, request.shopper)
    revoke_sessions(sessions(), opened, request.id("customer_id"))
    return Answer(status=204)

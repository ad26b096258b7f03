"""DELETE /api/admin/customers/{customer_id}/second-factor: reset the second factor of a colleague."""

from shop.bootstrap.identity import sessions
from shop.bootstrap.postgres import write
from shop.bootstrap.work.second_factors import PostgresSecondFactorsWork
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity.accounts import reset_second_factor


@endpoint(
    status=204, access=only(STAFF), problems=("customer_not_found", "second_factor_not_found")
)
def handler(request: Request[None, None]) -> Answer:
    """Remove the second factor of a colleague whose device is lost, and end the colleague's sessions."""
    opened = write(PostgresSecondFactorsWork, request.shopper)
    reset_second_factor(sessions(), opened, request.shopper, request.id("customer_id"))
    return Answer(status=204)

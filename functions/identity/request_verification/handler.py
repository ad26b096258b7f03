"""POST /api/customers/verification: have a link sent that proves the e-mail address."""

from shop.bootstrap.identity import link_throttle
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.links import PostgresLinksWork
from shop.contracts.http.identity import LinkAccepted, RequestVerification
from shop.domain.sessions import CUSTOMERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity.profile import ask_for_verification


@endpoint(
    body=RequestVerification,
    answer=LinkAccepted,
    status=202,
    access=only(CUSTOMERS),
    problems=("not_found",),
)
def handler(request: Request[RequestVerification, None]) -> Answer:
    """Have a link sent to the customer's address, to confirm it."""
    accepted = ask_for_verification(
        link_throttle(),
        unit_of_work(PostgresLinksWork),
        request.shopper.user_id,
        source=request.source,
    )
    return Answer(accepted, 202)

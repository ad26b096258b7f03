"""DELETE /api/customers/me/sessions: end all sessions of the customer."""

from shop.bootstrap.identity import sessions
from shop.domain.sessions import CUSTOMERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint


@endpoint(status=204, access=only(CUSTOMERS))
def handler(request: Request[None, None]) -> Answer:
    """End all sessions of the customer, this one included."""
    sessions().close_all(request.shopper.user_id)
    return Answer(status=204)

"""GET /api/customers/me/sessions: the customer's sessions."""

from shop.bootstrap.identity import sessions
from shop.contracts.http.identity import SessionList
from shop.domain.sessions import CUSTOMERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity import accounts as identity


@endpoint(answer=SessionList, access=only(CUSTOMERS))
def handler(request: Request[None, None]) -> Answer:
    """List the customer's sessions, the newest first."""
    return Answer(identity.list_sessions(sessions(), request.shopper, request.token or ""))

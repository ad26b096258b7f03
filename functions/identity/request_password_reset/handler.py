"""POST /api/password-resets: have a link to a new password sent by e-mail."""

from shop.bootstrap.identity import link_throttle
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.links import PostgresLinksWork
from shop.contracts.http.identity import LinkAccepted, RequestPasswordReset
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity.links import request_password_reset


@endpoint(body=RequestPasswordReset, answer=LinkAccepted, status=202)
def handler(request: Request[RequestPasswordReset, None]) -> Answer:
    """Have a link to a new password sent; the answer is the same if no customer has this address."""
    accepted = request_password_reset(
        link_throttle(),
        unit_of_work(PostgresLinksWork),
        request.body.email,
        source=request.source,
    )
    return Answer(accepted, 202)

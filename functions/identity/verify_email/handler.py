"""POST /api/customers/verification/{token}: confirm an e-mail address."""

from shop.bootstrap.postgres import write
from shop.bootstrap.work.links import PostgresLinksWork
from shop.contracts.http.identity import RequestVerification
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.invocation import summarise
from shop.services.identity.recovery import verify_email


@endpoint(body=RequestVerification, status=204, problems=("link_not_found", "email_taken"))
def handler(request: Request[RequestVerification, None]) -> Answer:
    """Confirm the address to which the link was sent; a new one becomes that of the account."""
    customer_id = verify_email(write(PostgresLinksWork), request.path["token"])
    summarise(user_id=str(customer_id))
    return Answer(status=204)

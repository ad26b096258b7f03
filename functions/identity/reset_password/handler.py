"""POST /api/password-resets/{token}: choose a new password."""

from shop.bootstrap.identity import sessions
from shop.bootstrap.postgres import write
from shop.bootstrap.work.links import PostgresLinksWork
from shop.contracts.http.identity import ResetPassword
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.invocation import summarise
from shop.services.identity.recovery import reset_password


@endpoint(body=ResetPassword, status=204, problems=("link_not_found",))
def handler(request: Request[ResetPassword, None]) -> Answer:
    """Set the password of the customer to whom the link was sent, and end all sessions."""
    customer_id = reset_password(
        sessions(), write(PostgresLinksWork), request.path["token"], request.body.password
    )
    summarise(user_id=str(customer_id))
    return Answer(status=204)

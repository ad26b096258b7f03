"""DELETE /api/customers/me: delete the customer's account."""

from shop.bootstrap.cart import carts
from shop.bootstrap.identity import sessions
from shop.bootstrap.postgres import write
from shop.bootstrap.work.accounts import PostgresAccountWork
from shop.domain.sessions import Role
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity.account import delete_account


@endpoint(
    status=204,
    access=only(frozenset({Role.CUSTOMER})),
    problems=("not_found", "order_state_conflict"),
)
def handler(request: Request[None, None]) -> Answer:
    """Delete the account of a customer; orders stay without name and address."""
    delete_account(sessions(), carts(), write(PostgresAccountWork), request.shopper.user_id)
    return Answer(status=204)

"""GET /api/customers/me/export: all that the shop stores about the customer."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.accounts import PostgresAccountWork
from shop.contracts.http.account import AccountExport
from shop.domain.sessions import CUSTOMERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity.account import export_account


@endpoint(answer=AccountExport, access=only(CUSTOMERS), problems=("not_found",))
def handler(request: Request[None, None]) -> Answer:
    """Export all that the shop stores about the customer."""
    exported = export_account(read(PostgresAccountWork), request.shopper.user_id)
    return Answer(exported, headers={"Cache-Control": "no-store"})

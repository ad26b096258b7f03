"""GET /api/admin/undeliverable-mail: e-mails that were refused."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.desk import PostgresDeskWork
from shop.contracts.http.desk import FindUndeliverableMail, UndeliverableMails
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.desk import read as order_desk


@endpoint(query=FindUndeliverableMail, answer=UndeliverableMails, access=only(STAFF))
def handler(request: Request[None, FindUndeliverableMail]) -> Answer:
    """List e-mails that were refused, newest first."""
    return Answer(order_desk.list_undeliverable_mails(read(PostgresDeskWork), request.query))

"""GET /api/admin/dead-messages: dead-lettered messages."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.desk import PostgresDeskWork
from shop.contracts.http.desk import DeadMessages, FindDeadMessages
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.desk import read as order_desk


@endpoint(query=FindDeadMessages, answer=DeadMessages, access=only(STAFF))
def handler(request: Request[None, FindDeadMessages]) -> Answer:
    """List dead-lettered messages, newest first."""
    return Answer(order_desk.list_dead_messages(read(PostgresDeskWork), request.query))

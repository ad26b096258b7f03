"""GET /api/admin/audit: what staff and services changed."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.desk import PostgresDeskWork
from shop.contracts.http.desk import AuditRows, FindAudit
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.desk import read as order_desk


@endpoint(query=FindAudit, answer=AuditRows, access=only(STAFF))
def handler(request: Request[None, FindAudit]) -> Answer:
    """List the audit log, newest first."""
    return Answer(order_desk.list_audit(read(PostgresDeskWork), request.query))

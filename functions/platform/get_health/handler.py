"""GET /api/health: whether the shop and the servers it needs are well."""

from shop.bootstrap import container
from shop.contracts.http.platform import HealthView
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services import health


@endpoint(answer=HealthView, further_statuses=(503,))
def handler(_request: Request[None, None]) -> Answer:
    """Check every server; 503 when nothing works without one that is away."""
    view = health.report(health.examine(container().dependencies))
    return Answer(view, 503 if view.status == "down" else 200, {"Cache-Control": "no-store"})
